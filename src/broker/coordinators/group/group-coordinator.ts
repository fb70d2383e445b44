// Runs the groups: feeds events to decideGroup, executes its actions, keeps one timer per group, writes to __consumer_offsets.
// Invariant: what a client was told (an assignment, a committed offset) is in the log before it was told.
import { buggifyPause } from "../../../env/fault-points.ts";
import { isPlanted } from "../../../env/planted-faults.ts";
import type { Timer } from "../../../env/clock.ts";
import type { Env } from "../../../env/env.ts";
import { ErrorCode, KafkaError } from "../../../protocol/errors.ts";
import type { GroupConfigs } from "../../group-configs.ts";
import type { Settings } from "../../settings.ts";
import { OFFSETS_TOPIC, parsePartitionKey, type Topics } from "../../topics.ts";
import { ConsumerGroups } from "../consumer-group/consumer-groups.ts";
import { newConsumerGroup, type HeartbeatReply, type HeartbeatRequest } from "../consumer-group/state.ts";
import { InternalTopic, type LogRecord } from "../internal-topic.ts";
import { SteadyClock } from "../steady-clock.ts";
import { migrationOf, toConsumerGroup } from "./conversion.ts";
import { decideGroup, dissolve } from "./decide.ts";
import { classicExpiry, consumerExpiry, isExpired } from "./offset-expiry.ts";
import { OffsetStore } from "./offset-store.ts";
import { writeGroupKey, writeGroupValue, writeOffsetKey, writeOffsetValue, type CommittedOffset } from "./records.ts";
import { replayInto } from "./restore.ts";
import { newGroup, nextGroupDeadline, NO_BYTES } from "./state.ts";
import type {
  GroupAction,
  GroupEvent,
  GroupLimits,
  GroupState,
  JoinEvent,
  JoinReply,
  LeaveEvent,
  LeaveReply,
  SyncEvent,
  SyncReply,
} from "./state.ts";
import { CONSUMER_PROTOCOL } from "./subscription.ts";
import { checkCommit, type Caller } from "./validate.ts";

type Ask<E extends { request: number }> = Omit<E, "request" | "kind">;
type Reply = Exclude<GroupAction, { kind: "persist" }>;

export interface OffsetToCommit {
  readonly topic: string;
  readonly partition: number;
  readonly committed: CommittedOffset;
}

export class GroupCoordinator {
  readonly offsets = new OffsetStore();
  readonly log: InternalTopic;
  /** Groups of the new protocol. */
  readonly consumers: ConsumerGroups;
  readonly #env: Env;
  readonly #settings: Settings;
  readonly #clock: SteadyClock;
  readonly #limits: GroupLimits;
  readonly #groups = new Map<string, GroupState>();
  readonly #timers = new Map<string, { timer: Timer; at: number }>();
  readonly #requests = new Map<number, (reply: Reply) => void>();
  /** Offsets of transactions that are being written, by producer id. */
  readonly #writing = new Map<number, Set<Promise<number>>>();
  #nextRequest = 0;
  #closed = false;

  constructor(env: Env, topics: Topics, settings: Settings, configs: GroupConfigs) {
    this.#env = env;
    this.#settings = settings;
    this.#clock = new SteadyClock(env.clock);
    this.log = new InternalTopic(env, topics, OFFSETS_TOPIC, settings.number("offsets.topic.num.partitions"));
    this.consumers = new ConsumerGroups(env, topics, settings, configs, this.log, (...group) => this.#takeOver(...group));
    this.#limits = {
      minSessionTimeoutMs: settings.number("group.min.session.timeout.ms"),
      maxSessionTimeoutMs: settings.number("group.max.session.timeout.ms"),
      maxSize: settings.number("group.max.size"),
      initialRebalanceDelayMs: settings.number("group.initial.rebalance.delay.ms"),
    };
  }

