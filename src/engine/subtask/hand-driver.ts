// For tests: runs a whole job graph by hand, every task at its parallelism, all in this call stack. It does what a host does, the plain
// way: routes batches, combines the watermarks of a port's channels, passes barriers, and collects what reaches the sinks.
import type { Batch } from "../../schema/batch.ts";
import { createBatch, rowAt, setValue, valueAt } from "../../schema/columns.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import type { StreamGraph } from "../../stream/graph.ts";
import type { PoisonRecord } from "../../stream/connector.ts";
import { buildJobGraph } from "../job-graph-builder.ts";
import type { JobGraph, Task } from "../job-graph.ts";
import { keyGroupOwner } from "../state/key-group.ts";
import { createSubtask } from "./create-subtask.ts";
import type { StateChunk, Subtask, SubtaskOutput } from "./subtask.ts";

export interface SinkRow {
  readonly row: unknown;
  readonly timestamp: number;
  /** The last watermark announced before the row. */
  readonly watermark: number;
}

export interface DriverOptions {
  readonly parallelism?: number;
  readonly maxParallelism?: number;
  readonly codegen?: "auto" | "off";
  readonly restore?: readonly StateChunk[];
}

export interface InputRow {
  readonly value: unknown;
  readonly timestamp?: number;
}

export class HandDriver {
  readonly graph: JobGraph;
  /** Rows by sink name, in order of arrival. */
  readonly sinks = new Map<string, SinkRow[]>();
  now = 0;
  readonly #subtasks: Subtask[][] = [];
  readonly #channels: Map<string, number>[][] = [];
  readonly #watermarks: number[][] = [];
  readonly #withSplits = new Set<string>();
  /** "task/index" of subtasks that said so. */
  readonly #idle = new Set<string>();

  constructor(graph: StreamGraph, options: DriverOptions = {}) {
    const { parallelism = 1, maxParallelism = 16, codegen = "auto" } = options;
    this.graph = buildJobGraph(graph, { parallelism, maxParallelism });
    for (const task of this.graph.tasks) {
      this.#channels.push(Array.from({ length: task.parallelism }, () => this.#channelsOf(task)));
      this.#watermarks.push(Array.from({ length: task.parallelism }, () => -Infinity));
      this.#subtasks.push(
        Array.from({ length: task.parallelism }, (_, index) =>
          createSubtask(
            task,
            { index, parallelism: task.parallelism, maxParallelism, jobName: "test", codegen, now: () => this.now },
            this.#output(task, index),
          ),
        ),
      );
    }
    for (const chunk of options.restore ?? []) this.#restore(chunk);
    for (const subtasks of this.#subtasks) for (const subtask of subtasks) subtask.start(this.now);
  }

  subtask(task: number, index = 0): Subtask {
    return this.#subtasks[task]![index]!;
  }

  /** Rows of one split into the source's subtask `index`, as one batch. */
  feed(source: string, split: string, rows: readonly InputRow[], index = 0, poison: readonly PoisonRecord[] = []): void {
    const task = this.graph.tasks.find(({ nodes }) => nodes[0]!.name === source)!;
    const [head] = task.nodes;
    if (head?.kind !== "source") throw new Error(`${source} is no source`);
    const batch = batchOf(head.source.type, rows);
    const offsets = Float64Array.from(rows, (_, offset) => offset);
    this.#subtasks[task.id]![index]!.sourceData(split, { batch, offsets, poison });
  }

