// start() over a given Env: an embedded broker where the pipeline needs one and none is named, then the job, ended together.
import { startBroker, type Broker } from "../broker/broker.ts";
import type { Finding, Job, JobResult, JobStatus } from "../engine/coordinator/job-status.ts";
import { loadPipelineGraph } from "../engine/host/load-pipeline.ts";
import { runJob, type RunJobOptions } from "../engine/run-job.ts";
import type { RestartStrategy } from "../engine/coordinator/restart-strategy.ts";
import type { Env } from "../env/env.ts";
import { durationMs } from "../stream/duration.ts";
import type { StreamGraph } from "../stream/graph.ts";
import { asPipeline, type Pipeline } from "../stream/pipeline.ts";
import type { Duration } from "../stream/watermarks.ts";
import { hasEnded } from "./jobs.ts";
import { ServerError } from "./server-error.ts";
import { TWO_PHASE_COMMIT } from "./two-phase-commit.ts";

export interface StartOptions {
  /** Holds checkpoints and the embedded broker's log. Created if missing. */
  readonly dataDir: string;
  /** "host:port" of a Kafka cluster. Default: a broker inside this process, on a free port, if the pipeline reads or writes topics. */
  readonly brokers?: string | readonly string[];
  readonly checkpoints?: {
    /** Default "1s". */
    readonly every?: Duration;
    /** Default 3. */
    readonly keep?: number;
    readonly timeout?: Duration;
    readonly minPause?: Duration;
    /** Failed checkpoints in a row that do not fail the job; default any number. */
    readonly toleratedFailures?: number;
  };
  /** Default 1. */
  readonly parallelism?: number;
  /** A pipeline given by its module's URL runs in a worker thread, one given as an object in this thread. */
  readonly host?: "in-thread" | "worker";
  /** Default: Flink's exponential delay. */
  readonly restart?: RestartStrategy;
  /** "latest" (default), "none", or the directory of a checkpoint or savepoint. */
  readonly from?: string;
  /** Reads to the end of what is there now and finishes. */
  readonly once?: boolean;
  /** For connectors, such as "kafka.client.id". */
  readonly settings?: Readonly<Record<string, string>>;
  /** Abort = cancel: the job ends at once, its last checkpoint stands. */
  readonly signal?: AbortSignal;
}

export interface StartedJob extends Job {
  /** "host:port" of the brokers that the pipeline talks to: those that were given, or the embedded one; undefined if it needs none. */
  readonly brokers: string | undefined;
}

export async function startOn(env: Env, what: Pipeline | string | URL, options: StartOptions): Promise<StartedJob> {
  checkDataDir(options);
  options.signal?.throwIfAborted();
  const moduleUrl = typeof what === "string" || what instanceof URL ? String(what) : undefined;
  const graph = moduleUrl === undefined ? asPipeline(what, "start()").graph() : await loadPipelineGraph(moduleUrl);
  const broker = await embeddedBroker(env, graph, options);
  try {
    const brokers =
      options.brokers === undefined
        ? (options.settings?.["kafka.brokers"] ?? broker?.bootstrapServers)
        : [options.brokers].flat().join(",");
    const job = await runJob(env, jobOptions(graph, moduleUrl, options, brokers));
    return new JobWithBroker(job, brokers, broker, options.signal);
  } catch (error) {
    await broker?.close();
    throw error;
  }
}

/** Callers without types are told, and get no directory named "undefined". */
function checkDataDir(options: Partial<StartOptions> | undefined): void {
  const dataDir = options?.dataDir;
  if (typeof dataDir === "string" && dataDir !== "") return;
  throw new ServerError(
    "DATA_MISSING",
    `start() keeps checkpoints, and the log of its broker, in a directory: start(pipeline, { dataDir: ".millrace" }), not ${JSON.stringify(dataDir)}.`,
  );
}

async function embeddedBroker(env: Env, graph: StreamGraph, options: StartOptions): Promise<Broker | undefined> {
  if (options.brokers !== undefined || options.settings?.["kafka.brokers"] !== undefined || !usesTopics(graph)) return undefined;
  return await startBroker(env, { dataDir: options.dataDir, port: 0, settings: TWO_PHASE_COMMIT });
}

