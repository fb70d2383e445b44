// A history as the log checker looks things up: who sent a value, where it lies, which offsets each kind of reader may see.
// Reports what is wrong with the log itself: two values at one offset, one value at two.
import type { Anomalies } from "./anomalies.ts";
import { NONE, type End, type Operation, type Poll, type Send } from "./history.ts";

export interface PartitionIndex {
  /** offset → value, of everything that was acknowledged or read. */
  readonly valueAt: Map<number, number>;
  /** Ascending. */
  committed: number[];
  all: number[];
  /** In final polls. */
  readonly finalCommitted: Set<number>;
  readonly finalAll: Set<number>;
  hasFinalCommitted: boolean;
  hasFinalAll: boolean;
  logStart: number;
}

export interface LogIndex {
  readonly sends: Map<number, Send>;
  /** Where in the history a value was sent, and where its transaction's end was asked for. */
  readonly sentAt: Map<number, number>;
  readonly endAskedAt: Map<number, number>;
  readonly ends: Map<number, End>;
  /** value → offset. */
  readonly offsetOf: Map<number, number>;
  readonly readCommitted: Set<number>;
  readonly readAnyhow: Set<number>;
  readonly partitions: Map<number, PartitionIndex>;
}

export function buildIndex(history: readonly Operation[], anomalies: Anomalies): LogIndex {
  const index: LogIndex = {
    sends: new Map(),
    sentAt: new Map(),
    endAskedAt: new Map(),
    ends: new Map(),
    offsetOf: new Map(),
    readCommitted: new Set(),
    readAnyhow: new Set(),
    partitions: new Map(),
  };
  history.forEach((operation, at) => {
    if (operation.kind === "send") {
      index.sends.set(operation.value, operation);
      index.sentAt.set(operation.value, at);
      if (operation.outcome === "ok" && operation.offset >= 0)
        put(index, operation.partition, operation.offset, operation.value, anomalies);
    } else if (operation.kind === "end") {
      index.ends.set(operation.transaction, operation);
      index.endAskedAt.set(operation.transaction, at);
    } else if (operation.kind === "poll") takePoll(index, operation, anomalies);
    else if (operation.kind === "watermarks" && operation.final) partitionOf(index, operation.partition).logStart = operation.logStart;
  });
  for (const partition of index.partitions.values()) sortOffsets(index, partition);
  return index;
}

export function partitionOf(index: LogIndex, partition: number): PartitionIndex {
  let found = index.partitions.get(partition);
  if (found === undefined) {
    found = {
      valueAt: new Map(),
      committed: [],
      all: [],
      finalCommitted: new Set(),
      finalAll: new Set(),
      hasFinalCommitted: false,
      hasFinalAll: false,
      logStart: 0,
    };
    index.partitions.set(partition, found);
  }
  return found;
}

/** Whether a reader of committed records has to see the value: it was acknowledged outside of transactions, or its transaction committed. */
export function mustBeVisible(index: LogIndex, send: Send): boolean {
  if (send.transaction === NONE) return send.outcome === "ok";
  return send.outcome !== "failed" && index.ends.get(send.transaction)?.outcome === "committed";
}

function takePoll(index: LogIndex, poll: Poll, anomalies: Anomalies): void {
  const partition = partitionOf(index, poll.partition);
  const committed = poll.isolation === "read_committed";
  if (poll.final && committed) partition.hasFinalCommitted = true;
  if (poll.final && !committed) partition.hasFinalAll = true;
  for (let at = 0; at < poll.offsets.length; at++) {
    const value = poll.values[at]!;
    put(index, poll.partition, poll.offsets[at]!, value, anomalies);
    index.readAnyhow.add(value);
    if (committed) index.readCommitted.add(value);
    if (poll.final) (committed ? partition.finalCommitted : partition.finalAll).add(value);
  }
}

function put(index: LogIndex, partition: number, offset: number, value: number, anomalies: Anomalies): void {
  const { valueAt } = partitionOf(index, partition);
  const there = valueAt.get(offset);
  if (there === undefined) valueAt.set(offset, value);
  else if (there !== value) anomalies.add("inconsistent-offset", `partition ${partition} offset ${offset}: ${there} and ${value}`);
  const known = index.offsetOf.get(value);
  if (known === undefined) index.offsetOf.set(value, offset);
  else if (known !== offset) anomalies.add("duplicate", `value ${value} in partition ${partition} at ${known} and ${offset}`);
}

function sortOffsets(index: LogIndex, partition: PartitionIndex): void {
  partition.all = [...partition.valueAt.keys()].sort((a, b) => a - b);
  partition.committed = partition.all.filter((offset) => {
    const value = partition.valueAt.get(offset)!;
    const send = index.sends.get(value);
    return index.readCommitted.has(value) || (send !== undefined && mustBeVisible(index, send));
  });
}

/** How many of the ascending numbers are below `bound`. */
export function rank(sorted: readonly number[], bound: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
