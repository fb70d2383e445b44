// One subtask inside a host: its gate, its outputs, its clock account. Every call into user code passes here; the first error is
// reported to the host and everything after it is dropped, so that an error of a consumer never looks like one of its producer.
import type { Batch } from "../../schema/batch.ts";
import type { SourceBatch } from "../../stream/connector.ts";
import { InputGate } from "../exchange/input-gate.ts";
import type { Task } from "../job-graph.ts";
import type { SnapshotCursor, SplitStatus, StateChunk, Subtask, SubtaskOutput } from "../subtask/subtask.ts";
import type { SinkGate } from "./sink-gate.ts";
import type { TimeAccount, TimeMeter } from "./time-meter.ts";

/** One end of an exchange. */
export interface Downstream {
  readonly runner: SubtaskRunner;
  readonly channel: number;
}

/** Where one output of the task leads: a sink, or the subtasks of another task by their index (gaps where no channel leads). */
export type OutputRoute =
  | { readonly kind: "sink"; readonly sink: SinkGate }
  | { readonly kind: "task"; readonly targets: readonly (Downstream | undefined)[] };

export interface RunnerHost {
  readonly failed: boolean;
  fail(error: unknown, operator: string): void;
  /** A subtask took its snapshot at the barrier. */
  snapshot(runner: SubtaskRunner, cursor: SnapshotCursor): void;
  /** A subtask has put out everything it ever will. */
  subtaskEnded(runner: SubtaskRunner): void;
}

export class SubtaskRunner implements SubtaskOutput {
  readonly task: Task;
  readonly index: number;
  readonly account: TimeAccount = { busyMs: 0 };
  readonly #host: RunnerHost;
  readonly #meter: TimeMeter;
  #subtask!: Subtask;
  #gate: InputGate | undefined;
  #routes: readonly OutputRoute[] = [];
  #channels: readonly Downstream[] = [];
  #sinks: readonly SinkGate[] = [];
  #ended = false;
  /** All inputs have ended, but not all answers have come. */
  #ending = false;

  constructor(task: Task, index: number, host: RunnerHost, meter: TimeMeter) {
    this.task = task;
    this.index = index;
    this.#host = host;
    this.#meter = meter;
  }

  /** `ports`: the port of each input channel, empty for a source; `origins` as the gate has them. */
  connect(subtask: Subtask, ports: readonly number[], routes: readonly OutputRoute[], origins?: readonly number[]): void {
    this.#subtask = subtask;
    this.#gate = ports.length === 0 ? undefined : new InputGate(ports, subtask, origins);
    this.#routes = routes;
    this.#channels = routes.flatMap((route) => (route.kind === "task" ? route.targets.filter((target) => target !== undefined) : []));
    this.#sinks = [...new Set(routes.flatMap((route) => (route.kind === "sink" ? [route.sink] : [])))];
  }

  get subtask(): Subtask {
    return this.#subtask;
  }

  get sinks(): readonly SinkGate[] {
    return this.#sinks;
  }

  get downstream(): readonly Downstream[] {
    return this.#channels;
  }

  get ended(): boolean {
    return this.#ended;
  }

  // ---------- driven by the host ----------

  restore(chunk: StateChunk): void {
    this.#subtask.restore(chunk);
  }

  start(now: number): void {
    this.#run(() => this.#subtask.start(now));
  }

  sourceData(split: string, batch: SourceBatch): void {
    if (this.#host.failed) return;
    const before = this.#meter.switchTo(this.account);
    try {
      this.#subtask.sourceData(split, batch);
    } catch (error) {
      this.#host.fail(error, this.#headName);
    } finally {
      this.#meter.switchTo(before);
    }
  }

  split(split: string, status: SplitStatus): void {
    this.#run(() => this.#subtask.split(split, status));
  }

  /** A source subtask that reads no split holds nobody back. */
  announceStatus(status: "active" | "idle"): void {
    this.status(status);
  }

  get nextTimer(): number {
    return this.#subtask.nextTimer;
  }

  tick(now: number): void {
    this.#run(() => {
      this.#subtask.tick(now);
      if (this.#ending && !this.#subtask.waiting) this.#finish();
    });
  }

  flush(): void {
    this.#run(() => this.#subtask.flush());
  }

  /** Sources: the barrier starts here. Others: called when the gate is aligned. */
  barrier(id: number): void {
    this.#run(() => {
      this.#host.snapshot(this, this.#subtask.barrier(id));
      for (const sink of this.#sinks) sink.prepare(id);
      for (const { runner, channel } of this.#channels) runner.#barrierFrom(channel, id);
    });
  }

  #barrierFrom(channel: number, id: number): void {
    if (this.#host.failed) return;
    if (this.#gate!.barrier(channel, id)) this.barrier(id);
  }

  checkpointDone(id: number): void {
    this.#run(() => this.#subtask.checkpointDone(id));
  }

  checkpointAborted(id: number): void {
    this.#gate?.abort(id);
    this.#run(() => this.#subtask.checkpointAborted(id));
  }

  /** A source subtask without anything left to read. Event time ends with it. */
  endOfSource(): void {
    this.#run(() => {
      this.#subtask.flush();
      this.#subtask.watermark(Infinity);
      this.#finish();
    });
  }

  /** Also before it was opened: a job may fail while it is being set up. */
  close(): void {
    (this.#subtask as Subtask | undefined)?.close();
  }

  // ---------- SubtaskOutput: driven by the subtask ----------

  data(output: number, target: number, batch: Batch): void {
    if (this.#host.failed) return;
    const route = this.#routes[output]!;
    if (route.kind === "sink") route.sink.write(batch);
    else {
      const downstream = route.targets[target]!;
      downstream.runner.#dataFrom(downstream.channel, batch);
    }
  }

  watermark(time: number): void {
    if (this.#host.failed) return;
    for (const { runner, channel } of this.#channels) runner.#watermarkFrom(channel, time);
  }

  status(status: "active" | "idle"): void {
    for (const { runner, channel } of this.#channels) runner.#run(() => runner.#gate!.status(channel, status));
  }

  // ---------- driven by upstream runners ----------

  #dataFrom(channel: number, batch: Batch): void {
    const before = this.#meter.switchTo(this.account);
    try {
      this.#gate!.data(channel, batch);
    } catch (error) {
      this.#host.fail(error, this.#headName);
    } finally {
      this.#meter.switchTo(before);
    }
  }

  #watermarkFrom(channel: number, time: number): void {
    const before = this.#meter.switchTo(this.account);
    try {
      this.#gate!.watermark(channel, time);
    } catch (error) {
      this.#host.fail(error, this.#headName);
    } finally {
      this.#meter.switchTo(before);
    }
  }

  #endFrom(channel: number): void {
    this.#run(() => {
      if (this.#gate!.end(channel)) this.#finish();
    });
  }

  #finish(): void {
    this.#ending = this.#subtask.waiting;
    if (this.#ending) return;
    this.#subtask.end();
    this.#subtask.flush();
    this.#ended = true;
    for (const { runner, channel } of this.#channels) runner.#endFrom(channel);
    this.#host.subtaskEnded(this);
  }

  get #headName(): string {
    return this.task.nodes[0]!.name;
  }

  #run(call: () => void): void {
    if (this.#host.failed) return;
    const before = this.#meter.switchTo(this.account);
    try {
      call();
    } catch (error) {
      this.#host.fail(error, this.#headName);
    } finally {
      this.#meter.switchTo(before);
    }
  }
}
