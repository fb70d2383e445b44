// millrace/registry: a Confluent-compatible schema registry on any Kafka.
import { createNodeEnv } from "../env-node/node-env.ts";
import type { Logger } from "../env/logger.ts";
import { startRegistry as startRegistryOn, type Registry, type RegistryOptions } from "./start-registry.ts";

export { RegistryStartError } from "./store-topic.ts";
export { parseUsers, UsersFileError, type SaltedPassword, type User } from "./users-file.ts";
export type { Role } from "./access.ts";
export type { Registry, RegistryOptions };

/**
 * `{ bootstrapServers, port: 0 }` is enough for a test. Resolves when requests are answered; rejects with RegistryStartError, the Kafka
 * client's errors, or Node's of listening (EADDRINUSE).
 */
export function startRegistry(options: RegistryOptions & { readonly logger?: Logger }): Promise<Registry> {
  const { logger, ...rest } = options;
  return startRegistryOn(createNodeEnv(logger === undefined ? {} : { logger }), rest);
}
