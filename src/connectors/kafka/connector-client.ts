// The Kafka client of one source or sink of a job, from the job's settings.
import { KafkaClient } from "../../client/client.ts";
import type { ConnectorContext } from "../../stream/connector.ts";
import { RegistryClient } from "../../registry/http/registry-client.ts";
import { KafkaConnectorError } from "./kafka-connector-error.ts";

export interface ConnectionOptions {
  /** "host:port", several separated by commas or as an array. Default: the job's setting "kafka.brokers". */
  readonly brokers?: string | readonly string[];
}

/** Nothing is connected yet. Throws NO_BROKERS. */
export function connectorClient(context: ConnectorContext, options: ConnectionOptions): KafkaClient {
  const brokers = options.brokers ?? context.settings["kafka.brokers"] ?? "";
  if (brokers.length === 0)
    throw new KafkaConnectorError(
      "NO_BROKERS",
      `Operator "${context.operator}" of job "${context.job}" does not know where Kafka is: set KAFKA_BROKERS or --brokers (setting "kafka.brokers"), or the option "brokers".`,
    );
  return new KafkaClient(context.env, { brokers, clientId: `millrace-${context.job}` });
}

/** Nothing is asked yet. `needed`: what of the topic needs it, such as `format: "avro"`. Throws NO_REGISTRY. */
export function connectorRegistry(context: ConnectorContext, url: string | undefined, needed: string): RegistryClient {
  const address = url ?? context.settings["schema.registry.url"];
  if (address !== undefined && URL.canParse(address)) return new RegistryClient(address);
  throw new KafkaConnectorError(
    "NO_REGISTRY",
    `Operator "${context.operator}" of job "${context.job}" uses a topic with ${needed} and does not know ${address === undefined ? "where the schema registry is" : `the address "${address}"`}: set SCHEMA_REGISTRY_URL (setting "schema.registry.url"), or the topic's option registry.url.`,
  );
}
