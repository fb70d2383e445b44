// Offsets of groups with one member at a time: what was committed is found again, nothing is found that nobody committed, and nobody
// commits what was not read.
import type { Anomalies } from "./anomalies.ts";
import { NONE, type OffsetCommit, type Operation } from "./history.ts";
import type { LogIndex } from "./log-index.ts";

export function checkCommittedOffsets(history: readonly Operation[], index: LogIndex, anomalies: Anomalies): void {
  const possible = new Map<string, Set<number>>();
  checkRead(history, anomalies);
  for (const operation of history) {
    if (operation.kind === "offset-commit") take(operation, index, possible);
    else if (operation.kind === "offset-fetch") {
      const name = `${operation.group}/${operation.partition}`;
      const allowed = possible.get(name) ?? new Set([NONE]);
      if (allowed.has(operation.offset)) continue;
      const isAhead = operation.offset > Math.max(...allowed);
      const where = `group ${operation.group}, partition ${operation.partition}: ${operation.offset} instead of ${[...allowed].slice(-5).join(" or ")}`;
      anomalies.add(isAhead ? "offset-committed-ahead" : "offset-commit-lost", where);
    }
  }
}

/** An acknowledged commit leaves one possible offset; one of unknown outcome adds another. */
function take(commit: OffsetCommit, index: LogIndex, possible: Map<string, Set<number>>): void {
  const name = `${commit.group}/${commit.partition}`;
  const outcome = outcomeOf(commit, index);
  if (outcome === "failed") return;
  if (outcome === "ok") possible.set(name, new Set([commit.offset]));
  else possible.set(name, (possible.get(name) ?? new Set([NONE])).add(commit.offset));
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
