// A group moves from one protocol to the other while it runs (KIP-848, online migration), as pure functions. Up: the first member of the
// consumer protocol joins a classic group of consumers. Down: the last one leaves, and those that stay speak the classic protocol.
// Invariant: nobody's partitions change by the conversion itself.
import { FrameError } from "../../../bytes/frame-error.ts";
import { KafkaError } from "../../../protocol/errors.ts";
import { readAssignment, readSubscription, writeAssignment } from "../consumer-group/consumer-protocol.ts";
import { fingerprintOf } from "../consumer-group/decide.ts";
import { newConsumerGroup, NO_PARTITIONS, type ConsumerGroupState, type ConsumerMember, type TopicsView } from "../consumer-group/state.ts";
import { selectProtocol } from "./rebalance.ts";
import { metadataFor } from "./replies.ts";
import { newGroup, newMember, type GroupState, type Member } from "./state.ts";
import { CONSUMER_PROTOCOL, subscribedTopics } from "./subscription.ts";

export interface Migration {
  readonly up: boolean;
  readonly down: boolean;
}

/** Of group.consumer.migration.policy. */
export function migrationOf(policy: string): Migration {
  const name = policy.toLowerCase();
  return { up: name === "bidirectional" || name === "upgrade", down: name === "bidirectional" || name === "downgrade" };
}

/** Throws GROUP_ID_NOT_FOUND if the group must stay what it is; the message says why. */
export function toConsumerGroup(
  classic: GroupState,
  topics: TopicsView,
  migration: Migration,
  maxSize: number,
  now: number,
): ConsumerGroupState {
  const refuse = (why: string): never => {
    throw new KafkaError("GROUP_ID_NOT_FOUND", `Cannot upgrade classic group ${classic.groupId} to consumer group because ${why}.`);
  };
  if (!migration.up) refuse("online upgrade is disabled");
  if (classic.protocolType !== CONSUMER_PROTOCOL) refuse("the group does not use the consumer embedded protocol");
  if (classic.members.size > maxSize) refuse("the group size exceeds the consumer group maximum size");
  try {
    const members = new Map<string, ConsumerMember>();
    for (const member of classic.members.values()) {
      const { partitions, userData } = readAssignment(member.assignment, topics);
      if (userData) refuse("an unsupported custom assignor is in use");
      members.set(member.memberId, modernMember(member, classic, partitions, topics, now));
    }
    const target = new Map([...members].map(([memberId, { assigned }]) => [memberId, assigned]));
    const { generation } = classic;
    const group = { ...newConsumerGroup(classic.groupId), epoch: generation, assignmentEpoch: generation, members, target };
    return { ...group, fingerprint: fingerprintOf(group, topics) };
  } catch (error) {
    if (error instanceof FrameError) return refuse("the embedded consumer protocol is malformed");
    throw error;
  }
}

function modernMember(
  member: Member,
  { protocol, generation }: GroupState,
  assigned: ReadonlySet<string>,
  topics: TopicsView,
  now: number,
): ConsumerMember {
  const { memberId, instanceId, clientId, clientHost, sessionTimeoutMs, rebalanceTimeoutMs, protocols } = member;
  const subscription = readSubscription(metadataFor(member, protocol), topics);
  return {
    memberId,
    instanceId,
    rackId: subscription.rackId,
    clientId,
    clientHost,
    rebalanceTimeoutMs,
    topics: [...new Set(subscription.topics)].sort(),
    regex: null,
    assignor: null,
    epoch: generation,
    previousEpoch: generation,
    phase: "stable",
    assigned,
    since: new Map([...assigned].map((partition) => [partition, generation])),
    revoking: NO_PARTITIONS,
    sessionDeadline: now + sessionTimeoutMs,
    revocationDeadline: undefined,
    classic: { sessionTimeoutMs, protocols, joinDeadline: undefined, syncDeadline: undefined },
  };
}

/** Whether the group becomes a classic one when `leavers` are gone. */
export function becomesClassic(state: ConsumerGroupState, leavers: ReadonlySet<string>, migration: Migration, maxSize: number): boolean {
  const staying = [...state.members.values()].filter(({ memberId }) => !leavers.has(memberId));
  if (!migration.down || staying.length === 0 || staying.length > maxSize) return false;
  return staying.length < state.members.size && staying.every(({ classic }) => classic !== undefined);
}

/** The group without `leavers`, stable, in the generation that the group epoch is: a rebalance may have to follow. */
export function toClassicGroup(state: ConsumerGroupState, leavers: ReadonlySet<string>, topics: TopicsView, now: number): GroupState {
  const members = new Map<string, Member>();
  for (const member of state.members.values()) {
    if (!leavers.has(member.memberId)) members.set(member.memberId, classicMember(member, now));
  }
  const leader = members.keys().next().value ?? null;
  const group = { ...newGroup(state.groupId, now), protocolType: CONSUMER_PROTOCOL, generation: state.epoch, leader, members };
  const stable = { ...group, phase: "Stable" as const, previousPhase: "Stable" as const, protocol: selectProtocol(group) };
  for (const [memberId, member] of members) {
    const target = state.target.get(memberId) ?? NO_PARTITIONS;
    members.set(memberId, { ...member, assignment: writeAssignment(target, metadataFor(member, stable.protocol), topics) });
  }
  return { ...stable, subscribed: subscribedTopics(stable) };
}

function classicMember(member: ConsumerMember, now: number): Member {
  const { sessionTimeoutMs } = member.classic!;
  return { ...newMember(member.memberId, { ...member, ...member.classic! }), isNew: false, deadline: now + sessionTimeoutMs };
}
