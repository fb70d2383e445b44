// Runs the groups of the new protocol (KIP-848): feeds heartbeats to the pure decisions, writes what changed to __consumer_offsets
// before anybody is told, keeps one timer per group.
// Invariant: the records of one decision are one batch, and batches are in the order of the decisions.
import type { Timer } from "../../../env/clock.ts";
import type { Env } from "../../../env/env.ts";
import { ErrorCode, KafkaError } from "../../../protocol/errors.ts";
import { Pattern } from "../../regular-expression/pattern.ts";
import { PatternError } from "../../regular-expression/syntax.ts";
import type { GroupConfigs } from "../../group-configs.ts";
import type { Settings } from "../../settings.ts";
import type { Topics } from "../../topics.ts";
import type { InternalTopic, LogRecord } from "../internal-topic.ts";
import { SteadyClock } from "../steady-clock.ts";
import { becomesClassic, migrationOf, toClassicGroup, type Migration } from "../group/conversion.ts";
import type { GroupState, LeaveEvent, LeaveReply } from "../group/state.ts";
import { classicHeartbeat, classicJoin, classicLeave, classicSync, type ClassicJoin } from "./classic-member.ts";
import { checkMemberEpoch, heartbeat, overdue, topicsOf, without } from "./decide.ts";
import { recordsOf, replayRecord, tombstonesOf } from "./records.ts";
import { LEAVE, newConsumerGroup, nextConsumerDeadline, type ConsumerGroupLimits, type ConsumerGroupState } from "./state.ts";
import type { ConsumerMember, HeartbeatReply, HeartbeatRequest, TopicsView } from "./state.ts";

/** A pattern is matched against all topics at most this often; new topics are seen that late. */
const PATTERN_REFRESH_MS = 1000;
/** Patterns whose matches are remembered. */
const MAX_PATTERNS = 1000;

const NOBODY: ReadonlySet<string> = new Set();

/** Makes a classic group of it in memory at once; resolves when that, and the end of the group here (`tombstones`), is in the log. */
export type TakeOver = (group: GroupState, tombstones: readonly LogRecord[], rebalance: boolean) => Promise<void>;

export interface Adoption {
  readonly state: ConsumerGroupState;
  /** The classic group goes; the records that say so. */
  accepted(): readonly LogRecord[];
}

interface Matches {
  readonly pattern: Pattern;
  names: readonly string[];
  at: number;
}

export class ConsumerGroups {
  readonly #env: Env;
  readonly #topics: Topics;
  readonly #log: InternalTopic;
  readonly #clock: SteadyClock;
  readonly #settings: Settings;
  readonly #configs: GroupConfigs;
  readonly #groups = new Map<string, ConsumerGroupState>();
  readonly #timers = new Map<string, Timer>();
  readonly #patterns = new Map<string, Matches>();
  /** Topics as decisions see them. */
  readonly view: TopicsView;
  readonly #takeOver: TakeOver;
  #closed = false;

  constructor(env: Env, topics: Topics, settings: Settings, configs: GroupConfigs, log: InternalTopic, takeOver: TakeOver) {
    this.#env = env;
    this.#topics = topics;
    this.#log = log;
    this.#clock = new SteadyClock(env.clock);
    this.#settings = settings;
    this.#configs = configs;
    this.#takeOver = takeOver;
    this.view = {
      byName: (name) => {
        const topic = topics.byName(name);
        return topic === undefined ? undefined : { id: topic.id, partitions: topic.partitions.length };
      },
      byId: (id) => topics.byId(id),
      matching: (pattern) => this.#matching(pattern),
    };
  }