function usesTopics(graph: StreamGraph): boolean {
  return graph.nodes.some(
    (node) => (node.kind === "source" && node.source.connector === "kafka") || (node.kind === "sink" && node.sink.connector === "kafka"),
  );
}

function jobOptions(graph: StreamGraph, moduleUrl: string | undefined, options: StartOptions, brokers: string | undefined): RunJobOptions {
  const { checkpoints, from, parallelism, restart } = options;
  const ms = (duration: Duration | undefined, name: string) =>
    duration === undefined ? undefined : durationMs(duration, `checkpoints.${name}`, startOn);
  const everyMs = ms(checkpoints?.every, "every");
  const timeoutMs = ms(checkpoints?.timeout, "timeout");
  const minPauseMs = ms(checkpoints?.minPause, "minPause");
  const host = options.host ?? (moduleUrl === undefined ? "in-thread" : "worker");
  return {
    host,
    ...(moduleUrl === undefined ? { graph } : host === "in-thread" ? { graph } : { moduleUrl }),
    checkpoints: {
      dir: `${options.dataDir}/checkpoints`,
      ...(everyMs === undefined ? {} : { everyMs }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(minPauseMs === undefined ? {} : { minPauseMs }),
      ...(checkpoints?.keep === undefined ? {} : { keep: checkpoints.keep }),
      ...(checkpoints?.toleratedFailures === undefined ? {} : { toleratedFailures: checkpoints.toleratedFailures }),
    },
    ...(parallelism === undefined ? {} : { parallelism }),
    ...(restart === undefined ? {} : { restart }),
    restoreFrom:
      from === undefined || from === "latest" ? { kind: "latest" } : from === "none" ? { kind: "none" } : { kind: "path", path: from },
    drain: options.once ?? false,
    settings: { ...options.settings, ...(brokers === undefined ? {} : { "kafka.brokers": brokers }) },
  };
}

/** A job and what was started for it. Its end is announced when both have ended. */
class JobWithBroker implements StartedJob {
  readonly name: string;
  readonly brokers: string | undefined;
  readonly finished: Promise<JobResult>;
  readonly #job: Job;
  readonly #ownBroker: boolean;

  constructor(job: Job, brokers: string | undefined, broker: Broker | undefined, signal: AbortSignal | undefined) {
    this.name = job.name;
    this.brokers = brokers;
    this.#job = job;
    this.#ownBroker = broker !== undefined;
    const abort = () => void job.cancel();
    signal?.addEventListener("abort", abort, { once: true });
    void broker?.failed.then(() => (hasEnded(job) ? undefined : job.cancel()));
    this.finished = job.finished.finally(async () => {
      signal?.removeEventListener("abort", abort);
      await broker?.close();
    });
    this.finished.catch(() => {});
  }

  status(): JobStatus {
    return this.#job.status();
  }

  explain(options?: { readonly stream?: string }): readonly Finding[] {
    return this.#job.explain(options);
  }

  explainKey(key: string, options?: { readonly stream?: string }): Promise<readonly Finding[]> {
    return this.#job.explainKey(key, options);
  }

  savepoint(options?: { readonly path?: string }): Promise<string> {
    return this.#job.savepoint(options);
  }

  async stop(options?: { readonly savepoint?: boolean | string; readonly drain?: boolean }): Promise<JobResult> {
    void this.#job.stop(options).catch(() => {});
    return await this.finished;
  }

  async cancel(): Promise<void> {
    // A job that has failed has taken its own broker with it: the next start ends what is open there.
    if (!(this.#ownBroker && hasEnded(this.#job))) await this.#job.cancel();
    await this.finished.catch(() => {});
  }

  onStatus(callback: (status: JobStatus) => void): () => void {
    return this.#job.onStatus(callback);
  }

  /** stop() with a final checkpoint. A job that failed stays failed: its error is on `finished`, not thrown here. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop().catch(() => {});
  }
}
