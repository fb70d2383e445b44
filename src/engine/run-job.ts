// Runs one job: a pipeline's graph in this thread or in a worker thread, with its checkpoints in a directory. The composition root of
// the engine; everything that leaves the program comes through `env`.
import type { Env } from "../env/env.ts";
import type { StreamGraph } from "../stream/graph.ts";
import { DirectoryCheckpointStore } from "./checkpoint/directory-checkpoint-store.ts";
import { JobCoordinator } from "./coordinator/job-coordinator.ts";
import type { RestoreFrom } from "./coordinator/job-coordinator.ts";
import type { Job } from "./coordinator/job-status.ts";
import { EXPONENTIAL_DELAY } from "./coordinator/restart-strategy.ts";
import type { RestartStrategy } from "./coordinator/restart-strategy.ts";
import { inThreadHost } from "./host/in-thread-host.ts";
import { loadPipelineGraph } from "./host/load-pipeline.ts";
import { workerHost } from "./host/worker-host.ts";
import { DEFAULT_MAX_PARALLELISM } from "./state/key-group.ts";

export interface CheckpointOptions {
  /** Holds the checkpoints of all jobs. */
  readonly dir: string;
  /** Default 1000. */
  readonly everyMs?: number;
  /** Complete checkpoints to keep; default 3. */
  readonly keep?: number;
  /** Between the end of one and the start of the next; default 0. */
  readonly minPauseMs?: number;
  /** Default 10 minutes, as in Flink. */
  readonly timeoutMs?: number;
  /** Failed checkpoints in a row that do not fail the job. Default: any number; output is withheld meanwhile, and the status says why. */
  readonly toleratedFailures?: number;
}

export interface RunJobOptions {
  /** Runs in this thread. Exactly one of `graph` and `moduleUrl`. */
  readonly graph?: StreamGraph;
  /** A module whose default export is a pipeline; needed for host "worker". */
  readonly moduleUrl?: string;
  /** Default: "worker" with a moduleUrl, otherwise "in-thread". */
  readonly host?: "in-thread" | "worker";
  /** Default 1. */
  readonly parallelism?: number;
  /** Number of key groups; default 128. Cannot change once there are checkpoints. */
  readonly maxParallelism?: number;
  /** None: nothing survives a failure, and exactly-once sinks show their output at the end of bounded input only. */
  readonly checkpoints?: CheckpointOptions;
  /** Default: Flink's exponential delay with checkpoints, none without. */
  readonly restart?: RestartStrategy;
  /** Passed to connectors ("kafka.brokers", …). */
  readonly settings?: Readonly<Record<string, string>>;
  /** Default "latest": the newest complete checkpoint of this job, if there is one. */
  readonly restoreFrom?: RestoreFrom;
  /** Reads to the end of what the sources hold now, fires everything, takes a final checkpoint and finishes. */
  readonly drain?: boolean;
  /** Default 1000. */
  readonly statusIntervalMs?: number;
  /** How often sources are asked for new splits; default 30,000. */
  readonly discoveryIntervalMs?: number;
  /** Default "auto". */
  readonly codegen?: "auto" | "off";
}

/** Resolves when the job is being deployed; rejects when it cannot be: bad graph, refused restore, checkpoints in use. */
export async function runJob(env: Env, options: RunJobOptions): Promise<Job> {
  const graph = options.graph ?? (await loadPipelineGraph(requireModule(options)));
  const host = options.host ?? (options.graph === undefined ? "worker" : "in-thread");
  const maxParallelism = options.maxParallelism ?? DEFAULT_MAX_PARALLELISM;
  const parallelism = options.parallelism ?? 1;
  checkParallelism(parallelism, maxParallelism);
  const { checkpoints } = options;
  const everyMs = checkpoints?.everyMs ?? 1000;
  const store = checkpoints === undefined ? undefined : new DirectoryCheckpointStore(env.files, checkpoints.dir, graph.name);
  const startHost = host === "worker" ? workerHost(env, requireModule(options)) : inThreadHost(env, graph);
  const coordinator = new JobCoordinator(env, graph, store, startHost, {
    everyMs: checkpoints === undefined ? Infinity : everyMs,
    minPauseMs: checkpoints?.minPauseMs ?? 0,
    timeoutMs: checkpoints?.timeoutMs ?? 600_000,
    toleratedFailures: checkpoints?.toleratedFailures ?? Infinity,
    keep: checkpoints?.keep ?? 3,
    restart: options.restart ?? (checkpoints === undefined ? { kind: "none" } : EXPONENTIAL_DELAY),
    restoreFrom: options.restoreFrom ?? { kind: "latest" },
    drain: options.drain ?? false,
    deployment: {
      job: graph.name,
      graphHash: graph.hash,
      parallelism,
      maxParallelism,
      checkpointDirectory: checkpoints?.dir,
      settings: { "checkpoint.interval.ms": String(everyMs), ...options.settings },
      statusIntervalMs: options.statusIntervalMs ?? 1000,
      discoveryIntervalMs: options.discoveryIntervalMs ?? 30_000,
      codegen: options.codegen ?? "auto",
    },
  });
  await coordinator.start();
  return coordinator;
}

function requireModule(options: RunJobOptions): string {
  if (options.moduleUrl !== undefined) return options.moduleUrl;
  throw new TypeError("runJob needs the pipeline's graph, or for a worker thread the URL of the module that exports it.");
}

function checkParallelism(parallelism: number, maxParallelism: number): void {
  if (Number.isInteger(parallelism) && parallelism >= 1 && parallelism <= maxParallelism) return;
  throw new RangeError(`Parallelism ${parallelism} is not a whole number from 1 to the max parallelism ${maxParallelism}.`);
}
