// A pipeline that a test drives step by step: rows, watermarks and processing time come from the test, every step ends when everything that
// it caused has come out. The job is the real one, in this thread, on a simulated machine whose clock stands still between the steps.
import { runJob } from "../../engine/run-job.ts";
import { DEFAULT_MAX_PARALLELISM } from "../../engine/state/key-group.ts";
import type { Job } from "../../engine/coordinator/job-status.ts";
import type { Env } from "../../env/env.ts";
import { durationMs } from "../../stream/duration.ts";
import type { StreamGraph } from "../../stream/graph.ts";
import { PipelineError } from "../../stream/pipeline-error.ts";
import type { Duration } from "../../stream/watermarks.ts";
import type { Simulation } from "../simulation/simulation.ts";
import { Outputs } from "./outputs.ts";
import { NO_TIME, queueSource, RowQueue } from "./queue-source.ts";
import { readState } from "./read-state.ts";
import { checkNames, rewiredGraph, sideName } from "./rewired-graph.ts";

/** Turns of the event loop after which a job that has nothing to read has sent on everything. */
const TURNS = 8;
/** Of waiting for a job to take what it was given. */
const MAX_TURNS = 100_000;
const DIRECTORY = "/test/checkpoints";

export interface PipelineSteps {
  /** Gives rows to a source, each with the record's own timestamp if there is one. Resolves when what they cause has come out. */
  send(source: string, row: unknown, timestamp?: number): Promise<void>;
  sendAll(source: string, rows: readonly unknown[]): Promise<void>;
  /** No element before this time (epoch ms) will come: from one source, or from all that have event time. */
  watermark(time: number, source?: string): Promise<void>;
  /** Moves the clock; timers of processing time fire on the way. */
  advanceProcessingTime(by: Duration): Promise<void>;
  /** Processing time, epoch ms. */
  now(): number;
  /** Everything that a sink got so far, in order. */
  output<T = unknown>(sink: string): readonly T[];
  /** What a sink got since the last call of this. */
  newOutput<T = unknown>(sink: string): readonly T[];
  /** Everything that a side output gave so far. */
  side<T = unknown>(operator: string, side: string): readonly T[];
  /** What a process function keeps for a key: a value, an array, or a Map; undefined: nothing. */
  state<T = unknown>(operator: string, state: string, key: unknown): Promise<T>;
  /** Takes a checkpoint, ends the job, and goes on from there, at another parallelism if one is given. */
  restart(options?: { readonly parallelism?: number }): Promise<void>;
  /** Ends all sources: windows and event-time timers fire, the job finishes. */
  end(): Promise<void>;
}

export class SteppedPipeline implements PipelineSteps {
  readonly #env: Env;
  readonly #graph: StreamGraph;
  readonly #original: StreamGraph;
  readonly #outputs = new Outputs();
  readonly #queues = new Map<string, RowQueue>();
  readonly #shown = new Map<string, number>();
  #parallelism: number;
  #job: Job | undefined;
  #failure: unknown;
  #savepoints = 0;

