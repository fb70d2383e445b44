// Members that still speak the classic protocol inside of a group of the consumer protocol (KIP-848, online migration), as pure functions:
// JoinGroup subscribes and moves, SyncGroup tells the assignment, Heartbeat says when to join again, LeaveGroup leaves. A refusal is a
// KafkaError; then nothing changed.
import { FrameError } from "../../../bytes/frame-error.ts";
import { ErrorCode, KafkaError } from "../../../protocol/errors.ts";
import type { JoinEvent, LeaveEvent, LeaveReply, SyncEvent } from "../group/state.ts";
import { CONSUMER_PROTOCOL } from "../group/subscription.ts";
import { readSubscription, writeAssignment, type ClassicSubscription } from "./consumer-protocol.ts";
import { blank, identified, moved, staticMember, succeeded, withEpochOf, withMember, type Found } from "./decide.ts";
import type { ClassicSide, ConsumerGroupLimits, ConsumerGroupState, ConsumerMember, TopicsView } from "./state.ts";

type Ask<E extends { readonly request: number }> = Omit<E, "request" | "kind">;
export type ClassicJoin = Ask<JoinEvent>;

export interface ClassicJoinDecision {
  readonly state: ConsumerGroupState;
  readonly member: ConsumerMember;
}

export function classicJoin(
  state: ConsumerGroupState,
  ask: ClassicJoin,
  topics: TopicsView,
  now: number,
  limits: ConsumerGroupLimits,
): ClassicJoinDecision {
  const memberId = ask.memberId === "" ? ask.freshMemberId : ask.memberId;
  if (state.members.size >= limits.maxSize && !state.members.has(memberId)) throw new KafkaError("GROUP_MAX_SIZE_REACHED");
  if (!supports(state, ask)) throw new KafkaError("INCONSISTENT_GROUP_PROTOCOL", `Member ${memberId}'s protocols are not supported.`);
  if (ask.memberId === "" && ask.requireKnownMemberId) throw new KafkaError("MEMBER_ID_REQUIRED");
  const found = subscriber(state, ask, memberId);
  const subscription = subscriptionOf(ask, topics);
  const member = joined(found.member, ask, subscription, now);
  const counted = withEpochOf(found, member, topics);
  return moved(counted, member, subscription.owned, topics, now, limits);
}

function subscriptionOf({ protocols }: ClassicJoin, topics: TopicsView): ClassicSubscription {
  try {
    return readSubscription(protocols[0]!.metadata, topics);
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    throw new KafkaError("UNKNOWN_SERVER_ERROR", "Malformed embedded consumer protocol in subscription deserialization.");
  }
}

function supports(state: ConsumerGroupState, { protocolType, protocols }: ClassicJoin): boolean {
  if (protocolType !== CONSUMER_PROTOCOL || protocols.length === 0) return false;
  const classics = [...state.members.values()].flatMap(({ classic }) => (classic === undefined ? [] : [classic]));
  return protocols.some(({ name }) => classics.every((classic) => classic.protocols.some((protocol) => protocol.name === name)));
}

function subscriber(state: ConsumerGroupState, ask: ClassicJoin, memberId: string): Found {
  if (ask.instanceId === null || (ask.memberId === "" && staticMember(state, ask.instanceId) === undefined)) {
    const known = state.members.get(memberId);
    const description = { ...ask, memberId, rackId: null };
    return { state, member: known ?? blank(description), isNew: known === undefined };
  }
  if (ask.memberId !== "") return { state, member: identified(state, ask), isNew: false };
  return succeeded(state, staticMember(state, ask.instanceId)!, memberId);
}

function joined(member: ConsumerMember, ask: ClassicJoin, { topics, rackId }: ClassicSubscription, now: number): ConsumerMember {
  const { sessionTimeoutMs, rebalanceTimeoutMs, protocols, clientId, clientHost } = ask;
  return {
    ...member,
    instanceId: ask.instanceId ?? member.instanceId,
    rackId: rackId ?? member.rackId,
    clientId,
    clientHost,
    rebalanceTimeoutMs,
    topics: [...new Set(topics)].sort(),
    regex: null,
    sessionDeadline: now + sessionTimeoutMs,
    revocationDeadline: undefined,
    classic: { sessionTimeoutMs, protocols, joinDeadline: undefined, syncDeadline: now + rebalanceTimeoutMs },
  };
}