  split(source: string, split: string, status: "active" | "idle" | "finished", index = 0): void {
    const task = this.graph.tasks.find(({ nodes }) => nodes[0]!.name === source)!;
    // A source subtask that has never had a split holds nothing back.
    this.#subtasks[task.id]!.forEach((subtask, other) => {
      if (other !== index && !this.#withSplits.has(`${source}/${other}`)) subtask.status("idle");
    });
    this.#withSplits.add(`${source}/${index}`);
    this.#subtasks[task.id]![index]!.split(split, status);
    this.flush();
  }

  flush(): void {
    for (const subtasks of this.#subtasks) for (const subtask of subtasks) subtask.flush();
  }

  tick(now: number): void {
    this.now = now;
    for (const subtasks of this.#subtasks) for (const subtask of subtasks) subtask.tick(now);
    this.flush();
  }

  /** A checkpoint of everything, drained at once unless `meanwhile` does something between the barrier and the cursors. */
  snapshot(meanwhile: () => void = () => undefined): StateChunk[] {
    this.flush();
    const cursors = this.#subtasks.flat().map((subtask) => subtask.barrier(1));
    meanwhile();
    const chunks: StateChunk[] = [];
    for (const cursor of cursors) for (let chunk = cursor.next(); chunk !== undefined; chunk = cursor.next()) chunks.push(chunk);
    for (const subtask of this.#subtasks.flat()) subtask.checkpointDone(1);
    return chunks;
  }

  end(): void {
    for (const task of this.graph.tasks) {
      for (const subtask of this.#subtasks[task.id]!) {
        if (task.inputs.length > 0) subtask.watermark(Infinity);
        subtask.end();
      }
    }
  }

  rows(sink: string): unknown[] {
    return (this.sinks.get(sink) ?? []).map(({ row }) => row);
  }

  #restore(chunk: StateChunk): void {
    const task = this.graph.tasks.find(({ nodes }) => nodes.some(({ name }) => name === chunk.operator));
    if (task === undefined) throw new Error(`no operator ${chunk.operator}`);
    const { address } = chunk;
    this.#subtasks[task.id]!.forEach((subtask, index) => {
      const mine = address.kind === "operator-state" || keyGroupOwner(address.group, task.parallelism, this.graph.maxParallelism) === index;
      if (mine) subtask.restore(chunk);
    });
  }

  #channelsOf(task: Task): Map<string, number> {
    const channels = new Map<string, number>();
    task.inputs.forEach((input, port) => {
      const from = this.graph.tasks[input.fromTask]!;
      for (let index = 0; index < from.parallelism; index++) channels.set(`${port}/${index}`, -Infinity);
    });
    return channels;
  }

  #output(task: Task, index: number): SubtaskOutput {
    let announced = -Infinity;
    return {
      data: (output, target, batch) => {
        const to = task.outputs[output]!.target;
        if (to.kind === "sink") this.#toSink(to.node.name, batch, announced);
        else this.#toTask(to.task, target, to.port, index, batch);
      },
      watermark: (time) => {
        if (!(time > announced)) throw new Error("a subtask announced an old watermark");
        announced = time;
        for (const { target } of task.outputs) {
          if (target.kind === "sink") continue;
          const { partitioning } = target.edge;
          const targets = this.graph.tasks[target.task]!.parallelism;
          const all = partitioning.kind === "forward" ? [index] : Array.from({ length: targets }, (_, number) => number);
          for (const to of all) this.#channelWatermark(target.task, to, target.port, index, time);
        }
      },
      status: (status) => {
        if (status === "idle") this.#idle.add(`${task.id}/${index}`);
        else this.#idle.delete(`${task.id}/${index}`);
      },
    };
  }

  #toSink(name: string, batch: Batch, announced: number): void {
    const rows = this.sinks.get(name) ?? [];
    this.sinks.set(name, rows);
    let mark = 0;
    let watermark = announced;
    for (let row = 0; row < batch.rows; row++) {
      while (mark < batch.markCount && batch.markRows[mark]! < row) watermark = batch.markTimes[mark++]!;
      rows.push({ row: rowAt(batch, row), timestamp: batch.timestamps[row]!, watermark });
    }
  }

  /** Delivers the rows between two marks as a batch without marks, and each mark as a channel's watermark. */
  #toTask(task: number, target: number, port: number, from: number, batch: Batch): void {
    let row = 0;
    for (let mark = 0; mark < batch.markCount; mark++) {
      const next = batch.markRows[mark]! + 1;
      if (next > row) this.#subtasks[task]![target]!.data(port, sliceOf(batch, row, next));
      row = Math.max(row, next);
      this.#channelWatermark(task, target, port, from, batch.markTimes[mark]!);
    }
    if (row < batch.rows) this.#subtasks[task]![target]!.data(port, sliceOf(batch, row, batch.rows));
  }

  #channelWatermark(task: number, target: number, port: number, from: number, time: number): void {
    const channels = this.#channels[task]![target]!;
    channels.set(`${port}/${from}`, Math.max(time, channels.get(`${port}/${from}`)!));
    const heard = [...channels].filter(([channel]) => this.#isHeard(task, target, channel)).map(([, at]) => at);
    const combined = Math.min(...heard);
    if (combined <= this.#watermarks[task]![target]!) return;
    this.#watermarks[task]![target] = combined;
    this.#subtasks[task]![target]!.watermark(combined);
  }

  /** Channels from idle subtasks, and on forward edges from others than the one upstream, hold nothing back. */
  #isHeard(task: number, target: number, channel: string): boolean {
    const [port, index] = channel.split("/");
    const { edge, fromTask } = this.graph.tasks[task]!.inputs[Number(port)]!;
    if (edge.partitioning.kind === "forward" && Number(index) !== target) return false;
    return !this.#idle.has(`${fromTask}/${index}`);
  }
}

export function batchOf(type: TypeInfo | undefined, rows: readonly InputRow[]): Batch {
  const batch = createBatch(type, Math.max(1, rows.length));
  rows.forEach(({ value, timestamp = -Infinity }, row) => {
    if (type?.kind === "record")
      type.fields.forEach(({ name }, index) => setValue(batch.columns[index]!, row, (value as Record<string, unknown>)[name]));
    else setValue(batch.columns[0]!, row, value);
    batch.timestamps[row] = timestamp;
  });
  batch.rows = rows.length;
  return batch;
}

function sliceOf(batch: Batch, from: number, to: number): Batch {
  const slice = createBatch(batch.type, to - from);
  const keyIndex = batch.key === undefined ? -1 : batch.columns.indexOf(batch.key);
  if (batch.key !== undefined) {
    slice.key =
      keyIndex >= 0
        ? slice.columns[keyIndex]!
        : { kind: "object", nulls: undefined, values: Array.from({ length: to - from }, (_, row) => valueAt(batch.key!, from + row)) };
    slice.keyHashes = batch.keyHashes!.slice(from, to);
  }
  for (let row = from; row < to; row++) {
    batch.columns.forEach((column, index) => setValue(slice.columns[index]!, row - from, valueAt(column, row)));
    slice.timestamps[row - from] = batch.timestamps[row]!;
  }
  slice.rows = to - from;
  return slice;
}
