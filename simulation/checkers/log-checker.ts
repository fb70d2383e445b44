// Judges a history of a log by what clients saw, and by nothing else: it imports nothing from the product. After Jepsen's Kafka workload.
import { Anomalies } from "./anomalies.ts";
import { checkCommittedOffsets } from "./committed-offsets.ts";
import { NONE, type Operation, type Poll, type Send } from "./history.ts";
import { buildIndex, mustBeVisible, partitionOf, type LogIndex } from "./log-index.ts";
import { withoutLies } from "./lost-by-lies.ts";
import { checkOrder } from "./order.ts";
import { checkWatermarks } from "./log-watermarks.ts";
import { checkCycles } from "./write-read-cycles.ts";

/** Every rule that a history can break. */
export const LOG_RULES = [
  "inconsistent-offset",
  "duplicate",
  "lost-write",
  "unseen-write",
  "vanished-read",
  "aborted-read",
  "failed-read",
  "uncommitted-read",
  "early-read",
  "torn-transaction",
  "phantom-value",
  "payload-changed",
  "wrong-partition",
  "poll-skip",
  "int-poll-skip",
  "nonmonotonic-poll",
  "int-nonmonotonic-poll",
  "nonmonotonic-send",
  "int-nonmonotonic-send",
  "high-watermark-back",
  "high-watermark-behind",
  "log-start-back",
  "last-stable-back",
  "last-stable-ahead",
  "last-stable-stalled",
  "offset-commit-lost",
  "offset-committed-ahead",
  "offset-committed-unread",
  "write-read-cycle",
] as const;

export function checkLog(recorded: readonly Operation[]): Anomalies {
  const history = withoutLies(recorded);
  const anomalies = new Anomalies();
  const index = buildIndex(history, anomalies);
  history.forEach((operation, at) => {
    if (operation.kind === "poll") checkReads(index, operation, at, anomalies);
  });
  checkWrites(index, anomalies);
  checkTransactions(index, anomalies);
  checkOrder(history, index, anomalies);
  checkWatermarks(history, anomalies);
  checkCommittedOffsets(history, index, anomalies);
  checkCycles(history, index, anomalies);
  return anomalies;
}

/** Every value that a reader got was sent, here, as it was read, and may be seen by this reader at this time. */
function checkReads(index: LogIndex, poll: Poll, at: number, anomalies: Anomalies): void {
  for (let row = 0; row < poll.values.length; row++) {
    const value = poll.values[row]!;
    const send = index.sends.get(value);
    const where = (): string => `value ${value} at offset ${poll.offsets[row]} of partition ${poll.partition}, operation ${at}`;
    if (send === undefined) {
      anomalies.add("phantom-value", where());
      continue;
    }
    if (send.partition !== poll.partition) anomalies.add("wrong-partition", where());
    if (send.payload !== poll.payloads[row]) anomalies.add("payload-changed", where());
    if (index.sentAt.get(value)! > at) anomalies.add("early-read", where());
    if (send.outcome === "failed" && send.transaction === NONE) anomalies.add("failed-read", where());
    if (poll.isolation !== "read_committed" || send.transaction === NONE) continue;
    const end = index.ends.get(send.transaction);
    if (end === undefined || index.endAskedAt.get(send.transaction)! > at) anomalies.add("uncommitted-read", where());
    else if (end.outcome === "aborted") anomalies.add("aborted-read", where());
  }
}

/** What was acknowledged is there at the end, and so is what anybody was shown. */
function checkWrites(index: LogIndex, anomalies: Anomalies): void {
  for (const send of index.sends.values()) {
    const partition = partitionOf(index, send.partition);
    const offset = index.offsetOf.get(send.value);
    if (offset !== undefined && offset < partition.logStart) continue;
    const isThere = partition.finalCommitted.has(send.value);
    if (mustBeVisible(index, send)) {
      const seen = partition.hasFinalCommitted ? isThere : index.readAnyhow.has(send.value);
      if (!seen) anomalies.add(isBelowEnd(index, send) ? "lost-write" : "unseen-write", describe(send));
    }
    if (!partition.hasFinalCommitted) continue;
    if (!isThere && index.readCommitted.has(send.value)) anomalies.add("vanished-read", describe(send));
    else if (partition.hasFinalAll && !partition.finalAll.has(send.value) && index.readAnyhow.has(send.value))
      anomalies.add("vanished-read", describe(send));
  }
}

function isBelowEnd(index: LogIndex, send: Send): boolean {
  const offset = send.offset >= 0 ? send.offset : index.offsetOf.get(send.value);
  const last = partitionOf(index, send.partition).committed.findLast((each) =>
    index.readAnyhow.has(partitionOf(index, send.partition).valueAt.get(each)!),
  );
  return offset !== undefined && last !== undefined && offset < last;
}

/** All of a transaction, or nothing. */
function checkTransactions(index: LogIndex, anomalies: Anomalies): void {
  const shown = new Map<number, { seen: number; missing: Send[] }>();
  for (const send of index.sends.values()) {
    const partition = partitionOf(index, send.partition);
    if (send.transaction === NONE || send.outcome === "failed" || !partition.hasFinalCommitted) continue;
    let counts = shown.get(send.transaction);
    if (counts === undefined) shown.set(send.transaction, (counts = { seen: 0, missing: [] }));
    if (partition.finalCommitted.has(send.value)) counts.seen++;
    else if ((index.offsetOf.get(send.value) ?? Infinity) >= partition.logStart) counts.missing.push(send);
  }
  for (const [transaction, { seen, missing }] of shown)
    if (seen > 0 && missing.length > 0)
      anomalies.add("torn-transaction", `transaction ${transaction}: ${seen} seen, missing ${describe(missing[0]!)}`);
}

function describe(send: Send): string {
  const offset = send.offset >= 0 ? ` offset ${send.offset}` : "";
  return `value ${send.value} (${send.outcome}) of process ${send.process} in partition ${send.partition}${offset}`;
}
