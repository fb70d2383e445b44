// The coordinator of new-protocol groups (KIP-848) as pure functions: (state, request, topics, now) -> state and reply. No I/O, no clock.
import { crc32c } from "../../../bytes/crc32c.ts";
import { ErrorCode, KafkaError } from "../../../protocol/errors.ts";
import { ASSIGNORS, type Subscriber } from "./assignors.ts";
import { reconcile } from "./reconcile.ts";
import { deadlineOf, LEAVE, LEFT_STATIC, NO_PARTITIONS, sameSet, SINCE_NEVER } from "./state.ts";
import type {
  ConsumerGroupLimits,
  ConsumerGroupState,
  ConsumerMember,
  HeartbeatReply,
  HeartbeatRequest,
  MemberDescription,
  Partitions,
  TopicsView,
} from "./state.ts";

export interface HeartbeatDecision {
  readonly state: ConsumerGroupState;
  readonly reply: HeartbeatReply;
}

const DEFAULT_ASSIGNOR = "uniform";

/** Throws a KafkaError, which is the reply; then nothing changed. */
export function heartbeat(
  state: ConsumerGroupState,
  request: HeartbeatRequest,
  topics: TopicsView,
  now: number,
  limits: ConsumerGroupLimits,
): HeartbeatDecision {
  if (request.epoch < 0) return leave(state, request, topics, now, limits);
  const before = request.epoch === 0 ? join(state, request, limits) : find(state, request);
  const member = updated(before.member, request, now + limits.sessionTimeoutMs);
  const counted = withEpochOf(before, member, topics);
  const { state: next, member: reconciled } = moved(counted, member, request.owned, topics, now, limits);
  const complete = request.rebalanceTimeoutMs !== -1 && (request.topics !== null || request.regex !== null) && request.owned !== null;
  const tells = request.epoch === 0 || complete || !sameSet(before.member.assigned, reconciled.assigned);
  const reply = { error: ErrorCode.NONE, message: null, epoch: reconciled.epoch, assignment: tells ? reconciled.assigned : null };
  return { state: next, reply };
}

/** With the member as it is now, and the next group epoch if that, or the topics, made a difference. */
export function withEpochOf(before: Found, member: ConsumerMember, topics: TopicsView): ConsumerGroupState {
  const state = withMember(before.state, member);
  const fingerprint = fingerprintOf(state, topics);
  const stays = !resubscribed(before.member, member) && fingerprint === state.fingerprint;
  return stays ? state : { ...state, epoch: state.epoch + 1, fingerprint };
}

/** A new assignment, if there is something to assign, and the member's next step towards it. */
export function moved(
  state: ConsumerGroupState,
  member: ConsumerMember,
  owned: Partitions | null,
  topics: TopicsView,
  now: number,
  limits: ConsumerGroupLimits,
): { readonly state: ConsumerGroupState; readonly member: ConsumerMember } {
  const isDue = state.epoch > state.assignmentEpoch && now >= state.assignedAt + limits.assignmentIntervalMs;
  const next = isDue ? assign(state, topics, now) : state;
  const target = next.target.get(member.memberId) ?? NO_PARTITIONS;
  const isTaken = (partition: string): boolean => isOwnedByAnother(next, member.memberId, partition);
  const reconciled = reconcile(member, owned, { epoch: next.assignmentEpoch, target, isTaken }, now);
  return { state: reconciled === member ? next : withMember(next, reconciled), member: reconciled };
}

/** Members whose time is over. */
export function overdue(state: ConsumerGroupState, now: number): string[] {
  return [...state.members.values()].filter((member) => deadlineOf(member) <= now).map(({ memberId }) => memberId);
}

/**
 * May this member read offsets, or commit those of `partitions` (those that can be kept, of a request for any)? An epoch that is not the
 * newest will do for partitions it has had since then (KIP-1251): the answer that brought the newer one may be on its way.
 */