  constructor(simulation: Simulation, graph: StreamGraph, parallelism: number) {
    simulation.files.provideDirectory("/test");
    this.#env = simulation.env();
    this.#original = graph;
    this.#parallelism = parallelism;
    this.#graph = rewiredGraph(graph, {
      source: (node) => {
        const queue = new RowQueue(node.source.type);
        this.#queues.set(node.name, queue);
        return queueSource(queue, node.source);
      },
      sink: (name) => this.#outputs.sink(name),
    });
  }

  async start(): Promise<void> {
    this.#job = await runJob(this.#env, {
      graph: this.#graph,
      parallelism: this.#parallelism,
      checkpoints: { dir: DIRECTORY, everyMs: Number.MAX_SAFE_INTEGER },
      restart: { kind: "none" },
      discoveryIntervalMs: Number.MAX_SAFE_INTEGER,
      statusIntervalMs: 3_600_000,
    });
    this.#job.finished.catch((error: unknown) => (this.#failure = error));
    await this.#settle();
  }

  async cancel(): Promise<void> {
    await this.#job?.cancel();
  }

  async send(source: string, row: unknown, timestamp: number = NO_TIME): Promise<void> {
    this.#queue(source).push([{ row, timestamp }]);
    await this.#settle();
  }

  async sendAll(source: string, rows: readonly unknown[]): Promise<void> {
    this.#queue(source).push(rows.map((row) => ({ row, timestamp: NO_TIME })));
    await this.#settle();
  }

  async watermark(time: number, source?: string): Promise<void> {
    if (!Number.isFinite(time)) throw bad(`watermark(time): ${time} is no time in epoch ms; end() ends event time`);
    const timed = this.#original.nodes.filter((node) => node.kind === "source" && node.time !== undefined).map(({ name }) => name);
    const chosen = source === undefined ? timed : [source];
    if (source !== undefined) this.#queue(source);
    if (chosen.length === 0 || !chosen.every((name) => timed.includes(name)))
      throw bad("watermark(time): the source assigns no event time (from(name, source, { eventTime, watermarks }))");
    for (const name of chosen) this.#queue(name).push([{ watermark: time }]);
    await this.#settle();
  }

  async advanceProcessingTime(by: Duration): Promise<void> {
    await this.#env.timers.sleep(durationMs(by, "advanceProcessingTime(by)", bad));
    await this.#settle();
  }

  now(): number {
    return this.#env.clock.now();
  }

  output<T = unknown>(sink: string): readonly T[] {
    return this.#outputs.rows(sink) as T[];
  }

  newOutput<T = unknown>(sink: string): readonly T[] {
    const rows = this.#outputs.rows(sink);
    const from = this.#shown.get(sink) ?? 0;
    this.#shown.set(sink, rows.length);
    return rows.slice(from) as T[];
  }

  side<T = unknown>(operator: string, side: string): readonly T[] {
    return this.#outputs.rows(sideName(operator, side)) as T[];
  }

  async state<T = unknown>(operator: string, state: string, key: unknown): Promise<T> {
    const path = await this.#running().savepoint({ path: `/test/state-${this.#savepoints++}` });
    return (await readState(this.#env.files, this.#graph, path, DEFAULT_MAX_PARALLELISM, { operator, state, key })) as T;
  }

  async restart(options: { readonly parallelism?: number } = {}): Promise<void> {
    await this.#running().stop();
    this.#parallelism = options.parallelism ?? this.#parallelism;
    await this.start();
  }

  async end(): Promise<void> {
    await this.#running().stop({ drain: true });
    this.#job = undefined;
  }

  #running(): Job {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#job === undefined) throw bad("the pipeline has ended");
    return this.#job;
  }

  #queue(source: string): RowQueue {
    this.#running();
    checkNames(this.#original, "source", [source]);
    return this.#queues.get(source)!;
  }

  /** Until every source waits for more, and what it gave has reached the sinks. */
  async #settle(): Promise<void> {
    const turn = (): Promise<void> => new Promise((resolve) => this.#env.timers.soon(resolve));
    for (let turns = 0; ; turns++) {
      if (this.#failure !== undefined) throw this.#failure;
      if ([...this.#queues.values()].every(({ waiting }) => waiting)) break;
      if (turns >= MAX_TURNS) throw bad(`the pipeline does not take what it was given within ${MAX_TURNS} turns of the event loop`);
      // A deployment touches the disk, whose answers take virtual time.
      if (this.#job?.status().state === "running") await turn();
      else await this.#env.timers.sleep(0.1);
    }
    for (let turns = 0; turns < TURNS; turns++) await turn();
    if (this.#failure !== undefined) throw this.#failure;
  }
}

function bad(reason: string): PipelineError {
  return new PipelineError("BAD_ARGUMENT", `testPipeline: ${reason}.`, undefined);
}
