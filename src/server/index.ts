// millrace/server: a whole server in this process (broker, jobs, console), or one pipeline with what it needs.
import { createNodeEnv } from "../env-node/node-env.ts";
import type { Logger } from "../env/logger.ts";
import type { DataStream } from "../stream/data-stream.ts";
import type { PipelineBuilder } from "../stream/pipeline.ts";
import { collectRowsOn, type CollectOptions } from "./collect-rows.ts";
import { startServer as startServerOn, type RunOptions, type Server, type ServerOptions } from "./server.ts";

export { JobFailedError } from "../engine/coordinator/job-failure.ts";
export type { Finding, Job, JobResult, JobState, JobStatus } from "../engine/coordinator/job-status.ts";
export type { SinkEnded, SinksEnded } from "../engine/coordinator/sinks-ended.ts";
export { ServerError } from "./server-error.ts";
export type { MillraceConfig } from "./settings.ts";
export { start } from "./start.ts";
export type { StartedJob, StartOptions } from "./start-on.ts";
export type { CollectOptions, RunOptions, Server, ServerOptions };

/**
 * Starts broker and console: `{ dataDir, brokerPort: 0, consolePort: 0 }` is enough for a test. Resolves when both accept clients.
 * Rejects with a ServerError when a port or the data directory is in use (PORT_IN_USE, DATA_IN_USE) or cannot be used.
 */
export function startServer(options: ServerOptions & { readonly logger?: Logger } = {}): Promise<Server> {
  const { logger, ...rest } = options;
  return startServerOn(createNodeEnv(logger === undefined ? {} : { logger }), rest);
}

/**
 * Runs a pipeline over what its sources hold now, in this thread, and resolves to the rows of the stream that `build` returns:
 * `await collectRows((p) => p.from("sales", source).keyBy("shop")…)`. Rejects with PipelineError or JobFailedError.
 */
export function collectRows<T>(build: (p: PipelineBuilder) => DataStream<T>, options: CollectOptions = {}): Promise<T[]> {
  return collectRowsOn(createNodeEnv({ logLevel: "warn" }), build, options);
}