  /** false: the record is of another kind. */
  replay(key: Uint8Array, value: Uint8Array | null): boolean {
    return replayRecord(this.#groups, key, value, this.#clock.now() + this.#settings.number("group.consumer.session.timeout.ms"));
  }

  /** After the log was read. */
  resume(): void {
    for (const groupId of this.#groups.keys()) this.#arm(groupId);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  get(groupId: string): ConsumerGroupState | undefined {
    return this.#groups.get(groupId);
  }

  groupIds(): Iterable<string> {
    return this.#groups.keys();
  }

  /**
   * Never rejects. `adopt`: the classic group that becomes one of ours with this request; it is told to go when the request is accepted.
   * `mayCreate`: whether the group's id is free for a group of this protocol.
   */
  async heartbeat(groupId: string, request: HeartbeatRequest, mayCreate: boolean, adopt?: Adoption): Promise<HeartbeatReply> {
    const known = this.#groups.get(groupId);
    if (known === undefined && adopt === undefined && (request.epoch !== 0 || !mayCreate)) {
      return refusal(new KafkaError("GROUP_ID_NOT_FOUND", `Group ${groupId} is not a group of the consumer protocol.`));
    }
    try {
      const before = known ?? adopt?.state ?? newConsumerGroup(groupId);
      const { state, reply } = heartbeat(before, request, this.view, this.#clock.now(), this.#limitsOf(groupId));
      if (request.epoch === LEAVE) {
        await this.#leave(groupId, before, [...before.members.keys()].filter((memberId) => !state.members.has(memberId))); // prettier-ignore
        return reply;
      }
      const records =
        adopt === undefined ? recordsOf(before, state) : [...adopt.accepted(), ...recordsOf(newConsumerGroup(groupId), state)];
      await this.#put(groupId, state, records);
      return reply;
    } catch (error) {
      return refusal(error);
    }
  }

  /** Of a member that speaks the classic protocol. Rejects with a KafkaError, which is the answer. */
  async classicJoin(groupId: string, ask: ClassicJoin): Promise<ConsumerMember> {
    const before = this.#groups.get(groupId)!;
    const { state, member } = classicJoin(before, ask, this.view, this.#clock.now(), this.#limitsOf(groupId));
    const wasMixed = [...before.members.values()].some(({ classic }) => classic === undefined);
    if (wasMixed && becomesClassic(state, NOBODY, this.#migration, this.#classicMaxSize)) {
      const settled = [...state.members.values()].every(({ phase, epoch }) => phase === "stable" && epoch === state.epoch);
      await this.#downgrade(groupId, before, state, NOBODY, !settled);
    } else await this.#put(groupId, state, recordsOf(before, state));
    return member;
  }

  /** Rejects with a KafkaError, which is the answer. Nothing of it is in the log. */
  classicSync(groupId: string, ask: Parameters<typeof classicSync>[1]): Uint8Array {
    const decision = classicSync(this.#groups.get(groupId)!, ask, this.view, this.#clock.now());
    this.#remember(groupId, decision.state);
    if ("error" in decision) throw KafkaError.fromCode(decision.error);
    return decision.assignment;
  }

  /** The error code of the answer. */
  classicHeartbeat(groupId: string, ask: Parameters<typeof classicHeartbeat>[1]): number {
    try {
      const { state, error } = classicHeartbeat(this.#groups.get(groupId)!, ask, this.#clock.now());
      this.#remember(groupId, state);
      return error;
    } catch (error) {
      return refusal(error).error;
    }
  }

  async classicLeave(groupId: string, leaving: LeaveEvent["members"]): Promise<LeaveReply["members"]> {
    const before = this.#groups.get(groupId)!;
    const { leavers, members } = classicLeave(before, leaving);
    await this.#leave(groupId, before, leavers);
    return members;
  }

  /** The group goes on without them, or becomes a classic one. */
  #leave(groupId: string, before: ConsumerGroupState, leavers: readonly string[]): Promise<void> {
    const gone = new Set(leavers);
    if (becomesClassic(before, gone, this.#migration, this.#classicMaxSize)) return this.#downgrade(groupId, before, before, gone, true);
    const state = without(before, leavers, this.view);
    return this.#put(groupId, state, recordsOf(before, state));
  }

  /** `written`: what of the group is in the log. */
  #downgrade(
    groupId: string,
    written: ConsumerGroupState,
    state: ConsumerGroupState,
    gone: ReadonlySet<string>,
    rebalance: boolean,
  ): Promise<void> {
    const classic = toClassicGroup(state, gone, this.view, this.#clock.now());
    this.forget(groupId);
    return this.#takeOver(classic, tombstonesOf(written), rebalance);
  }

  get #migration(): Migration {
    return migrationOf(this.#settings.text("group.consumer.migration.policy"));
  }

  get #classicMaxSize(): number {
    return this.#settings.number("group.max.size");
  }

  #put(groupId: string, state: ConsumerGroupState, records: readonly LogRecord[]): Promise<void> {
    this.#remember(groupId, state);
    return this.#write(groupId, records);
  }

  #remember(groupId: string, state: ConsumerGroupState): void {
    this.#groups.set(groupId, state);
    this.#arm(groupId);
  }

  /** What members of the group are told. */
  heartbeatIntervalMs(groupId: string): number {
    return this.#configs.number(groupId, "consumer.heartbeat.interval.ms");
  }

  #limitsOf(groupId: string): ConsumerGroupLimits {
    return {
      sessionTimeoutMs: this.#configs.number(groupId, "consumer.session.timeout.ms"),
      assignmentIntervalMs: this.#configs.number(groupId, "consumer.assignment.interval.ms"),
      maxSize: this.#settings.number("group.consumer.max.size"),
    };
  }

  /** Error code for a question for offsets of this member. The group must be one of ours. */
  checkMember(groupId: string, memberId: string, epoch: number): number {
    if (!this.#groups.get(groupId)!.members.has(memberId)) return ErrorCode.UNKNOWN_MEMBER_ID;
    return this.check(groupId, memberId, epoch);
  }

  /** Error code for a commit of this member. The group must be one of ours. */
  check(groupId: string, memberId: string, epoch: number, partitions?: readonly { topic: string; partition: number }[]): number {
    const keys = partitions?.map(({ topic, partition }) => `${this.#topics.byName(topic)?.id}:${partition}`);
    return checkMemberEpoch(this.#groups.get(groupId)!, memberId, epoch, keys);
  }

  /** Names of topics that members read; undefined: the group is none of ours. */
  subscribedTopics(groupId: string): Set<string> | undefined {
    const state = this.#groups.get(groupId);
    if (state === undefined) return undefined;
    const names = new Set<string>();
    for (const member of state.members.values()) for (const name of topicsOf(member, this.view)) names.add(name);
    return names;
  }

  /** Records that remove an empty group from the log; forget() does so from memory. */
  tombstones(groupId: string): LogRecord[] {
    const state = this.#groups.get(groupId);
    return state === undefined ? [] : tombstonesOf(state);
  }

  forget(groupId: string): void {
    this.#groups.delete(groupId);
    this.#timers.get(groupId)?.cancel();
    this.#timers.delete(groupId);
  }

  /** Throws a KafkaError if it is no pattern: after the member that has it was found. */
  #matching(source: string): readonly string[] {
    const now = this.#clock.now();
    let found = this.#patterns.get(source);
    if (found !== undefined && now - found.at < PATTERN_REFRESH_MS) return found.names;
    if (found === undefined) {
      found = { pattern: patternOf(source), names: [], at: now };
      if (this.#patterns.size >= MAX_PATTERNS) this.#patterns.delete(this.#patterns.keys().next().value!);
      this.#patterns.set(source, found);
    }
    const { pattern } = found;
    found.names = [...this.#topics.all()].map(({ name }) => name).filter((name) => pattern.matches(name));
    found.at = now;
    return found.names;
  }

  async #write(groupId: string, records: readonly LogRecord[]): Promise<void> {
    if (records.length === 0) return;
    try {
      await this.#log.appendNow(groupId, records);
    } catch (error) {
      this.#env.logger.log("warn", "group-not-written", { group: groupId, error });
      throw new KafkaError("COORDINATOR_NOT_AVAILABLE");
    }
  }

  #arm(groupId: string): void {
    this.#timers.get(groupId)?.cancel();
    this.#timers.delete(groupId);
    const state = this.#groups.get(groupId);
    const deadline = state === undefined ? undefined : nextConsumerDeadline(state);
    if (deadline === undefined || this.#closed) return;
    const delay = Math.max(0, deadline - this.#clock.now());
    this.#timers.set(groupId, this.#env.timers.after(delay, () => this.#tick(groupId), { unref: true })); // prettier-ignore
  }

  #tick(groupId: string): void {
    const before = this.#groups.get(groupId);
    if (before === undefined || this.#closed) return;
    const leavers = overdue(before, this.#clock.now());
    if (leavers.length === 0) this.#arm(groupId);
    else this.#leave(groupId, before, leavers).catch(() => undefined); // told by #write; the next start expires them again
  }
}

function patternOf(source: string): Pattern {
  try {
    return new Pattern(source);
  } catch (error) {
    if (error instanceof PatternError) throw new KafkaError("INVALID_REGULAR_EXPRESSION", error.message);
    throw error;
  }
}

function refusal(error: unknown): HeartbeatReply {
  if (!(error instanceof KafkaError)) throw error;
  return { error: error.errorCode, message: error.text, epoch: 0, assignment: null };
}
