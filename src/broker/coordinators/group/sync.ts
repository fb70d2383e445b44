// SyncGroup: the leader hands in everybody's assignment, which is written to the log before anybody gets it.
import { ErrorCode } from "../../../protocol/errors.ts";
import type { GroupDraft } from "./draft.ts";
import { dropAssignments, prepareRebalance } from "./rebalance.ts";
import { refuseSync, syncReply } from "./replies.ts";
import { NO_BYTES, type SyncEvent } from "./state.ts";
import { checkCaller } from "./validate.ts";

export function sync(draft: GroupDraft, event: SyncEvent): void {
  const { state, now } = draft;
  const refuse = (error: number): void => refuseSync(draft, event.request, error);
  const error = checkCaller(state, event);
  if (error !== ErrorCode.NONE) return refuse(error);
  if (event.protocolType !== null && event.protocolType !== state.protocolType) return refuse(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  if (event.protocol !== null && event.protocol !== state.protocol) return refuse(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  if (state.phase === "PreparingRebalance") return refuse(ErrorCode.REBALANCE_IN_PROGRESS);
  if (state.phase === "Empty") return refuse(ErrorCode.UNKNOWN_MEMBER_ID);
  synced(draft, event.memberId);
  const member = state.members.get(event.memberId)!;
  if (state.phase === "Stable") {
    draft.do(syncReply(state, event.request, member));
    draft.patch(member.memberId, { deadline: now + member.sessionTimeoutMs });
    return;
  }
  if (member.awaitingSync !== undefined) refuseSync(draft, member.awaitingSync, ErrorCode.REBALANCE_IN_PROGRESS);
  draft.patch(member.memberId, { awaitingSync: event.request });
  if (member.memberId !== state.leader || state.persisting !== undefined) return;
  state.persisting = event.assignments;
  draft.do({ kind: "persist", generation: state.generation, answers: true });
}

/** The write of the assignment ended: hand it out, or start again. */
export function assignmentPersisted(draft: GroupDraft, generation: number, error: number): void {
  const { state, now } = draft;
  if (state.phase !== "CompletingRebalance" || state.generation !== generation || state.persisting === undefined) return;
  const assignments = state.persisting;
  state.persisting = undefined;
  if (error !== ErrorCode.NONE) {
    dropAssignments(draft, error);
    prepareRebalance(draft);
    return;
  }
  draft.enter("Stable");
  for (const member of state.members.values()) {
    const assigned = draft.patch(member.memberId, { assignment: assignments.get(member.memberId) ?? NO_BYTES });
    if (member.awaitingSync === undefined) continue;
    draft.do(syncReply(state, member.awaitingSync, assigned));
    draft.patch(member.memberId, { awaitingSync: undefined, deadline: now + member.sessionTimeoutMs });
  }
}

function synced(draft: GroupDraft, memberId: string): void {
  const { state } = draft;
  if (!state.pendingSync.has(memberId)) return;
  const pending = new Set(state.pendingSync);
  pending.delete(memberId);
  state.pendingSync = pending;
  if (pending.size === 0) state.syncDeadline = undefined;
}