export function checkMemberEpoch(state: ConsumerGroupState, memberId: string, epoch: number, partitions?: readonly string[]): number {
  if (epoch < 0 && state.members.size === 0) return ErrorCode.NONE;
  const member = state.members.get(memberId);
  if (member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
  if (member.epoch === epoch) return ErrorCode.NONE;
  const hasHad = (partition: string): boolean => (member.since.get(partition) ?? Infinity) <= epoch;
  const isKnown = epoch < member.epoch && partitions?.every(hasHad) === true;
  if (isKnown) return ErrorCode.NONE;
  return member.classic === undefined ? ErrorCode.STALE_MEMBER_EPOCH : ErrorCode.ILLEGAL_GENERATION;
}

export interface Found {
  readonly state: ConsumerGroupState;
  readonly member: ConsumerMember;
  readonly isNew: boolean;
}

function join(state: ConsumerGroupState, request: HeartbeatRequest, limits: ConsumerGroupLimits): Found {
  const former = request.instanceId === null ? undefined : staticMember(state, request.instanceId);
  if (former !== undefined && former.memberId !== request.memberId) return replace(state, former, request);
  const existing = state.members.get(request.memberId);
  if (existing !== undefined) {
    // The answer to its join was lost, or it was told to start again: it has nothing and gets what is its own.
    const member = { ...existing, epoch: 0, previousEpoch: 0, phase: "stable" as const, assigned: NO_PARTITIONS, since: SINCE_NEVER };
    return { state, member: { ...member, revoking: NO_PARTITIONS, revocationDeadline: undefined }, isNew: false };
  }
  if (state.members.size >= limits.maxSize) throw new KafkaError("GROUP_MAX_SIZE_REACHED");
  return { state, member: { ...blank(request), epoch: 0 }, isNew: true };
}

/** KIP-345: the successor of a static member that left for a while takes over its partitions. */
function replace(state: ConsumerGroupState, former: ConsumerMember, request: HeartbeatRequest): Found {
  if (former.epoch !== LEFT_STATIC && former.classic === undefined) {
    const message = `Static member ${request.memberId} with instance id ${former.instanceId} cannot join: member ${former.memberId} has it and has not left.`;
    throw new KafkaError("UNRELEASED_INSTANCE_ID", message);
  }
  return succeeded(state, former, request.memberId);
}

export function succeeded(state: ConsumerGroupState, former: ConsumerMember, memberId: string): Found {
  const members = new Map(state.members);
  const target = new Map(state.target);
  members.delete(former.memberId);
  target.delete(former.memberId);
  target.set(memberId, state.target.get(former.memberId) ?? NO_PARTITIONS);
  return { state: { ...state, members, target }, member: { ...former, memberId, epoch: 0, previousEpoch: 0 }, isNew: false };
}

function find(state: ConsumerGroupState, request: HeartbeatRequest): Found {
  const member = identified(state, request);
  const { epoch, owned } = request;
  if (epoch > member.epoch) throw fenced(member, epoch);
  if (epoch < member.epoch) {
    const repeats = epoch === member.previousEpoch && owned !== null && [...owned].every((partition) => member.assigned.has(partition));
    if (!repeats) throw fenced(member, epoch);
  }
  return { state, member, isNew: false };
}

export function identified(
  state: ConsumerGroupState,
  { memberId, instanceId }: Pick<HeartbeatRequest, "memberId" | "instanceId">,
): ConsumerMember {
  if (instanceId !== null) {
    const member = staticMember(state, instanceId);
    if (member === undefined) throw new KafkaError("UNKNOWN_MEMBER_ID", `There is no member with instance id ${instanceId}.`);
    if (member.memberId !== memberId)
      throw new KafkaError("FENCED_INSTANCE_ID", `Instance id ${instanceId} belongs to member ${member.memberId}.`);
    return member;
  }
  const member = state.members.get(memberId);
  if (member === undefined) throw new KafkaError("UNKNOWN_MEMBER_ID", `Member ${memberId} is not a member of group ${state.groupId}.`);
  return member;
}

function leave(
  state: ConsumerGroupState,
  request: HeartbeatRequest,
  topics: TopicsView,
  now: number,
  limits: ConsumerGroupLimits,
): HeartbeatDecision {
  const member = identified(state, request);
  const reply = { error: ErrorCode.NONE, message: null, epoch: request.epoch, assignment: null };
  if (request.epoch === LEAVE) return { state: without(state, [member.memberId], topics), reply };
  const away = { ...member, epoch: LEFT_STATIC, phase: "stable" as const, revoking: NO_PARTITIONS, revocationDeadline: undefined };
  return { state: withMember(state, { ...away, sessionDeadline: now + limits.sessionTimeoutMs }), reply };
}

function fenced(member: ConsumerMember, epoch: number): KafkaError {
  return new KafkaError(
    "FENCED_MEMBER_EPOCH",
    `The consumer group member has epoch ${epoch}, the coordinator knows it with epoch ${member.epoch}.`,
  );
}

export function staticMember(state: ConsumerGroupState, instanceId: string): ConsumerMember | undefined {
  for (const member of state.members.values()) if (member.instanceId === instanceId) return member;
  return undefined;
}

export function blank(request: MemberDescription): ConsumerMember {
  const { memberId, instanceId, rackId, clientId, clientHost } = request;
  const subscription = { rebalanceTimeoutMs: request.rebalanceTimeoutMs, topics: [], regex: null, assignor: null };
  const position = { epoch: 0, previousEpoch: 0, phase: "stable" as const, assigned: NO_PARTITIONS, since: SINCE_NEVER };
  const nothing = { revoking: NO_PARTITIONS, sessionDeadline: 0, revocationDeadline: undefined };
  return { memberId, instanceId, rackId, clientId, clientHost, ...subscription, ...position, ...nothing, classic: undefined };
}

function updated(member: ConsumerMember, request: HeartbeatRequest, sessionDeadline: number): ConsumerMember {
  const joins = request.epoch === 0;
  const topics = request.topics === null ? (joins ? [] : member.topics) : [...new Set(request.topics)].sort();
  return {
    ...member,
    instanceId: request.instanceId ?? member.instanceId,
    rackId: request.rackId ?? member.rackId,
    clientId: request.clientId,
    clientHost: request.clientHost,
    rebalanceTimeoutMs: request.rebalanceTimeoutMs === -1 ? member.rebalanceTimeoutMs : request.rebalanceTimeoutMs,
    topics,
    regex: request.regex === null ? (joins ? null : member.regex) : request.regex === "" ? null : request.regex,
    assignor: request.assignor ?? member.assignor,
    sessionDeadline,
    classic: undefined,
  };
}

function resubscribed(before: ConsumerMember, after: ConsumerMember): boolean {
  return before.regex !== after.regex || before.topics.join() !== after.topics.join();
}

export function withMember(state: ConsumerGroupState, member: ConsumerMember): ConsumerGroupState {
  return { ...state, members: new Map(state.members).set(member.memberId, member) };
}

/** All at once: one step of the group epoch, for what those that stay read. */
export function without(state: ConsumerGroupState, memberIds: readonly string[], topics: TopicsView): ConsumerGroupState {
  if (memberIds.length === 0) return state;
  const members = new Map(state.members);
  const target = new Map(state.target);
  for (const memberId of memberIds) {
    members.delete(memberId);
    target.delete(memberId);
  }
  const next = { ...state, members, target, epoch: state.epoch + 1 };
  return { ...next, fingerprint: fingerprintOf(next, topics) };
}

function isOwnedByAnother(state: ConsumerGroupState, memberId: string, partition: string): boolean {
  for (const member of state.members.values()) {
    if (member.memberId !== memberId && (member.assigned.has(partition) || member.revoking.has(partition))) return true;
  }
  return false;
}

/** Names, by list and by pattern. */
export function topicsOf(member: ConsumerMember, topics: TopicsView): Set<string> {
  return new Set([...member.topics, ...(member.regex === null ? [] : topics.matching(member.regex))]);
}

/** Of identity and size of every subscribed topic. */
export function fingerprintOf(state: ConsumerGroupState, topics: TopicsView): number {
  const names = new Set<string>();
  for (const member of state.members.values()) for (const name of topicsOf(member, topics)) names.add(name);
  const known = [...names].sort().flatMap((name) => {
    const topic = topics.byName(name);
    return topic === undefined ? [] : [`${topic.id}:${topic.partitions}`];
  });
  const text = new TextEncoder().encode(known.join());
  return crc32c(text) * 2 ** 20 + (crc32c(text.toReversed()) >>> 12);
}

function assign(state: ConsumerGroupState, topics: TopicsView, now: number): ConsumerGroupState {
  const sizes = new Map<string, number>();
  const subscribers: Subscriber[] = [];
  for (const member of state.members.values()) {
    const ids = new Set<string>();
    for (const name of topicsOf(member, topics)) {
      const topic = topics.byName(name);
      if (topic === undefined) continue;
      ids.add(topic.id);
      sizes.set(topic.id, topic.partitions);
    }
    const { memberId, instanceId } = member;
    subscribers.push({ memberId, instanceId, topics: ids, previous: state.target.get(memberId) ?? NO_PARTITIONS });
  }
  const target = ASSIGNORS.get(assignorOf(state))!(subscribers, sizes);
  for (const [memberId, partitions] of target) {
    const former = state.target.get(memberId);
    if (former !== undefined && sameSet(former, partitions)) target.set(memberId, former as Set<string>);
  }
  return { ...state, target, assignmentEpoch: state.epoch, assignedAt: now };
}

/** The one most members ask for. */
export function assignorOf(state: ConsumerGroupState): string {
  const votes = new Map<string, number>();
  for (const { assignor } of state.members.values()) if (assignor !== null) votes.set(assignor, (votes.get(assignor) ?? 0) + 1);
  let best = DEFAULT_ASSIGNOR;
  for (const [name, count] of votes) if (count > (votes.get(best) ?? 0)) best = name;
  return best;
}
