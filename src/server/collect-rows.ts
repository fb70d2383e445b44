// A pipeline as a function: reads what its sources hold now, to the end, and gives the rows of one stream. A batch run of a stream.
import { collectSink } from "../connectors/memory/collect-sink.ts";
import { runJob } from "../engine/run-job.ts";
import type { Env } from "../env/env.ts";
import type { DataStream } from "../stream/data-stream.ts";
import { pipeline, type PipelineBuilder } from "../stream/pipeline.ts";

export interface CollectOptions {
  /** Default 1. */
  readonly parallelism?: number;
  /** "host:port" of a Kafka cluster, for pipelines that read topics. */
  readonly brokers?: string | readonly string[];
  /** For connectors, such as "kafka.client.id". */
  readonly settings?: Readonly<Record<string, string>>;
  /** Abort = cancel: rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The rows are in no particular order at a parallelism over 1. Rejects with PipelineError or JobFailedError. Nothing is kept anywhere. */
export async function collectRowsOn<T>(env: Env, build: (p: PipelineBuilder) => DataStream<T>, options: CollectOptions = {}): Promise<T[]> {
  const { parallelism = 1, brokers, signal } = options;
  signal?.throwIfAborted();
  const sink = collectSink<T>();
  const made = pipeline("collect", (p) => build(p).to("collect", sink));
  const settings = { ...options.settings, ...(brokers === undefined ? {} : { "kafka.brokers": [brokers].flat().join(",") }) };
  const job = await runJob(env, { graph: made.graph(), parallelism, settings, drain: true });
  const abort = (): void => void job.cancel();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    await job.finished;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
  signal?.throwIfAborted();
  return [...sink.rows];
}
