// millrace/broker: the Kafka-compatible broker for a Node process, for tests and for embedding.
import { randomUuid } from "../env/uuid.ts";
import { createNodeEnv } from "../env-node/node-env.ts";
import { BrokerOptionsError, startBroker as startBrokerOn, type Broker, type BrokerMetrics, type BrokerOptions } from "./broker.ts";
import { checkOptions, type StartBrokerOptions } from "./start-options.ts";

export { BrokerOptionsError };
export { FaultError, type Fault } from "./faults.ts";
export { SettingError } from "./settings.ts";
export type { Broker, BrokerMetrics, BrokerOptions, StartBrokerOptions };
export type { ListenerPlace } from "./listener.ts";

const MEMORY_FILE_SYSTEM = "/dev/shm";
const TEMPORARY_FILES = "/tmp";

/**
 * Starts a broker: `{ port: 0, memory: true }` is enough for a test. Resolves when it accepts clients.
 * Rejects when the directory is in use (ELOCKED), the port is taken (EADDRINUSE), or an option is wrong.
 */
export async function startBroker(options: StartBrokerOptions): Promise<Broker> {
  checkOptions(options);
  const { logger, dataDir, memory = false, ...rest } = options;
  const env = createNodeEnv(logger === undefined ? {} : { logger });
  if (memory === (dataDir !== undefined)) throw new BrokerOptionsError("A broker needs either dataDir or memory: true.");
  if (dataDir !== undefined) return startBrokerOn(env, { ...rest, dataDir });
  const parent = (await env.files.stat(MEMORY_FILE_SYSTEM))?.kind === "directory" ? MEMORY_FILE_SYSTEM : TEMPORARY_FILES;
  const directory = `${parent}/millrace-broker-${randomUuid(env.random)}`;
  const broker = await startBrokerOn(env, { durability: "page-cache", ...rest, dataDir: directory }).catch(async (error: unknown) => {
    await env.files.removeDirectory(directory); // where nobody looks for what is left of a start that failed
    throw error;
  });
  const close = broker.close.bind(broker);
  let closing: Promise<void> | undefined;
  broker.close = () => (closing ??= close().then(() => env.files.removeDirectory(directory)));
  return broker;
}
