// Offsets of groups with one owner at a time: what was committed is found again, nothing is found that nobody committed, and nobody
// commits what was not read. An owner that was replaced may live on: what a transaction commits counts from its end on.
import type { Anomalies } from "./anomalies.ts";
import { NONE, type End, type OffsetCommit, type Operation } from "./history.ts";
import type { LogIndex } from "./log-index.ts";

export function checkCommittedOffsets(history: readonly Operation[], index: LogIndex, anomalies: Anomalies): void {
  checkRead(history, anomalies);
  const possible = new Possible();
  const commits = Map.groupBy(
    history.filter((operation) => operation.kind === "offset-commit"),
    ({ transaction }) => transaction,
  );
  /** Ends whose answers came at a position of the history. */
  const decided = new Map<number, End[]>();
  history.forEach((operation, at) => {
    for (const end of decided.get(at) ?? []) for (const commit of commits.get(end.transaction) ?? []) possible.settle(commit, "ok");
    if (operation.kind === "offset-commit" && operation.transaction === NONE) possible.settle(operation, operation.outcome);
    else if (operation.kind === "end") {
      const isUnderWay = operation.outcome === "committed" && (operation.decidedAt ?? 0) > at + 1;
      if (isUnderWay) decided.set(operation.decidedAt!, [...(decided.get(operation.decidedAt!) ?? []), operation]);
      for (const commit of commits.get(operation.transaction) ?? [])
        possible.settle(commit, isUnderWay ? "unknown" : outcomeOf(commit, index));
    } else if (operation.kind === "offset-fetch") {
      const allowed = possible.of(operation);
      if (allowed.has(operation.offset)) return;
      const isAhead = operation.offset > Math.max(...allowed);
      const where = `group ${operation.group}, partition ${operation.partition}: ${operation.offset} instead of ${[...allowed].slice(-5).join(" or ")}`;
      anomalies.add(isAhead ? "offset-committed-ahead" : "offset-commit-lost", where);
    }
  });
}

interface Place {
  readonly group: string;
  readonly partition: number;
}

/** The offsets that a group may find. */
class Possible {
  readonly #offsets = new Map<string, Set<number>>();

  of({ group, partition }: Place): Set<number> {
    return this.#offsets.get(`${group}/${partition}`) ?? new Set([NONE]);
  }

  /** An acknowledged commit leaves one possible offset; one of unknown outcome adds another. */
  settle(commit: OffsetCommit, outcome: OffsetCommit["outcome"]): void {
    if (outcome === "failed") return;
    const before = outcome === "ok" ? [] : this.of(commit);
    this.#offsets.set(`${commit.group}/${commit.partition}`, new Set([...before, commit.offset]));
  }
}

function outcomeOf(commit: OffsetCommit, index: LogIndex): OffsetCommit["outcome"] {
  if (commit.transaction === NONE || commit.outcome === "failed") return commit.outcome;
  const end = index.ends.get(commit.transaction)?.outcome;
  if (end === undefined || end === "aborted") return "failed";
  return end === "committed" ? "ok" : "unknown";
}

function checkRead(history: readonly Operation[], anomalies: Anomalies): void {
  /** Commits may also cover markers and aborted records that follow: what bounds them is the next record that the reader gets. */
  const claims = new Map<string, number>();
  for (const operation of history) {
    if (operation.kind !== "assign" && operation.kind !== "poll" && operation.kind !== "offset-commit") continue;
    const name = `${operation.process}/${operation.partition}`;
    if (operation.kind === "assign") claims.delete(name);
    else if (operation.kind === "offset-commit") claims.set(name, Math.max(claims.get(name) ?? -1, operation.offset));
    else {
      const claim = claims.get(name);
      const first = operation.offsets[0];
      if (claim !== undefined && first !== undefined && first < claim)
        anomalies.add("offset-committed-unread", `process ${operation.process} committed ${claim}, then read ${first}`);
    }
  }
}
