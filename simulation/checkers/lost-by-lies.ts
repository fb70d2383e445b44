// A disk that answers a sync well and does nothing loses what it was trusted with when the power goes. What may be lost then is known: from
// the first offset that was promised and not on the platter to the end of that partition. This takes exactly that out of a history; all
// other rules hold for the rest. Invariant: what was written and acknowledged afterwards, and all that lies in front, is judged as ever.
import { NONE, UNKNOWN, type Loss, type Operation, type Poll } from "./history.ts";

export function withoutLies(history: readonly Operation[]): readonly Operation[] {
  if (!history.some(({ kind }) => kind === "loss")) return history;
  const losses = history.flatMap((operation, at) => (operation.kind === "loss" ? [{ loss: operation, at }] : []));
  const before = new Map<string, number>();
  /** The lowest loss that a process's reading of a partition may straddle: it may hold what it fetched before. */
  const stale = new Map<string, number>();
  const unobserved = new Set<number>();
  return history.flatMap((operation, at): Operation[] => {
    if (operation.kind === "loss") {
      noteLoss(operation, before, stale);
      unobserved.add(operation.partition);
      return [];
    }
    const lostFrom = (partition: number): number =>
      Math.min(Infinity, ...losses.filter((each) => each.at > at && each.loss.partition === partition).map(({ loss }) => loss.from));
    switch (operation.kind) {
      case "send":
        return operation.offset >= lostFrom(operation.partition)
          ? [{ ...operation, outcome: operation.transaction === NONE ? "unknown" : "failed", offset: NONE }]
          : [operation];
      case "assign": {
        const name = `${operation.process}/${operation.partition}`;
        before.set(name, operation.partition);
        stale.delete(name);
        const since = Math.min(
          Infinity,
          ...losses.filter((each) => each.at < at && each.loss.partition === operation.partition).map(({ loss }) => loss.from),
        );
        return [operation.from > since ? { ...operation, from: UNKNOWN } : operation];
      }
      case "poll":
        return [
          cut(operation, Math.min(lostFrom(operation.partition), stale.get(`${operation.process}/${operation.partition}`) ?? Infinity)),
        ];
      case "watermarks": {
        const from = lostFrom(operation.partition);
        if (unobserved.delete(operation.partition)) return [];
        return [{ ...operation, high: Math.min(operation.high, from), lastStable: Math.min(operation.lastStable, from) }];
      }
      default:
        return [operation];
    }
  });
}

/** Whoever reads the partition now may still hand out what it has fetched. */
function noteLoss({ partition, from }: Loss, readers: ReadonlyMap<string, number>, stale: Map<string, number>): void {
  for (const [name, of] of readers) if (of === partition) stale.set(name, Math.min(from, stale.get(name) ?? Infinity));
}

function cut(poll: Poll, from: number): Poll {
  if (!poll.offsets.some((offset) => offset >= from)) return poll;
  const kept = poll.offsets.flatMap((offset, row) => (offset < from ? [row] : []));
  return {
    ...poll,
    offsets: kept.map((row) => poll.offsets[row]!),
    values: kept.map((row) => poll.values[row]!),
    payloads: kept.map((row) => poll.payloads[row]!),
  };
}
