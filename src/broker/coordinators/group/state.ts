// A consumer group of the classic protocol as data: what the coordinator knows, what can happen to it, what it asks for.
// Invariant: a state is never changed after it was returned; requests are numbers, so no socket is reachable from here.
// Protocol: KIP-62 (rebalance timeout), KIP-134 (initial delay), KIP-345 (static members), KIP-394 (known member ids), KIP-814.

export type GroupPhase = "Empty" | "PreparingRebalance" | "CompletingRebalance" | "Stable" | "Dead";

export interface MemberProtocol {
  readonly name: string;
  readonly metadata: Uint8Array;
}

export interface Member {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /** In the member's order of preference. */
  readonly protocols: readonly MemberProtocol[];
  readonly assignment: Uint8Array;
  /** Has never been answered: it cannot heartbeat, because it does not know its id. */
  readonly isNew: boolean;
  readonly awaitingJoin: number | undefined;
  readonly awaitingSync: number | undefined;
  /** Epoch ms after which the member is removed, unless it waits for an answer of ours. */
  readonly deadline: number;
}

export interface GroupState {
  readonly groupId: string;
  readonly phase: GroupPhase;
  /** The phase before the present one: decides whether the initial delay is extended by newcomers. */
  readonly previousPhase: GroupPhase;
  readonly generation: number;
  readonly protocolType: string | null;
  readonly protocol: string | null;
  readonly leader: string | null;
  /** Topics that the members of this generation read; undefined: not known (subscription.ts). */
  readonly subscribed: ReadonlySet<string> | undefined;
  readonly members: ReadonlyMap<string, Member>;
  /** Member ids handed out with MEMBER_ID_REQUIRED that have not joined yet, with their deadline. */
  readonly pendingMembers: ReadonlyMap<string, number>;
  /** Members of this generation that have not sent SyncGroup yet. */
  readonly pendingSync: ReadonlySet<string>;
  readonly initialDelay: { readonly until: number; readonly remainingMs: number; readonly newcomers: boolean } | undefined;
  readonly rebalanceDeadline: number | undefined;
  readonly syncDeadline: number | undefined;
  /** The leader's assignment, while it is being written to the log. */
  readonly persisting: ReadonlyMap<string, Uint8Array> | undefined;
  readonly phaseSince: number;
}

export interface GroupLimits {
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
  readonly maxSize: number;
  readonly initialRebalanceDelayMs: number;
}

export interface JoinEvent {
  readonly kind: "join";
  readonly request: number;
  readonly memberId: string;
  /** The id a new member gets; made by the caller, since this module has no random. */
  readonly freshMemberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocolType: string;
  readonly protocols: readonly MemberProtocol[];
  /** KIP-394: JoinGroup v4 and later without an instance id. */
  readonly requireKnownMemberId: boolean;
  /** KIP-814: JoinGroup v9 and later. */
  readonly canSkipAssignment: boolean;
}

export interface SyncEvent {
  readonly kind: "sync";
  readonly request: number;
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly generation: number;
  readonly protocolType: string | null;
  readonly protocol: string | null;
  readonly assignments: ReadonlyMap<string, Uint8Array>;
}

export interface HeartbeatEvent {
  readonly kind: "heartbeat";
  readonly request: number;
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly generation: number;
}

export interface LeaveEvent {
  readonly kind: "leave";
  readonly request: number;
  readonly members: readonly { readonly memberId: string; readonly instanceId: string | null }[];
}

export type GroupEvent =
  | JoinEvent
  | SyncEvent
  | HeartbeatEvent
  | LeaveEvent
  /** The write asked for by a "persist" action with `answers: true` ended. */
  | { readonly kind: "persisted"; readonly generation: number; readonly error: number }
  /** An accepted offset commit counts as a heartbeat. */
  | { readonly kind: "committed"; readonly memberId: string }
  /** The group came from the consumer protocol, and its members must share anew. */
  | { readonly kind: "rebalance" }
  | { readonly kind: "tick" };

export interface JoinReply {
  readonly kind: "join-reply";
  readonly request: number;
  readonly error: number;
  readonly memberId: string;
  readonly generation: number;
  readonly protocolType: string | null;
  readonly protocol: string | null;
  readonly leader: string;
  readonly skipAssignment: boolean;
  readonly members: readonly { readonly memberId: string; readonly instanceId: string | null; readonly metadata: Uint8Array }[];
}

export interface SyncReply {
  readonly kind: "sync-reply";
  readonly request: number;
  readonly error: number;
  readonly protocolType: string | null;
  readonly protocol: string | null;
  readonly assignment: Uint8Array;
}

export interface LeaveReply {
  readonly kind: "leave-reply";
  readonly request: number;
  readonly members: readonly { readonly memberId: string; readonly instanceId: string | null; readonly error: number }[];
}

export type GroupAction =
  | JoinReply
  | SyncReply
  | LeaveReply
  | { readonly kind: "heartbeat-reply"; readonly request: number; readonly error: number }
  /** Write the group to the log. `answers`: report the end with a "persisted" event of this generation. */
  | { readonly kind: "persist"; readonly generation: number; readonly answers: boolean };

export type GroupDecision = readonly [GroupState, readonly GroupAction[]];

/** Join requests of members that do not know their id yet are given up after this long (Kafka's own figure). */
export const NEW_MEMBER_JOIN_TIMEOUT_MS = 5 * 60 * 1000;

export const NO_BYTES = new Uint8Array(0);

/** What a member says of itself. */
type Description = Pick<Member, "instanceId" | "clientId" | "clientHost" | "sessionTimeoutMs" | "rebalanceTimeoutMs" | "protocols">;

/** New, waiting for nothing, without an assignment. */
export function newMember(memberId: string, description: Description): Member {
  const { instanceId, clientId, clientHost, sessionTimeoutMs, rebalanceTimeoutMs, protocols } = description;
  return {
    memberId,
    instanceId,
    clientId,
    clientHost,
    sessionTimeoutMs,
    rebalanceTimeoutMs,
    protocols,
    assignment: NO_BYTES,
    isNew: true,
    awaitingJoin: undefined,
    awaitingSync: undefined,
    deadline: 0,
  };
}

export function newGroup(groupId: string, now: number): GroupState {
  return {
    groupId,
    phase: "Empty",
    previousPhase: "Empty",
    generation: 0,
    protocolType: null,
    protocol: null,
    leader: null,
    subscribed: undefined,
    members: new Map(),
    pendingMembers: new Map(),
    pendingSync: new Set(),
    initialDelay: undefined,
    rebalanceDeadline: undefined,
    syncDeadline: undefined,
    persisting: undefined,
    phaseSince: now,
  };
}

/** The earliest moment at which a "tick" has something to do; undefined when nothing is waited for. */
export function nextGroupDeadline(state: GroupState): number | undefined {
  let next = Infinity;
  for (const member of state.members.values()) if (!waitsForUs(member)) next = Math.min(next, member.deadline);
  for (const deadline of state.pendingMembers.values()) next = Math.min(next, deadline);
  for (const deadline of [state.initialDelay?.until, state.rebalanceDeadline, state.syncDeadline]) {
    if (deadline !== undefined) next = Math.min(next, deadline);
  }
  return next === Infinity ? undefined : next;
}

/** A known member whose request we hold is alive as far as we can tell: its silence is ours. */
export function waitsForUs(member: Member): boolean {
  return !member.isNew && (member.awaitingJoin !== undefined || member.awaitingSync !== undefined);
}
