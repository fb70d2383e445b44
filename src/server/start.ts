// start(): one call that runs a pipeline, durable and exactly once, in this process.
import { createNodeEnv } from "../env-node/node-env.ts";
import type { Env } from "../env/env.ts";
import type { Logger } from "../env/logger.ts";
import type { Pipeline } from "../stream/pipeline.ts";
import { startOn, type StartedJob, type StartOptions } from "./start-on.ts";

/**
 * Runs a pipeline, given as an object (in this thread) or as the URL of the module that exports it (in a worker thread).
 *
 *     await using job = await start(pipeline, { dataDir: ".millrace", checkpoints: { every: "1s" } });
 *
 * Resolves when the job is being deployed. Rejects before anything runs with PipelineError, CheckpointError (a checkpoint that does not
 * fit, a directory in use) or the broker's error. `job.finished` rejects with JobFailedError { operator, key, topic, partition, offset, cause }.
 * Disposing stops it with a final checkpoint; an aborted `signal` cancels it.
 */
export function start(
  pipeline: Pipeline | string | URL,
  options: StartOptions & { readonly logger?: Logger; readonly env?: Env },
): Promise<StartedJob> {
  const { env, logger, ...rest } = (options as typeof options | undefined) ?? ({} as typeof options);
  return startOn(env ?? createNodeEnv(logger === undefined ? {} : { logger }), pipeline, rest);
}
