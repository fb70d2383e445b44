// JoinGroup: who becomes a member, when that starts a rebalance, and when the present generation is simply repeated.
import { ErrorCode } from "../../../protocol/errors.ts";
import type { GroupDraft } from "./draft.ts";
import { commonProtocols, completeJoinIfAllHere, prepareRebalance, rebalance, selectProtocol } from "./rebalance.ts";
import { joinReply, memberMetadata, refuseJoin, refuseSync } from "./replies.ts";
import { NEW_MEMBER_JOIN_TIMEOUT_MS, newMember, type GroupState, type JoinEvent, type Member } from "./state.ts";
import { checkMember } from "./validate.ts";

export function join(draft: GroupDraft, event: JoinEvent): void {
  const { state, limits } = draft;
  const refuse = (error: number): void => refuseJoin(draft, event.request, error, event.memberId);
  if (state.phase === "Dead") return refuse(ErrorCode.COORDINATOR_NOT_AVAILABLE);
  if (event.sessionTimeoutMs < limits.minSessionTimeoutMs || event.sessionTimeoutMs > limits.maxSessionTimeoutMs) {
    return refuse(ErrorCode.INVALID_SESSION_TIMEOUT);
  }
  if (!accepts(draft, event)) {
    draft.setPending(event.memberId, undefined);
    return refuse(ErrorCode.GROUP_MAX_SIZE_REACHED);
  }
  if (!fitsProtocols(state, event)) return refuse(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
  if (event.memberId === "") joinAsStranger(draft, event);
  else joinAsMember(draft, event);
}

function joinAsStranger(draft: GroupDraft, event: JoinEvent): void {
  if (event.instanceId !== null) {
    const known = draft.staticMember(event.instanceId);
    if (known === undefined) addMember(draft, event, event.freshMemberId);
    else replaceStaticMember(draft, event, known);
  } else if (event.requireKnownMemberId) {
    draft.setPending(event.freshMemberId, draft.now + event.sessionTimeoutMs);
    refuseJoin(draft, event.request, ErrorCode.MEMBER_ID_REQUIRED, event.freshMemberId);
  } else {
    addMember(draft, event, event.freshMemberId);
  }
}

function joinAsMember(draft: GroupDraft, event: JoinEvent): void {
  const { state } = draft;
  if (event.instanceId === null && state.pendingMembers.has(event.memberId)) {
    draft.setPending(event.memberId, undefined);
    addMember(draft, event, event.memberId);
    return;
  }
  const error = checkMember(state, event.memberId, event.instanceId);
  if (error !== ErrorCode.NONE) return refuseJoin(draft, event.request, error, event.memberId);
  const member = state.members.get(event.memberId)!;
  const unchanged = sameProtocols(member, event);
  const repeat =
    state.phase === "CompletingRebalance" ? unchanged : state.phase === "Stable" && unchanged && state.leader !== member.memberId;
  if (state.phase === "Empty") return refuseJoin(draft, event.request, ErrorCode.UNKNOWN_MEMBER_ID, event.memberId);
  if (repeat) {
    draft.do(joinReply(state, event.request, member.memberId));
    draft.patch(member.memberId, { deadline: draft.now + member.sessionTimeoutMs });
    return;
  }
  updateMember(draft, member, event);
  rebalance(draft);
}

function addMember(draft: GroupDraft, event: JoinEvent, memberId: string): void {
  const { state } = draft;
  if (state.initialDelay !== undefined) state.initialDelay = { ...state.initialDelay, newcomers: true };
  if (state.members.size === 0) {
    state.protocolType = event.protocolType;
    state.leader = memberId;
  }
  draft.put({ ...newMember(memberId, event), isNew: true, awaitingJoin: event.request, deadline: draft.now + NEW_MEMBER_JOIN_TIMEOUT_MS });
  rebalance(draft);
}

function updateMember(draft: GroupDraft, member: Member, event: JoinEvent): Member {
  if (member.awaitingJoin !== undefined) refuseJoin(draft, member.awaitingJoin, ErrorCode.REBALANCE_IN_PROGRESS, member.memberId);
  const { protocols, sessionTimeoutMs, rebalanceTimeoutMs, clientId, clientHost } = event;
  return draft.patch(member.memberId, {
    protocols,
    sessionTimeoutMs,
    rebalanceTimeoutMs,
    clientId,
    clientHost,
    awaitingJoin: event.request,
  });
}

/** KIP-345: the new process takes over the old one's place; a stable group is not disturbed if its protocol stays the same. */
function replaceStaticMember(draft: GroupDraft, event: JoinEvent, old: Member): void {
  const { state, now } = draft;
  if (old.awaitingJoin !== undefined) refuseJoin(draft, old.awaitingJoin, ErrorCode.FENCED_INSTANCE_ID, old.memberId);
  if (old.awaitingSync !== undefined) refuseSync(draft, old.awaitingSync, ErrorCode.FENCED_INSTANCE_ID);
  const oldLeader = state.leader;
  const memberId = event.freshMemberId;
  const fresh = { ...newMember(memberId, event), assignment: old.assignment, isNew: false, deadline: now + event.sessionTimeoutMs };
  draft.rename(old.memberId, { ...fresh, awaitingJoin: event.request });
  if (oldLeader === old.memberId) state.leader = memberId;
  if (state.pendingSync.has(old.memberId)) {
    state.pendingSync = new Set([...state.pendingSync].map((id) => (id === old.memberId ? memberId : id)));
  }
  if (state.phase === "PreparingRebalance") return completeJoinIfAllHere(draft);
  if (state.phase !== "Stable" || selectProtocol(state) !== state.protocol) return prepareRebalance(draft);
  const leads = state.leader === memberId;
  const reply = {
    ...joinReply(state, event.request, memberId),
    leader: event.canSkipAssignment ? (state.leader ?? "") : (oldLeader ?? ""),
  };
  draft.do({
    ...reply,
    skipAssignment: event.canSkipAssignment && leads,
    members: event.canSkipAssignment && leads ? memberMetadata(state) : [],
  });
  draft.patch(memberId, { awaitingJoin: undefined });
  draft.do({ kind: "persist", generation: state.generation, answers: false });
}

/** A full group still takes back those it knows. */
function accepts(draft: GroupDraft, event: JoinEvent): boolean {
  const { members, phase } = draft.state;
  if (members.size < draft.limits.maxSize) return true;
  const known =
    event.memberId !== "" ? members.get(event.memberId) : event.instanceId !== null ? draft.staticMember(event.instanceId) : undefined;
  if (known === undefined) return false;
  if (phase !== "PreparingRebalance") return true;
  let waiting = 0;
  for (const member of members.values()) if (member.awaitingJoin !== undefined) waiting++;
  return known.awaitingJoin !== undefined || waiting < draft.limits.maxSize;
}

function fitsProtocols(state: GroupState, event: JoinEvent): boolean {
  if (event.protocolType === "" || event.protocols.length === 0) return false;
  if (state.members.size === 0) return true;
  if (state.protocolType !== event.protocolType) return false;
  const common = commonProtocols(state);
  return event.protocols.some((protocol) => common.has(protocol.name));
}

function sameProtocols(member: Member, event: JoinEvent): boolean {
  if (member.protocols.length !== event.protocols.length) return false;
  return member.protocols.every((protocol, i) => {
    const other = event.protocols[i]!;
    return protocol.name === other.name && sameBytes(protocol.metadata, other.metadata);
  });
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
