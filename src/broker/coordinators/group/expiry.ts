// What passing time does to a group: sessions end, rebalances stop waiting, members that never sync are removed.
import { completeJoin, completeJoinIfAllHere, prepareRebalance, rebalance, removeMember } from "./rebalance.ts";
import type { GroupDraft } from "./draft.ts";
import { waitsForUs } from "./state.ts";

export function expire(draft: GroupDraft): void {
  expirePending(draft);
  expireSessions(draft);
  expireInitialDelay(draft);
  const { state, now } = draft;
  if (state.phase === "PreparingRebalance" && state.rebalanceDeadline !== undefined && state.rebalanceDeadline <= now) completeJoin(draft);
  if (state.syncDeadline !== undefined && state.syncDeadline <= now) expireSync(draft);
}

function expirePending(draft: GroupDraft): void {
  const { state, now } = draft;
  let any = false;
  for (const [memberId, deadline] of state.pendingMembers) {
    if (deadline > now) continue;
    draft.setPending(memberId, undefined);
    any = true;
  }
  if (any && state.phase === "PreparingRebalance") completeJoinIfAllHere(draft);
}

function expireSessions(draft: GroupDraft): void {
  const { state, now } = draft;
  let any = false;
  for (const member of state.members.values()) {
    if (member.deadline > now || waitsForUs(member)) continue;
    removeMember(draft, member);
    any = true;
  }
  if (any) rebalance(draft);
}

/** KIP-134: while newcomers keep arriving, the first rebalance waits on, up to the rebalance timeout. */
function expireInitialDelay(draft: GroupDraft): void {
  const { state, now, limits } = draft;
  const delay = state.initialDelay;
  if (delay === undefined || delay.until > now || state.phase !== "PreparingRebalance") return;
  if (delay.newcomers && delay.remainingMs > 0) {
    const next = Math.min(limits.initialRebalanceDelayMs, delay.remainingMs);
    state.initialDelay = { until: now + next, remainingMs: delay.remainingMs - next, newcomers: false };
    return;
  }
  completeJoin(draft);
}

function expireSync(draft: GroupDraft): void {
  const { state } = draft;
  state.syncDeadline = undefined;
  if (state.phase !== "CompletingRebalance" && state.phase !== "Stable") return;
  const late = [...state.pendingSync];
  for (const memberId of late) {
    const member = state.members.get(memberId);
    if (member !== undefined) removeMember(draft, member);
  }
  if (late.length > 0) prepareRebalance(draft);
}