  async load(): Promise<void> {
    const others = (key: Uint8Array, value: Uint8Array | null): unknown => this.consumers.replay(key, value);
    await this.log.replay(replayInto(this.offsets, this.#groups, this.#clock.now(), others));
    this.consumers.resume();
    for (const state of this.#groups.values()) this.#arm(state);
  }

  close(): void {
    this.#closed = true;
    this.consumers.close();
    for (const { timer } of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  /** undefined: no such group. A group that only has offsets, or is about to get them from a transaction, is there, empty. */
  describe(groupId: string): GroupState | undefined {
    const hasOffsets = this.offsets.hasGroup(groupId) || this.offsets.hasPending(groupId) || this.consumers.get(groupId) !== undefined;
    return this.#groups.get(groupId) ?? (hasOffsets ? newGroup(groupId, this.#clock.now()) : undefined);
  }

  groupIds(): Set<string> {
    return new Set([...this.#groups.keys(), ...this.consumers.groupIds(), ...this.offsets.groups()]);
  }

  /** An empty classic group of that name gives way (its offsets stay); one of consumers is taken over as it runs (KIP-848). */
  async consumerHeartbeat(groupId: string, request: HeartbeatRequest): Promise<HeartbeatReply> {
    const classic = this.#groups.get(groupId);
    if (classic === undefined || request.epoch !== 0) return this.consumers.heartbeat(groupId, request, classic === undefined);
    if (classic.phase !== "Empty") return this.#upgrade(classic, request);
    const accepted = (): readonly LogRecord[] => this.#give(classic);
    return this.consumers.heartbeat(groupId, request, true, { state: newConsumerGroup(groupId), accepted });
  }

  #upgrade(classic: GroupState, request: HeartbeatRequest): Promise<HeartbeatReply> {
    const migration = migrationOf(this.#settings.text("group.consumer.migration.policy"));
    const maxSize = this.#settings.number("group.consumer.max.size");
    try {
      const state = toConsumerGroup(classic, this.consumers.view, migration, maxSize, this.#clock.now());
      return this.consumers.heartbeat(classic.groupId, request, true, { state, accepted: () => this.#give(classic) });
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      return Promise.resolve({ error: error.errorCode, message: error.text, epoch: 0, assignment: null });
    }
  }

  /** The group is none of ours any more: who waits is told to come again. */
  #give(classic: GroupState): LogRecord[] {
    const { groupId } = classic;
    for (const action of dissolve(classic)) this.#act(groupId, classic, action);
    this.#drop(groupId);
    return [{ key: writeGroupKey(groupId), value: null }];
  }

  /** The last member of the consumer protocol has left (KIP-848). */
  #takeOver(group: GroupState, tombstones: readonly LogRecord[], rebalance: boolean): Promise<void> {
    const { groupId } = group;
    this.#groups.set(groupId, group);
    const value = writeGroupValue(group, this.#env.clock.now(), undefined);
    const writing = this.log.appendNow(groupId, [...tombstones, { key: writeGroupKey(groupId), value }]);
    if (rebalance) this.#apply(groupId, { kind: "rebalance" });
    else this.#arm(group);
    return writing.then(() => undefined);
  }

  /** A group of the consumer protocol without members becomes a classic one; one with members takes the member in, if it may. */
  async join(groupId: string, event: Ask<JoinEvent>): Promise<JoinReply> {
    const { memberId, sessionTimeoutMs } = event;
    const isKnown = memberId === "" || this.describe(groupId) !== undefined;
    if (!isKnown && this.#isSessionTimeout(sessionTimeoutMs)) return refusedJoin(memberId, ErrorCode.UNKNOWN_MEMBER_ID);
    const consumers = this.consumers.get(groupId);
    if (consumers !== undefined) {
      if (consumers.members.size > 0) return this.#joinConsumers(groupId, event);
      const error = await this.#write(async () => void (await this.log.append(groupId, this.consumers.tombstones(groupId))));
      if (error === ErrorCode.NONE && this.consumers.get(groupId) === consumers) this.consumers.forget(groupId);
    }
    const reply = (await this.#ask(groupId, (request) => ({ kind: "join", request, ...event }))) as JoinReply;
    if (reply.error === ErrorCode.INCONSISTENT_GROUP_PROTOCOL && memberId === "") this.offsets.touch(groupId); // it is there all the same
    return reply;
  }

  async #joinConsumers(groupId: string, event: Ask<JoinEvent>): Promise<JoinReply> {
    if (!this.#isSessionTimeout(event.sessionTimeoutMs)) return refusedJoin(event.memberId, ErrorCode.INVALID_SESSION_TIMEOUT);
    const policy = this.#settings.text("group.consumer.migration.policy").toLowerCase();
    if (policy === "disabled") return refusedJoin(event.memberId, ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    try {
      const { memberId, epoch, classic } = await this.consumers.classicJoin(groupId, event);
      const told = { protocolType: CONSUMER_PROTOCOL, protocol: classic!.protocols[0]!.name };
      return { ...refusedJoin(memberId, ErrorCode.NONE), generation: epoch, ...told };
    } catch (error) {
      const code = coordinatorError(error, true);
      return refusedJoin(code === ErrorCode.MEMBER_ID_REQUIRED ? event.freshMemberId : event.memberId, code);
    }
  }

  #isSessionTimeout(ms: number): boolean {
    return ms >= this.#limits.minSessionTimeoutMs && ms <= this.#limits.maxSessionTimeoutMs;
  }

  async sync(groupId: string, event: Ask<SyncEvent>): Promise<SyncReply> {
    if (this.consumers.get(groupId) === undefined)
      return this.#ask(groupId, (request) => ({ kind: "sync", request, ...event })) as Promise<SyncReply>;
    const reply = { kind: "sync-reply" as const, request: -1 };
    try {
      const assignment = this.consumers.classicSync(groupId, event);
      return { ...reply, error: ErrorCode.NONE, protocolType: event.protocolType, protocol: event.protocol, assignment };
    } catch (error) {
      return { ...reply, error: coordinatorError(error, true), protocolType: null, protocol: null, assignment: NO_BYTES };
    }
  }

  async leave(groupId: string, members: LeaveEvent["members"]): Promise<LeaveReply> {
    if (this.consumers.get(groupId) !== undefined)
      return { kind: "leave-reply", request: -1, members: await this.consumers.classicLeave(groupId, members) };
    return this.#ask(groupId, (request) => ({ kind: "leave", request, members })) as Promise<LeaveReply>;
  }

  /** The error code of the answer. */
  async heartbeat(groupId: string, caller: Caller): Promise<number> {
    if (this.consumers.get(groupId) !== undefined) return this.consumers.classicHeartbeat(groupId, caller);
    const reply = await this.#ask(groupId, (request) => ({ kind: "heartbeat", request, ...caller }));
    return (reply as Extract<Reply, { kind: "heartbeat-reply" }>).error;
  }

  /** Error code for all partitions. Resolves when the offsets are durable. `modern`: the request may come from a consumer protocol's member. */
  async commit(groupId: string, caller: Caller, offsets: readonly OffsetToCommit[], modern = true): Promise<number> {
    const member = this.consumers.get(groupId)?.members.get(caller.memberId);
    if (!modern && member !== undefined && member.classic === undefined) return ErrorCode.UNSUPPORTED_VERSION;
    const refused = this.#checkCommit(groupId, caller, offsets, false);
    if (refused !== ErrorCode.NONE) return refused;
    if (this.consumers.get(groupId) === undefined) this.#apply(groupId, { kind: "committed", memberId: caller.memberId });
    if (offsets.length === 0) return this.#madeWithoutOffsets(groupId);
    return this.#write(async () => {
      const appended = this.log.append(groupId, offsetRecords(groupId, offsets));
      const isEarly = isPlanted("group-offset-acknowledged-early");
      if (isEarly) appended.catch(() => undefined);
      const first = isEarly ? this.#env.clock.now() : await appended;
      offsets.forEach(({ topic, partition, committed }, i) => this.offsets.put(groupId, `${topic}-${partition}`, committed, first + i));
      const pause = buggifyPause("offsets-answer-late");
      if (pause !== undefined) await pause;
    });
  }

  /**
   * The partition of the group's offsets is there afterwards, or an error code says why not. Before it is part of a transaction: a marker
   * finds nothing to fence in a partition that comes into being later.
   */
  ensureOffsets(groupId: string): Promise<number> {
    return this.#write(() => this.log.ensure(groupId));
  }

  /** As commit, but the offsets count only when the producer's transaction commits. */
  async commitInTransaction(
    groupId: string,
    caller: Caller,
    producer: { producerId: number; producerEpoch: number },
    offsets: readonly OffsetToCommit[],
  ): Promise<number> {
    const refused = this.#checkCommit(groupId, caller, offsets, true);
    if (refused !== ErrorCode.NONE) return refused;
    if (offsets.length === 0) return this.#madeWithoutOffsets(groupId);
    const { producerId } = producer;
    const writing = this.#write(async () => {
      const first = await this.log.append(groupId, offsetRecords(groupId, offsets), { ...producer, transactional: true });
      offsets.forEach(({ topic, partition, committed }, i) =>
        this.offsets.putPending(producerId, groupId, `${topic}-${partition}`, committed, first + i),
      );
    });
    const all = this.#writing.get(producerId) ?? new Set();
    this.#writing.set(producerId, all.add(writing));
    const error = await writing;
    all.delete(writing);
    if (all.size === 0 && this.#writing.get(producerId) === all) this.#writing.delete(producerId);
    return error;
  }

  /** The marker of a producer's transaction is in the log of offsets. Offsets before it whose answer is still under way belong to it. */
  transactionEnded(producerId: number, commit: boolean): void {
    const writing = this.#writing.get(producerId);
    if (writing === undefined) return this.offsets.complete(producerId, commit);
    // None of them rejects. Nothing of the producer's next transaction can come before they are settled: that waits for the markers.
    void Promise.all(writing).then(() => this.offsets.complete(producerId, commit));
  }

  /** An accepted commit makes the group even if none of its offsets can be kept: until offsets expire or the broker ends. */
  #madeWithoutOffsets(groupId: string): number {
    this.offsets.touch(groupId);
    return ErrorCode.NONE;
  }

  async deleteGroup(groupId: string): Promise<number> {
    if ((this.consumers.get(groupId)?.members.size ?? 0) > 0) return ErrorCode.NON_EMPTY_GROUP;
    const state = this.describe(groupId);
    if (state === undefined) return ErrorCode.GROUP_ID_NOT_FOUND;
    if (state.phase !== "Empty") return ErrorCode.NON_EMPTY_GROUP;
    const error = await this.#forgetOffsets(groupId, this.offsets.allKeys(groupId), true);
    return error;
  }

  /** OffsetDelete, and the end of a topic. */
  async deleteOffsets(groupId: string, keys: readonly string[]): Promise<number> {
    return this.#forgetOffsets(groupId, keys, false);
  }

  async topicDeleted(topic: string): Promise<void> {
    for (const groupId of this.offsets.allGroups()) {
      const keys = this.offsets.allKeys(groupId).filter((key) => parsePartitionKey(key).topic === topic);
      if (keys.length > 0) await this.#forgetOffsets(groupId, keys, false);
    }
  }

  /** Drops offsets whose time is over, then groups without members and offsets. */
  async expireOffsets(): Promise<void> {
    const now = this.#clock.now();
    const retentionMs = this.#settings.number("offsets.retention.minutes") * 60_000;
    for (const groupId of this.groupIds()) {
      const state = this.#groups.get(groupId);
      const consumers = this.consumers.subscribedTopics(groupId);
      const expiry = consumers === undefined ? classicExpiry(state) : consumerExpiry(consumers);
      const keys = this.offsets.keys(groupId);
      const isOver = (key: string): boolean =>
        expiry !== undefined &&
        isExpired(expiry, parsePartitionKey(key).topic, this.offsets.get(groupId, key)!, now, retentionMs) &&
        !this.offsets.isPending(groupId, key);
      const old = keys.filter(isOver);
      const memberless = (state === undefined || state.phase === "Empty") && (this.consumers.get(groupId)?.members.size ?? 0) === 0;
      const waits = (state?.pendingMembers.size ?? 0) > 0 || this.offsets.hasPending(groupId);
      const unused = old.length === keys.length && memberless && !waits;
      if (old.length > 0 || unused) await this.#forgetOffsets(groupId, old, unused);
    }
  }

  #checkCommit(groupId: string, caller: Caller, offsets: readonly OffsetToCommit[], transactional: boolean): number {
    const consumers = this.consumers.get(groupId);
    if (consumers === undefined) return checkCommit(this.describe(groupId), caller, transactional);
    if (transactional && caller.generation < 0 && caller.memberId === "") return ErrorCode.NONE;
    const error = this.consumers.check(groupId, caller.memberId, caller.generation, offsets);
    return transactional && error === ErrorCode.STALE_MEMBER_EPOCH ? ErrorCode.ILLEGAL_GENERATION : error;
  }

  async #forgetOffsets(groupId: string, keys: readonly string[], alsoGroup: boolean): Promise<number> {
    const records: LogRecord[] = keys.map((key) => {
      const { topic, partition } = parsePartitionKey(key);
      return { key: writeOffsetKey(groupId, topic, partition), value: null };
    });
    if (alsoGroup && this.#groups.has(groupId)) records.push({ key: writeGroupKey(groupId), value: null });
    if (alsoGroup) records.push(...this.consumers.tombstones(groupId));
    const state = this.#groups.get(groupId);
    return this.#write(async () => {
      if (records.length > 0) await this.log.append(groupId, records);
      for (const key of keys) this.offsets.remove(groupId, key);
      if (alsoGroup && this.#groups.get(groupId) === state) this.#drop(groupId);
      if (alsoGroup) this.consumers.forget(groupId);
      if (alsoGroup) this.offsets.removeIfEmpty(groupId);
    });
  }

  async #write(write: () => Promise<void>): Promise<number> {
    try {
      await write();
      return ErrorCode.NONE;
    } catch (error) {
      this.#env.logger.log("warn", "offsets-not-written", { error });
      return coordinatorError(error);
    }
  }

  #ask(groupId: string, event: (request: number) => GroupEvent): Promise<Reply> {
    return new Promise((resolve) => {
      const request = this.#nextRequest++;
      this.#requests.set(request, resolve);
      this.#apply(groupId, event(request));
    });
  }

  #apply(groupId: string, event: GroupEvent): void {
    if (this.#closed) return;
    const now = this.#clock.now();
    const known = this.#groups.get(groupId);
    const [state, actions] = decideGroup(known ?? newGroup(groupId, now), event, now, this.#limits);
    if (known === undefined && isBlank(state)) this.#drop(groupId);
    else this.#groups.set(groupId, state);
    for (const action of actions) this.#act(groupId, state, action);
    this.#arm(state);
  }

  #act(groupId: string, state: GroupState, action: GroupAction): void {
    if (action.kind === "persist") {
      void this.#persist(groupId, state, action);
      return;
    }
    const resolve = this.#requests.get(action.request);
    this.#requests.delete(action.request);
    resolve?.(action);
  }

  async #persist(groupId: string, state: GroupState, { generation, answers }: Extract<GroupAction, { kind: "persist" }>): Promise<void> {
    const value = writeGroupValue(state, this.#env.clock.now(), state.persisting);
    let error: number = ErrorCode.NONE;
    try {
      await this.log.appendNow(groupId, [{ key: writeGroupKey(groupId), value }]);
    } catch (cause) {
      error = coordinatorError(cause);
      this.#env.logger.log("warn", "group-not-written", { group: groupId, error: cause });
    }
    if (answers) this.#apply(groupId, { kind: "persisted", generation, error });
  }

  #arm(state: GroupState): void {
    const { groupId } = state;
    const deadline = nextGroupDeadline(state);
    const armed = this.#timers.get(groupId);
    if (deadline === undefined || (armed !== undefined && armed.at <= deadline)) return;
    armed?.timer.cancel();
    const delay = Math.max(0, deadline - this.#clock.now());
    const timer = this.#env.timers.after(delay, () => this.#tick(groupId), { unref: true });
    this.#timers.set(groupId, { timer, at: deadline });
  }

  /** The armed moment has come; deadlines may have moved since, then only the timer moves. */
  #tick(groupId: string): void {
    this.#timers.delete(groupId);
    const state = this.#groups.get(groupId);
    if (state === undefined || this.#closed) return;
    const deadline = nextGroupDeadline(state);
    if (deadline !== undefined && deadline <= this.#clock.now()) this.#apply(groupId, { kind: "tick" });
    else this.#arm(state);
  }

  #drop(groupId: string): void {
    this.#groups.delete(groupId);
    this.#timers.get(groupId)?.timer.cancel();
    this.#timers.delete(groupId);
  }
}

/** What a client is told when the coordinator's log refuses a record: come back later, or never with this. `asItIs`: a decision refused. */
export function coordinatorError(error: unknown, asItIs = false): number {
  if (asItIs && error instanceof KafkaError) return error.errorCode;
  if (error instanceof KafkaError && (error.code === "MESSAGE_TOO_LARGE" || error.code === "RECORD_LIST_TOO_LARGE")) {
    return ErrorCode.INVALID_COMMIT_OFFSET_SIZE;
  }
  if (error instanceof KafkaError && (error.code === "INVALID_PRODUCER_EPOCH" || error.code === "PRODUCER_FENCED")) return error.errorCode;
  return ErrorCode.COORDINATOR_NOT_AVAILABLE;
}

function refusedJoin(memberId: string, error: number): JoinReply {
  const nothing = { generation: -1, protocolType: null, protocol: null, leader: "", skipAssignment: false, members: [] };
  return { kind: "join-reply", request: -1, error, memberId, ...nothing };
}

/** Nothing happened to the group yet: not worth remembering, if it is new. Others go with expireOffsets(), as in Apache Kafka. */
function isBlank(state: GroupState): boolean {
  return state.phase === "Empty" && state.generation === 0 && state.members.size === 0 && state.pendingMembers.size === 0;
}

function offsetRecords(groupId: string, offsets: readonly OffsetToCommit[]): { key: Uint8Array; value: Uint8Array }[] {
  return offsets.map(({ topic, partition, committed }) => ({
    key: writeOffsetKey(groupId, topic, partition),
    value: writeOffsetValue(committed),
  }));
}
