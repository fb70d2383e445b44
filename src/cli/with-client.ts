// A Kafka client for the time of one command. Patience is a person's: a broker that does not answer is reported after seconds.
import { KafkaClient } from "../client/client.ts";
import { codeOf } from "./explain-error.ts";
import { createNodeEnv } from "../env-node/node-env.ts";
import type { Env } from "../env/env.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";
import { findBrokers } from "./find-server.ts";
import { loadSettings } from "./load-settings.ts";
import { nearest } from "../stream/nearest.ts";
import { reachBroker } from "./reach-broker.ts";
import type { Terminal } from "./terminal.ts";

const CONNECT_TIMEOUT_MS = 3000;
const CALL_TIMEOUT_MS = 8000;

export interface ClientFlags {
  readonly brokers?: string;
  readonly data?: string;
  readonly logLevel?: string;
}

export interface ClientWork {
  readonly client: KafkaClient;
  readonly env: Env;
}

export async function withClient<T>(terminal: Terminal, flags: ClientFlags, work: (given: ClientWork) => Promise<T>): Promise<T> {
  const { values } = await loadSettings(terminal, { brokers: flags.brokers, dataDir: flags.data, logLevel: flags.logLevel ?? "error" });
  const env = createNodeEnv({ logLevel: values.logLevel, logFormat: values.logFormat });
  const brokers = findBrokers(values);
  await reachBroker(env, brokers);
  const client = new KafkaClient(env, {
    brokers,
    clientId: "millrace-cli",
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    apiTimeoutMs: CALL_TIMEOUT_MS,
  });
  try {
    return await work({ client, env });
  } finally {
    await client.close().catch(() => {}); // its work failed before, and says so
  }
}

/** The number of partitions of a topic. Throws a CliError (not found) that names a similar topic, or says `otherwise`. */
export async function partitionsOf(
  client: KafkaClient,
  topic: string,
  otherwise = `Create it with: millrace topic create ${topic}, or see millrace topic ls.`,
): Promise<number> {
  try {
    return (await client.admin().describeTopics([topic]))[0]!.partitions.length;
  } catch (error) {
    if (codeOf(error) !== "UNKNOWN_TOPIC_OR_PARTITION") throw error;
    const topics = await client.admin().listTopics();
    const meant = nearest(
      topic,
      topics.map(({ name }) => name),
    );
    const hint = meant === undefined ? otherwise : `Did you mean "${meant}"?`;
    throw new CliError(EXIT.notFound, `There is no topic "${topic}". ${hint}`, { cause: error });
  }
}
