// Runs the groups of the new protocol (KIP-848): feeds heartbeats to the pure decisions, writes what changed to __consumer_offsets
// before anybody is told, keeps one timer per group.
// Invariant: the records of one decision are one batch, and batches are in the order of the decisions.
import type { Timer } from "../../../env/clock.ts";
import type { Env } from "../../../env/env.ts";
import { KafkaError } from "../../../protocol/errors.ts";
import { Pattern } from "../../regular-expression/pattern.ts";
import { PatternError } from "../../regular-expression/syntax.ts";
import type { GroupConfigs } from "../../group-configs.ts";
import type { Settings } from "../../settings.ts";
import type { Topics } from "../../topics.ts";
import type { InternalTopic, LogRecord } from "../internal-topic.ts";
import { SteadyClock } from "../steady-clock.ts";
import { ASSIGNORS } from "./assignors.ts";
import { checkMemberEpoch, expire, heartbeat, topicsOf } from "./decide.ts";
import { recordsOf, replayRecord, tombstonesOf } from "./records.ts";
import { newConsumerGroup, nextConsumerDeadline, type ConsumerGroupLimits, type ConsumerGroupState } from "./state.ts";
import type { HeartbeatReply, HeartbeatRequest, TopicsView } from "./state.ts";

/** A pattern is matched against all topics at most this often; new topics are seen that late. */
const PATTERN_REFRESH_MS = 1000;
/** Patterns whose matches are remembered. */
const MAX_PATTERNS = 1000;

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
  readonly #view: TopicsView;
  #closed = false;

  constructor(env: Env, topics: Topics, settings: Settings, configs: GroupConfigs, log: InternalTopic) {
    this.#env = env;
    this.#topics = topics;
    this.#log = log;
    this.#clock = new SteadyClock(env.clock);
    this.#settings = settings;
    this.#configs = configs;
    this.#view = {
      byName: (name) => {
        const topic = topics.byName(name);
        return topic === undefined ? undefined : { id: topic.id, partitions: topic.partitions.length };
      },
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

  /** Never rejects. `mayCreate`: whether the group's id is free for a group of this protocol. */
  async heartbeat(groupId: string, request: HeartbeatRequest, mayCreate: boolean): Promise<HeartbeatReply> {
    const known = this.#groups.get(groupId);
    if (known === undefined && (request.epoch !== 0 || !mayCreate)) {
      return refusal(new KafkaError("GROUP_ID_NOT_FOUND", `Group ${groupId} is not a group of the consumer protocol.`));
    }
    try {
      this.#check(request);
      const before = known ?? newConsumerGroup(groupId);
      const { state, reply } = heartbeat(before, request, this.#view, this.#clock.now(), this.#limitsOf(groupId));
      this.#groups.set(groupId, state);
      this.#arm(groupId);
      await this.#write(groupId, recordsOf(before, state));
      return reply;
    } catch (error) {
      return refusal(error);
    }
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

  /** Error code for a commit, or a question for offsets, of this member. The group must be one of ours. */
  check(groupId: string, memberId: string, epoch: number, partitions: readonly { topic: string; partition: number }[] = []): number {
    const keys = partitions.map(({ topic, partition }) => `${this.#topics.byName(topic)?.id}:${partition}`);
    return checkMemberEpoch(this.#groups.get(groupId)!, memberId, epoch, keys);
  }

  /** Names of topics that members read; undefined: the group is none of ours. */
  subscribedTopics(groupId: string): Set<string> | undefined {
    const state = this.#groups.get(groupId);
    if (state === undefined) return undefined;
    const names = new Set<string>();
    for (const member of state.members.values()) for (const name of topicsOf(member, this.#view)) names.add(name);
    return names;
  }

  /** Records that remove an empty group from the log; forget() does so from memory. */
  tombstones(groupId: string): LogRecord[] {
    return this.#groups.has(groupId) ? tombstonesOf(groupId) : [];
  }

  forget(groupId: string): void {
    this.#groups.delete(groupId);
    this.#timers.get(groupId)?.cancel();
    this.#timers.delete(groupId);
  }

  #check({ assignor, regex }: HeartbeatRequest): void {
    if (assignor !== null && !ASSIGNORS.has(assignor)) {
      const message = `ServerAssignor ${assignor} is not supported. Supported assignors: ${[...ASSIGNORS.keys()].join(", ")}.`;
      throw new KafkaError("UNSUPPORTED_ASSIGNOR", message);
    }
    if (regex === null || regex === "") return;
    try {
      this.#matching(regex);
    } catch (error) {
      if (error instanceof PatternError) throw new KafkaError("INVALID_REGULAR_EXPRESSION", error.message);
      throw error;
    }
  }

  #matching(source: string): readonly string[] {
    const now = this.#clock.now();
    let found = this.#patterns.get(source);
    if (found !== undefined && now - found.at < PATTERN_REFRESH_MS) return found.names;
    if (found === undefined) {
      found = { pattern: new Pattern(source), names: [], at: now };
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
    const state = expire(before, this.#clock.now());
    this.#groups.set(groupId, state);
    this.#arm(groupId);
    if (state !== before) this.#write(groupId, recordsOf(before, state)).catch(() => undefined); // told by #write; the next start expires them again
  }
}

function refusal(error: unknown): HeartbeatReply {
  if (!(error instanceof KafkaError)) throw error;
  return { error: error.errorCode, message: error.text, epoch: 0, assignment: null };
}
