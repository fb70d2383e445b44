// millrace/broker: the Kafka-compatible broker for a Node process, for tests and for embedding.
import { createNodeEnv } from "../env-node/node-env.ts";
import type { Logger } from "../env/logger.ts";
import { startBroker as startBrokerOn, type Broker, type BrokerMetrics, type BrokerOptions } from "./broker.ts";

export { BrokerOptionsError } from "./broker.ts";
export { SettingError } from "./settings.ts";
export type { Broker, BrokerMetrics, BrokerOptions };

/**
 * Starts a broker: `{ port: 0, dataDir }` is enough for a test. Resolves when it accepts clients.
 * Rejects when the directory is in use (ELOCKED), the port is taken (EADDRINUSE), or an option is wrong.
 */
export function startBroker(options: BrokerOptions & { readonly logger?: Logger }): Promise<Broker> {
  const { logger, ...rest } = options;
  return startBrokerOn(createNodeEnv(logger === undefined ? {} : { logger }), rest);
}