export interface ClassicSyncDecision {
  readonly state: ConsumerGroupState;
  readonly assignment: Uint8Array;
}

/** `state` of a refusal: the member has been told to join again, and has its rebalance timeout to do so. */
export function classicSync(
  state: ConsumerGroupState,
  ask: Ask<SyncEvent>,
  topics: TopicsView,
  now: number,
): ClassicSyncDecision | ClassicRefusal {
  const { member, classic } = classicMember(state, ask);
  const [protocol] = classic.protocols;
  const otherType = ask.protocolType !== null && ask.protocolType !== CONSUMER_PROTOCOL;
  if (otherType || (ask.protocol !== null && ask.protocol !== protocol!.name)) throw new KafkaError("INCONSISTENT_GROUP_PROTOCOL");
  if (state.assignmentEpoch > member.epoch && member.phase !== "unrevoked") return mustJoin(state, member, classic, now);
  const synced = { ...member, sessionDeadline: now + classic.sessionTimeoutMs, classic: { ...classic, syncDeadline: undefined } };
  return { state: withMember(state, synced), assignment: writeAssignment(member.assigned, protocol!.metadata, topics) };
}

export interface ClassicRefusal {
  readonly state: ConsumerGroupState;
  readonly error: number;
}

export function classicHeartbeat(
  state: ConsumerGroupState,
  ask: { readonly memberId: string; readonly instanceId: string | null; readonly generation: number },
  now: number,
): ClassicRefusal {
  const { member, classic } = classicMember(state, ask);
  const alive = { ...member, sessionDeadline: now + classic.sessionTimeoutMs };
  const next = withMember(state, alive);
  const released = member.phase === "unreleased" && !waitsForOthers(state, member);
  if (member.epoch < state.assignmentEpoch || member.phase === "unrevoked" || released) return mustJoin(next, alive, classic, now);
  return { state: next, error: ErrorCode.NONE };
}

function mustJoin(state: ConsumerGroupState, member: ConsumerMember, classic: ClassicSide, now: number): ClassicRefusal {
  const joinDeadline = classic.joinDeadline ?? now + member.rebalanceTimeoutMs;
  return { state: withMember(state, { ...member, classic: { ...classic, joinDeadline } }), error: ErrorCode.REBALANCE_IN_PROGRESS };
}

function waitsForOthers(state: ConsumerGroupState, member: ConsumerMember): boolean {
  for (const partition of state.target.get(member.memberId) ?? []) {
    if (member.assigned.has(partition)) continue;
    for (const other of state.members.values()) if (other.assigned.has(partition) || other.revoking.has(partition)) return true;
  }
  return false;
}

/** Throws UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID or ILLEGAL_GENERATION. */
function classicMember(
  state: ConsumerGroupState,
  ask: { readonly memberId: string; readonly instanceId: string | null; readonly generation: number },
): { readonly member: ConsumerMember; readonly classic: ClassicSide } {
  const member = identified(state, ask);
  const { classic } = member;
  if (classic === undefined) throw new KafkaError("UNKNOWN_MEMBER_ID", `Member ${ask.memberId} does not use the classic protocol.`);
  if (member.epoch !== ask.generation) throw new KafkaError("ILLEGAL_GENERATION");
  return { member, classic };
}

/** Members of both protocols leave so. */
export function classicLeave(
  state: ConsumerGroupState,
  leaving: LeaveEvent["members"],
): { readonly leavers: readonly string[]; readonly members: LeaveReply["members"] } {
  const leavers = new Set<string>();
  const members = leaving.map(({ memberId, instanceId }) => {
    try {
      const named = instanceId !== null && memberId === "" ? (staticMember(state, instanceId)?.memberId ?? "") : memberId;
      leavers.add(identified(state, { memberId: named, instanceId }).memberId);
      return { memberId, instanceId, error: ErrorCode.NONE };
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      return { memberId, instanceId, error: error.errorCode };
    }
  });
  return { leavers: [...leavers], members };
}
