// The classic group coordinator as one pure function: (state, event, now) -> [state, actions]. No I/O, no clock, no random.
import { ErrorCode } from "../../../protocol/errors.ts";
import { GroupDraft } from "./draft.ts";
import { expire } from "./expiry.ts";
import { join } from "./join.ts";
import { completeJoinIfAllHere, prepareRebalance, rebalance, removeMember } from "./rebalance.ts";
import { refuseJoin, refuseSync } from "./replies.ts";
import type { GroupAction, GroupDecision, GroupEvent, GroupLimits, GroupState, HeartbeatEvent, LeaveEvent } from "./state.ts";
import { assignmentPersisted, sync } from "./sync.ts";
import { checkCaller, checkMember } from "./validate.ts";

const NO_LIMITS: GroupLimits = { minSessionTimeoutMs: 0, maxSessionTimeoutMs: 0, maxSize: 0, initialRebalanceDelayMs: 0 };

export function decideGroup(state: GroupState, event: GroupEvent, now: number, limits: GroupLimits): GroupDecision {
  const draft = new GroupDraft(state, now, limits);
  switch (event.kind) {
    case "join":
      join(draft, event);
      break;
    case "sync":
      sync(draft, event);
      break;
    case "heartbeat":
      heartbeat(draft, event);
      break;
    case "leave":
      leave(draft, event);
      break;
    case "persisted":
      assignmentPersisted(draft, event.generation, event.error);
      break;
    case "committed":
      stayAlive(draft, event.memberId);
      break;
    case "rebalance":
      prepareRebalance(draft);
      break;
    case "tick":
      expire(draft);
      break;
  }
  return draft.done();
}

/** Answers for all that wait, when the group goes to the other protocol: they are to come again. */
export function dissolve(state: GroupState): readonly GroupAction[] {
  const draft = new GroupDraft(state, state.phaseSince, NO_LIMITS);
  for (const { awaitingJoin, awaitingSync, memberId } of state.members.values()) {
    if (awaitingJoin !== undefined) refuseJoin(draft, awaitingJoin, ErrorCode.REBALANCE_IN_PROGRESS, memberId);
    if (awaitingSync !== undefined) refuseSync(draft, awaitingSync, ErrorCode.REBALANCE_IN_PROGRESS);
  }
  return draft.actions;
}

function heartbeat(draft: GroupDraft, event: HeartbeatEvent): void {
  const { state } = draft;
  let error = checkCaller(state, event);
  if (error === ErrorCode.NONE) {
    stayAlive(draft, event.memberId);
    if (state.phase === "PreparingRebalance") error = ErrorCode.REBALANCE_IN_PROGRESS;
  }
  draft.do({ kind: "heartbeat-reply", request: event.request, error });
}

function leave(draft: GroupDraft, event: LeaveEvent): void {
  const before = draft.state.members.size;
  const members = event.members.map(({ memberId, instanceId }) => ({ memberId, instanceId, error: leaveOne(draft, memberId, instanceId) }));
  draft.do({ kind: "leave-reply", request: event.request, members });
  if (draft.state.members.size < before) rebalance(draft);
  else if (draft.state.phase === "PreparingRebalance") completeJoinIfAllHere(draft);
}

function leaveOne(draft: GroupDraft, memberId: string, instanceId: string | null): number {
  const { state } = draft;
  if (state.phase === "Dead") return ErrorCode.COORDINATOR_NOT_AVAILABLE;
  if (instanceId === null && state.pendingMembers.has(memberId)) {
    draft.setPending(memberId, undefined);
    return ErrorCode.NONE;
  }
  const named = instanceId !== null && memberId === "" ? draft.staticMember(instanceId)?.memberId : memberId;
  const error = checkMember(state, named ?? "", instanceId);
  if (error === ErrorCode.NONE) removeMember(draft, state.members.get(named!)!);
  return error;
}

function stayAlive(draft: GroupDraft, memberId: string): void {
  const member = draft.state.members.get(memberId);
  if (member !== undefined) draft.patch(memberId, { deadline: draft.now + member.sessionTimeoutMs });
}
