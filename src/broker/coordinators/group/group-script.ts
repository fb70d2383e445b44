// Test help: drives decideGroup by hand, with a clock of its own, and keeps what it answered.
import { ErrorCode } from "../../../protocol/errors.ts";
import { decideGroup } from "./decide.ts";
import { newGroup, type GroupAction, type GroupEvent, type GroupLimits, type GroupState, type JoinReply, type SyncReply } from "./state.ts";

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

interface JoinOptions {
  readonly fresh?: string;
  readonly instance?: string;
  readonly known?: boolean;
  readonly skip?: boolean;
  readonly protocols?: readonly string[];
  readonly metadata?: string;
  readonly sessionTimeoutMs?: number;
  readonly rebalanceTimeoutMs?: number;
}

type Reply = Exclude<GroupAction, { kind: "persist" }>;

export class GroupScript {
  state: GroupState;
  now = 1_000_000;
  lastRequest = -1;
  readonly persists: number[] = [];
  readonly replies = new Map<number, Reply>();
  readonly #limits: GroupLimits;
  readonly #joins = new Map<string, number>();
  readonly #syncs = new Map<string, number>();

  constructor(limits: Partial<GroupLimits> = {}) {
    this.#limits = { minSessionTimeoutMs: 1000, maxSessionTimeoutMs: 300_000, maxSize: 100, initialRebalanceDelayMs: 0, ...limits };
    this.state = newGroup("g", this.now);
  }

  apply(event: GroupEvent): readonly GroupAction[] {
    const [state, actions] = decideGroup(this.state, event, this.now, this.#limits);
    this.state = state;
    for (const action of actions) {
      if (action.kind !== "persist") this.replies.set(action.request, action);
      else if (action.answers) this.persists.push(action.generation);
    }
    return actions;
  }

  advance(ms: number): void {
    this.now += ms;
    this.apply({ kind: "tick" });
  }

  join(memberId: string, options: JoinOptions = {}): JoinReply | undefined {
    const request = this.#request();
    const { fresh = "fresh", instance = null, known = false, skip = false, protocols = ["range"], metadata = "m" } = options;
    this.#joins.set(memberId === "" ? fresh : memberId, request);
    this.apply({
      kind: "join",
      request,
      memberId,
      freshMemberId: fresh,
      instanceId: instance ?? this.state.members.get(memberId)?.instanceId ?? null,
      clientId: "client",
      clientHost: "/127.0.0.1",
      sessionTimeoutMs: options.sessionTimeoutMs ?? 10_000,
      rebalanceTimeoutMs: options.rebalanceTimeoutMs ?? 60_000,
      protocolType: "consumer",
      protocols: protocols.map((name) => ({ name, metadata: utf8(metadata) })),
      requireKnownMemberId: known,
      canSkipAssignment: skip,
    });
    return this.replies.get(request) as JoinReply | undefined;
  }

  sync(memberId: string, assignments: Record<string, string>, options: { generation?: number; protocol?: string; instance?: string } = {}) {
    const request = this.#request();
    this.#syncs.set(memberId, request);
    this.apply({
      kind: "sync",
      request,
      memberId,
      instanceId: options.instance ?? this.state.members.get(memberId)?.instanceId ?? null,
      generation: options.generation ?? this.state.generation,
      protocolType: "consumer",
      protocol: options.protocol ?? this.state.protocol,
      assignments: new Map(Object.entries(assignments).map(([id, text]) => [id, utf8(text)])),
    });
    return this.replies.get(request) as SyncReply | undefined;
  }

  heartbeat(memberId: string, instanceId: string | null = null): number {
    const request = this.#request();
    this.apply({ kind: "heartbeat", request, memberId, instanceId, generation: this.state.generation });
    return (this.replies.get(request) as Extract<Reply, { kind: "heartbeat-reply" }>).error;
  }

  leave(memberId: string, instanceId: string | null = null): number[] {
    const request = this.#request();
    this.apply({ kind: "leave", request, members: [{ memberId, instanceId }] });
    return (this.replies.get(request) as Extract<Reply, { kind: "leave-reply" }>).members.map((member) => member.error);
  }

  persisted(error: number = ErrorCode.NONE): void {
    this.apply({ kind: "persisted", generation: this.state.generation, error });
  }

  /** Brings the members into a stable generation in which each has the assignment "for-<id>". */
  stable(...members: (string | { id: string; instance: string })[]): void {
    const list = members.map((member) => (typeof member === "string" ? { id: member, instance: undefined } : member));
    for (const { id, instance } of list) {
      this.join("", { fresh: id, ...(instance === undefined ? {} : { instance }) });
      for (const other of this.state.members.values()) {
        if (this.state.phase === "PreparingRebalance" && other.awaitingJoin === undefined) this.join(other.memberId);
      }
    }
    this.sync(this.state.leader!, Object.fromEntries(list.map(({ id }) => [id, `for-${id}`])));
    this.persisted();
    for (const { id } of list) if (id !== this.state.leader) this.sync(id, {});
  }

  lastJoin(memberId: string): JoinReply | undefined {
    return this.replies.get(this.#joins.get(memberId) ?? -1) as JoinReply | undefined;
  }

  lastSync(memberId: string): SyncReply | undefined {
    return this.replies.get(this.#syncs.get(memberId) ?? -1) as SyncReply | undefined;
  }

  replyTo(request: number): { error: number } | undefined {
    return this.replies.get(request) as { error: number } | undefined;
  }

  #request(): number {
    return ++this.lastRequest;
  }
}
