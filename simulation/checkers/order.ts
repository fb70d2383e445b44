// Order as each process sees it: readers go forward and skip nothing that they may see, writers' records lie in the order of sending.
import type { Anomalies } from "./anomalies.ts";
import { NONE, UNKNOWN, type Operation, type Poll, type Send } from "./history.ts";
import { partitionOf, rank, type LogIndex } from "./log-index.ts";

/** Processes and partitions fit together into one exact number. */
const PARTITIONS = 1 << 20;

interface LastSend {
  offset: number;
  transaction: number;
}

export function checkOrder(history: readonly Operation[], index: LogIndex, anomalies: Anomalies): void {
  const positions = new Map<number, number>();
  const sends = new Map<number, LastSend>();
  history.forEach((operation, at) => {
    if (operation.kind === "assign" && operation.from === UNKNOWN) positions.delete(keyOf(operation));
    else if (operation.kind === "assign") positions.set(keyOf(operation), operation.from - 1);
    else if (operation.kind === "poll") checkPoll(operation, at, index, positions, anomalies);
    else if (operation.kind === "send") checkSend(operation, index, sends, anomalies);
  });
}

function keyOf({ process, partition }: { readonly process: number; readonly partition: number }): number {
  return process * PARTITIONS + partition;
}

function checkPoll(poll: Poll, at: number, index: LogIndex, positions: Map<number, number>, anomalies: Anomalies): void {
  const partition = partitionOf(index, poll.partition);
  const visible = poll.isolation === "read_committed" ? partition.committed : partition.all;
  const key = keyOf(poll);
  let last = positions.get(key);
  for (let row = 0; row < poll.offsets.length; row++) {
    const offset = poll.offsets[row]!;
    if (last !== undefined) {
      const prefix = row > 0 ? "int-" : "";
      const where = (): string => `process ${poll.process}, partition ${poll.partition}: from ${last} to ${offset}, operation ${at}`;
      if (offset <= last) anomalies.add(`${prefix}nonmonotonic-poll`, where());
      else if (offset > last + 1 && rank(visible, offset) > rank(visible, Math.max(last + 1, partition.logStart)))
        anomalies.add(`${prefix}poll-skip`, where());
    }
    last = offset;
  }
  if (last !== undefined) positions.set(key, last);
}

function checkSend(send: Send, index: LogIndex, sends: Map<number, LastSend>, anomalies: Anomalies): void {
  const offset = send.outcome === "ok" && send.offset >= 0 ? send.offset : index.offsetOf.get(send.value);
  if (offset === undefined) return;
  const key = keyOf(send);
  const last = sends.get(key);
  if (last === undefined) {
    sends.set(key, { offset, transaction: send.transaction });
    return;
  }
  if (offset <= last.offset) {
    const isInside = send.transaction !== NONE && send.transaction === last.transaction;
    anomalies.add(
      isInside ? "int-nonmonotonic-send" : "nonmonotonic-send",
      `process ${send.process}, partition ${send.partition}: value ${send.value} at ${offset} after ${last.offset}`,
    );
  }
  last.offset = offset;
  last.transaction = send.transaction;
}
