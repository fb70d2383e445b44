// The two halves of a rebalance: collect joins, then hand out the next generation. Shared by joins, leaves and expiries.
// Invariant: a generation is only handed out when every member either waits for it, is static, or has been removed.
import { ErrorCode } from "../../../protocol/errors.ts";
import type { GroupDraft } from "./draft.ts";
import { joinReply, refuseJoin, refuseSync } from "./replies.ts";
import { NO_BYTES, type GroupState, type Member } from "./state.ts";
import { subscribedTopics } from "./subscription.ts";

/** After a change of membership or metadata: start a rebalance, or go on with the one that runs. */
export function rebalance(draft: GroupDraft): void {
  const { phase } = draft.state;
  if (phase === "PreparingRebalance") completeJoinIfAllHere(draft);
  else if (phase !== "Dead") prepareRebalance(draft);
}

export function prepareRebalance(draft: GroupDraft): void {
  const { state, now, limits } = draft;
  if (state.phase === "CompletingRebalance") dropAssignments(draft, ErrorCode.REBALANCE_IN_PROGRESS);
  state.syncDeadline = undefined;
  state.pendingSync = new Set();
  state.persisting = undefined;
  const initial = state.phase === "Empty";
  draft.enter("PreparingRebalance");
  const delay = limits.initialRebalanceDelayMs;
  if (initial && delay > 0) {
    state.initialDelay = { until: now + delay, remainingMs: Math.max(rebalanceTimeout(state) - delay, 0), newcomers: false };
    return;
  }
  state.rebalanceDeadline = now + rebalanceTimeout(state);
  completeJoinIfAllHere(draft);
}

/** Members lose their assignment; those that wait for it are told why. */
export function dropAssignments(draft: GroupDraft, error: number): void {
  for (const member of draft.state.members.values()) {
    if (member.awaitingSync !== undefined) {
      refuseSync(draft, member.awaitingSync, error);
      draft.patch(member.memberId, { assignment: NO_BYTES, awaitingSync: undefined, deadline: draft.now + member.sessionTimeoutMs });
    } else if (member.assignment.length > 0) {
      draft.patch(member.memberId, { assignment: NO_BYTES });
    }
  }
}

export function completeJoinIfAllHere(draft: GroupDraft): void {
  const { state } = draft;
  if (state.initialDelay !== undefined || state.pendingMembers.size > 0) return;
  for (const member of state.members.values()) if (member.awaitingJoin === undefined) return;
  completeJoin(draft);
}

/** Ends the collection of joins, at the latest when the rebalance timeout has passed. */
export function completeJoin(draft: GroupDraft): void {
  const { state, now } = draft;
  state.initialDelay = undefined;
  for (const member of state.members.values()) {
    if (member.awaitingJoin === undefined && member.instanceId === null) removeMember(draft, member);
  }
  if (state.members.size > 0 && !electJoinedLeader(draft)) {
    state.rebalanceDeadline = now + rebalanceTimeout(state); // only static members are left and none of them is here: wait for their sessions
    return;
  }
  state.rebalanceDeadline = undefined;
  state.generation = state.generation >= 0x7fffffff ? 1 : state.generation + 1;
  if (state.members.size === 0) {
    state.protocol = null;
    state.leader = null;
    state.subscribed = subscribedTopics(state);
    draft.enter("Empty");
    draft.do({ kind: "persist", generation: state.generation, answers: false });
    return;
  }
  state.protocol = selectProtocol(state);
  state.subscribed = subscribedTopics(state);
  draft.enter("CompletingRebalance");
  state.pendingSync = new Set(state.members.keys());
  state.syncDeadline = now + rebalanceTimeout(state);
  for (const member of state.members.values()) {
    if (member.awaitingJoin === undefined) continue;
    draft.do(joinReply(state, member.awaitingJoin, member.memberId));
    draft.patch(member.memberId, { awaitingJoin: undefined, isNew: false, deadline: now + member.sessionTimeoutMs });
  }
}

/** Takes a member out and answers what it waits for. The caller decides whether a rebalance follows. */
export function removeMember(draft: GroupDraft, member: Member): void {
  const { state } = draft;
  if (member.awaitingJoin !== undefined) refuseJoin(draft, member.awaitingJoin, ErrorCode.UNKNOWN_MEMBER_ID, member.memberId);
  if (member.awaitingSync !== undefined) refuseSync(draft, member.awaitingSync, ErrorCode.UNKNOWN_MEMBER_ID);
  draft.drop(member.memberId);
  if (state.pendingSync.has(member.memberId)) {
    const pending = new Set(state.pendingSync);
    pending.delete(member.memberId);
    state.pendingSync = pending;
  }
  if (state.leader === member.memberId) state.leader = state.members.keys().next().value ?? null;
}

export function rebalanceTimeout(state: GroupState): number {
  let longest = 0;
  for (const member of state.members.values()) longest = Math.max(longest, member.rebalanceTimeoutMs);
  return longest;
}

/** Protocols every member supports; each member votes for the one it likes best. */
export function selectProtocol(state: GroupState): string {
  const candidates = commonProtocols(state);
  const votes = new Map<string, number>();
  for (const member of state.members.values()) {
    const vote = member.protocols.find((protocol) => candidates.has(protocol.name))?.name;
    if (vote !== undefined) votes.set(vote, (votes.get(vote) ?? 0) + 1);
  }
  let best: string | undefined;
  for (const [name, count] of votes) if (best === undefined || count > votes.get(best)!) best = name;
  if (best === undefined) throw new Error(`Group ${state.groupId} has members without a common protocol`);
  return best;
}

export function commonProtocols(state: GroupState): Set<string> {
  let common: Set<string> | undefined;
  for (const member of state.members.values()) {
    const names = new Set(member.protocols.map((protocol) => protocol.name));
    common = common === undefined ? names : new Set([...common].filter((name) => names.has(name)));
  }
  return common ?? new Set();
}

function electJoinedLeader(draft: GroupDraft): boolean {
  const { state } = draft;
  const present = state.leader === null ? undefined : state.members.get(state.leader);
  if (present?.awaitingJoin !== undefined) return true;
  for (const member of state.members.values()) {
    if (member.awaitingJoin === undefined) continue;
    state.leader = member.memberId;
    return true;
  }
  return false;
}
