// A running registry: the topic behind it, the routes in front.
import type { Env } from "../env/env.ts";
import { randomUuid } from "../env/uuid.ts";
import { Authentication } from "./authentication.ts";
import { startRegistryHttp, type RegistryHttp } from "./http/registry-http.ts";
import { refuse } from "./registry-error.ts";
import { ROUTES } from "./routes/all.ts";
import { SchemaParsing } from "./schema-parsing.ts";
import { SchemaStore } from "./schema-store.ts";
import type { User } from "./users-file.ts";

export interface RegistryOptions {
  /** Of the Kafka that keeps the schemas, Millrace's or Apache's: "host:port,…". */
  readonly bootstrapServers: string;
  /** Default 8081; 0: any free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default "_schemas", as Confluent's registry has it. */
  readonly topic?: string;
  /** Who may do what; undefined: everybody everything. See parseUsers. */
  readonly users?: readonly User[] | undefined;
  /** What /v1/metadata/version answers. */
  readonly version?: string;
}

export interface Registry {
  /** "http://127.0.0.1:8081" */
  readonly url: string;
  /** Answers what is on its way, then ends. Idempotent. */
  close(): Promise<void>;
}

export const DEFAULT_REGISTRY_PORT = 8081;

/**
 * Resolves when the topic is read and requests are answered. Rejects with RegistryStartError (a topic that would lose schemas), the
 * client's errors (no broker), or Node's of listen(): EADDRINUSE, EACCES.
 */
export async function startRegistry(env: Env, options: RegistryOptions): Promise<Registry> {
  const { bootstrapServers, host = "127.0.0.1", port = DEFAULT_REGISTRY_PORT, topic, version = "", users } = options;
  const authentication = users === undefined ? undefined : new Authentication(users);
  const store = new SchemaStore(env, { bootstrapServers, ...(topic === undefined ? {} : { topic }) });
  const context = { store, parsing: new SchemaParsing(), now: () => env.clock.now(), version, newGuid: () => randomUuid(env.random) };
  // The port first: a registry that cannot listen must not have taken the topic from one that does.
  const opened = Promise.withResolvers<void>();
  opened.promise.catch(() => {}); // told below, too
  let http: RegistryHttp | undefined;
  try {
    http = await startRegistryHttp({ host, port, routes: ROUTES, context, logger: env.logger, authentication, opened: opened.promise });
    await store.open();
    opened.resolve();
  } catch (error) {
    opened.reject(refuse.store("the registry could not be opened"));
    await http?.close();
    await store.close();
    throw error;
  }
  const { port: listening, close } = http;
  let closing: Promise<void> | undefined;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${listening}`,
    close: () => (closing ??= close().then(() => store.close())),
  };
}
