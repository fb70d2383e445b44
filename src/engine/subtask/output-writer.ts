// One task output: which target subtask gets a row, and one buffer per target. `append` is the interpreter's way; generated loops write
// into the same buffers by text (codegen/). Rows of a keyed edge carry their key and its hash; a key that is none (NaN, an object, a
// selector that threw) travels as it is, so that the operator behind the edge meets it under its own error policy.
import { MAX_BATCH_ROWS } from "../../schema/batch.ts";
import { setValue } from "../../schema/columns.ts";
import type { KeySelector, Partitioning } from "../../stream/graph.ts";
import type { TaskOutput } from "../job-graph.ts";
import { isKeyColumn, storeRow } from "../codegen/row-code.ts";
import { keyGroup, keyGroupOwner } from "../state/key-group.ts";
import { hashOfKey } from "../state/key-hash.ts";
import { selectKey } from "../state/key-selector.ts";
import { reachable, Shuffle } from "../exchange/partitioner.ts";
import { OutputBuffer } from "./output-buffer.ts";
import type { OutputWatermark } from "./output-watermark.ts";
import type { SubtaskOutput } from "./subtask.ts";

export interface OutputRouting {
  /** This subtask's index: where forward edges lead and where taking turns begins. */
  readonly index: number;
  readonly parallelism: number;
  readonly maxParallelism: number;
  /** Of shuffles. */
  readonly seed?: number;
}

/** Ties the buffers of outputs that lead to the two streams of one task. */
export function keepOrder(writers: readonly OutputWriter[]): void {
  const ordered = writers.filter(({ output: { target } }) => target.kind === "task" && target.ordered === true);
  for (const writer of ordered) {
    for (const other of ordered) {
      if (other === writer || taskOf(other) !== taskOf(writer)) continue;
      for (const buffer of writer.buffers) buffer.siblings.push(...other.buffers.filter((sibling) => sharesTarget(sibling, buffer)));
    }
  }
}

function sharesTarget(a: OutputBuffer, b: OutputBuffer): boolean {
  return a.targets.some((target) => b.targets.includes(target));
}

function taskOf({ output: { target } }: OutputWriter): number {
  return target.kind === "task" ? target.task : -1;
}

export class OutputWriter {
  readonly output: TaskOutput;
  readonly buffers: readonly OutputBuffer[];
  /** The key of a keyed edge; undefined: not keyed. */
  readonly key: KeySelector | undefined;
  /** Column index of the key when it is a field of its own, otherwise −1. */
  readonly keyField: number;
  /** Target subtask by key group. */
  readonly targetOfGroup: Int32Array;
  /** Index in `buffers` of the next row, unless each row has its own. */
  current = 0;
  /** Index in `buffers` of a row; undefined: keyed, or `current`. */
  readonly choose: ((element: unknown) => number) | undefined;
  /** Batches go to the buffers by turns. */
  readonly #takesTurns: boolean;
  readonly #maxParallelism: number;

  constructor(output: TaskOutput, index: number, routing: OutputRouting, out: SubtaskOutput, watermark: OutputWatermark) {
    this.output = output;
    this.#maxParallelism = routing.maxParallelism;
    const { target } = output;
    const partitioning = target.kind === "task" ? target.edge.partitioning : undefined;
    const targets = target.kind === "task" ? target.parallelism : 1;
    this.key = partitioning?.kind === "keyed" ? partitioning.key : undefined;
    this.#takesTurns = partitioning?.kind === "rebalance" || partitioning?.kind === "rescale";
    const numbers = partitioning === undefined ? [0] : reachable(partitioning.kind, routing.index, routing.parallelism, targets);
    const each = partitioning?.kind === "broadcast" ? [numbers] : numbers.map((number) => [number]);
    this.buffers = each.map((to) => new OutputBuffer(out, index, to, output.type, watermark));
    if (this.#takesTurns) this.current = routing.index % this.buffers.length;
    this.choose = chooser(partitioning, targets, routing.seed ?? 1);
    this.keyField = this.#findKeyField();
    for (const buffer of this.buffers) buffer.keepOrigins();
    if (this.key !== undefined) for (const buffer of this.buffers) buffer.keyBy(this.keyField);
    this.targetOfGroup = Int32Array.from({ length: this.key === undefined ? 0 : routing.maxParallelism }, (_, group) =>
      keyGroupOwner(group, targets, routing.maxParallelism),
    );
  }

  /** Appends a row; throws SchemaError if it does not fit the type of the output. */
  append(element: unknown, timestamp: number, origin: number): void {
    let target = this.current;
    let key: unknown;
    let hash = 0;
    if (this.key !== undefined) {
      key = selectKey(this.key, element);
      hash = hashOfKey(key);
      target = this.targetOfGroup[keyGroup(hash, this.#maxParallelism)]!;
    } else if (this.choose !== undefined) target = this.choose(element);
    const buffer = this.buffers[target]!;
    const { batch, rows } = buffer;
    if (rows === 0) buffer.begin();
    storeRow(this.output.type, batch.columns, rows, element);
    if (this.key !== undefined) {
      batch.keyHashes![rows] = hash;
      if (this.keyField < 0) setValue(batch.key!, rows, key);
    }
    buffer.mark();
    batch.timestamps[rows] = timestamp;
    if (batch.origins !== undefined) batch.origins[rows] = origin;
    buffer.rows = rows + 1;
    if (buffer.rows === MAX_BATCH_ROWS) this.full(buffer);
  }

  full(buffer: OutputBuffer): void {
    buffer.send();
    if (this.#takesTurns) this.current = (this.current + 1) % this.buffers.length;
  }

  /** The target subtasks of the next whole batch. */
  nextTargets(): readonly number[] {
    const { targets } = this.buffers[this.current]!;
    if (this.#takesTurns) this.current = (this.current + 1) % this.buffers.length;
    return targets;
  }

  flush(): void {
    if (this.#takesTurns && this.buffers[this.current]!.rows > 0) {
      const sent = this.current;
      this.current = (this.current + 1) % this.buffers.length;
      this.buffers[sent]!.flush();
    }
    for (const buffer of this.buffers) buffer.flush();
  }

  #findKeyField(): number {
    const { type } = this.output;
    if (this.key?.kind !== "fields" || this.key.fields.length !== 1 || type?.kind !== "record") return -1;
    const index = type.fields.findIndex((field) => field.name === (this.key as { fields: readonly string[] }).fields[0]);
    return index >= 0 && isKeyColumn(type.fields[index]!.type) ? index : -1;
  }
}

function chooser(partitioning: Partitioning | undefined, targets: number, seed: number): OutputWriter["choose"] {
  if (targets === 1) return undefined;
  if (partitioning?.kind === "shuffle") {
    const shuffle = new Shuffle(seed, targets);
    return () => shuffle.next();
  }
  if (partitioning?.kind !== "custom") return undefined;
  const { partition } = partitioning;
  return (element) => {
    const target = partition(element, targets);
    if (Number.isInteger(target) && target >= 0 && target < targets) return target;
    throw new RangeError(`partitionCustom: ${String(target)} is no subtask; a whole number from 0 to ${targets - 1} is wanted.`);
  };
}
