// Who may speak for a group: member ids, instance ids and generations of requests against the group's own.
// A static member (KIP-345) that was replaced is fenced, every other stranger is unknown.
import { ErrorCode } from "../../../protocol/errors.ts";
import type { GroupState } from "./state.ts";

export interface Caller {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly generation: number;
}

/** ErrorCode.NONE if the caller is a member of the group. */
export function checkMember(state: GroupState, memberId: string, instanceId: string | null): number {
  if (instanceId !== null) {
    for (const member of state.members.values()) {
      if (member.instanceId === instanceId) return member.memberId === memberId ? ErrorCode.NONE : ErrorCode.FENCED_INSTANCE_ID;
    }
    return ErrorCode.UNKNOWN_MEMBER_ID;
  }
  return state.members.has(memberId) ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID;
}

export function checkCaller(state: GroupState, caller: Caller): number {
  if (state.phase === "Dead") return ErrorCode.COORDINATOR_NOT_AVAILABLE;
  const member = checkMember(state, caller.memberId, caller.instanceId);
  if (member !== ErrorCode.NONE) return member;
  return caller.generation === state.generation ? ErrorCode.NONE : ErrorCode.ILLEGAL_GENERATION;
}

/**
 * May this caller commit offsets? A caller without member id and generation is a simple consumer, which only an empty group
 * accepts; inside a transaction (KIP-447) it is an older producer, which says nothing about the group.
 */
export function checkCommit(state: GroupState | undefined, caller: Caller, transactional: boolean): number {
  const anonymous = caller.generation < 0 && caller.memberId === "" && caller.instanceId === null;
  if (state === undefined) return caller.generation < 0 ? ErrorCode.NONE : ErrorCode.ILLEGAL_GENERATION;
  if (state.phase === "Dead") return ErrorCode.COORDINATOR_NOT_AVAILABLE;
  if (caller.generation < 0 && state.phase === "Empty") return ErrorCode.NONE;
  if (anonymous) return transactional ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID;
  const error = checkCaller(state, caller);
  if (error !== ErrorCode.NONE) return error;
  return !transactional && state.phase === "CompletingRebalance" ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
}
