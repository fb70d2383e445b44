// A consumer group of the new protocol (KIP-848) as data: members, their epochs, who shall have which partition and who has it now.
// Invariant: a state is never changed after it was returned; a partition is never owned by two members.
import type { MemberProtocol } from "../group/state.ts";

/** Partitions as "topic id:partition". */
export type Partitions = ReadonlySet<string>;

/** What a member that still speaks the classic protocol said when it joined, and by when it must join or sync again. */
export interface ClassicSide {
  readonly sessionTimeoutMs: number;
  /** In its order of preference: the first one's name and version are used. */
  readonly protocols: readonly MemberProtocol[];
  /** Epoch ms: it was told of a rebalance. */
  readonly joinDeadline: number | undefined;
  /** Epoch ms: it has joined. */
  readonly syncDeadline: number | undefined;
}

export type MemberPhase = "stable" | "unrevoked" | "unreleased";

export interface ConsumerMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly rebalanceTimeoutMs: number;
  readonly topics: readonly string[];
  readonly regex: string | null;
  readonly assignor: string | null;
  /** LEFT_STATIC while a static member is away and its partitions wait for it. */
  readonly epoch: number;
  readonly previousEpoch: number;
  readonly phase: MemberPhase;
  readonly assigned: Partitions;
  /** The group epoch since which the member has each of `assigned` and `revoking`: a commit that is older than that is not its own (KIP-1251). */
  readonly since: ReadonlyMap<string, number>;
  /** Taken away, but perhaps still read by the member. */
  readonly revoking: Partitions;
  /** Epoch ms after which the member is removed. */
  readonly sessionDeadline: number;
  /** Epoch ms after which a member that does not give up its partitions is removed. */
  readonly revocationDeadline: number | undefined;
  /** undefined: it speaks the consumer protocol. */
  readonly classic: ClassicSide | undefined;
}

export interface ConsumerGroupState {
  readonly groupId: string;
  readonly epoch: number;
  /** The group epoch that `target` was made for. */
  readonly assignmentEpoch: number;
  /** Epoch ms; 0: not since the start. */
  readonly assignedAt: number;
  readonly target: ReadonlyMap<string, Partitions>;
  readonly members: ReadonlyMap<string, ConsumerMember>;
  /** A hash (52 bits) of what the subscribed topics were when the group epoch last moved. */
  readonly fingerprint: number;
}

export type ConsumerGroupPhase = "Empty" | "Assigning" | "Reconciling" | "Stable";

/** Of a group before its first member, as in Apache Kafka: the first member has the next one. */
export const FIRST_EPOCH = 1;
export const LEAVE = -1;
export const LEFT_STATIC = -2;
export const NO_PARTITIONS: Partitions = new Set();
export const SINCE_NEVER: ReadonlyMap<string, number> = new Map();

export interface ConsumerGroupLimits {
  readonly sessionTimeoutMs: number;
  /** The least time between two assignments; 0: none. */
  readonly assignmentIntervalMs: number;
  readonly maxSize: number;
}

/** The cluster's topics, as one decision sees them. */
export interface TopicsView {
  byName(name: string): { readonly id: string; readonly partitions: number } | undefined;
  byId(id: string): { readonly name: string } | undefined;
  /** Names of topics that a pattern matches. */
  matching(pattern: string): readonly string[];
}

/** What both protocols' members say of themselves. */
export interface MemberDescription {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** −1: as before. */
  readonly rebalanceTimeoutMs: number;
}

export interface HeartbeatRequest extends MemberDescription {
  readonly epoch: number;
  /** null: as before. */
  readonly topics: readonly string[] | null;
  readonly regex: string | null;
  readonly assignor: string | null;
  readonly owned: Partitions | null;
}

export interface HeartbeatReply {
  readonly error: number;
  readonly message: string | null;
  readonly epoch: number;
  /** null: as the member was told before. */
  readonly assignment: Partitions | null;
}

export function newConsumerGroup(groupId: string): ConsumerGroupState {
  return { groupId, epoch: FIRST_EPOCH, assignmentEpoch: 0, assignedAt: 0, target: new Map(), members: new Map(), fingerprint: 0 };
}

export function phaseOf(state: ConsumerGroupState): ConsumerGroupPhase {
  if (state.members.size === 0) return "Empty";
  if (state.epoch > state.assignmentEpoch) return "Assigning";
  for (const member of state.members.values()) {
    if (member.phase !== "stable" || (member.epoch !== state.assignmentEpoch && member.epoch !== LEFT_STATIC)) return "Reconciling";
  }
  return "Stable";
}

export function nextConsumerDeadline(state: ConsumerGroupState): number | undefined {
  let next = Infinity;
  for (const member of state.members.values()) next = Math.min(next, deadlineOf(member));
  return next === Infinity ? undefined : next;
}

/** Epoch ms after which the member is removed if nothing is heard of it. */
export function deadlineOf({ sessionDeadline, revocationDeadline, classic }: ConsumerMember): number {
  const others = [revocationDeadline, classic?.joinDeadline, classic?.syncDeadline];
  return others.reduce((least: number, deadline) => Math.min(least, deadline ?? Infinity), sessionDeadline);
}

export function partitionOf(key: string): { readonly topicId: string; readonly partition: number } {
  const colon = key.indexOf(":");
  return { topicId: key.slice(0, colon), partition: Number(key.slice(colon + 1)) };
}

export function sameSet<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean {
  if (a.size !== b.size) return false;
  for (const element of a) if (!b.has(element)) return false;
  return true;
}
