// Membership in a consumer group, classic protocol (KIP-62, KIP-345, KIP-394): join, be assigned partitions, say "I live" in the background,
// leave. Rebalances are eager: everything is given back before joining again.
import type { Timer } from "../../env/clock.ts";
import { newHeartbeatRequest } from "../../protocol/generated/heartbeat.gen.ts";
import { newJoinGroupRequest, type JoinGroupResponse } from "../../protocol/generated/join-group.gen.ts";
import { newLeaveGroupRequest } from "../../protocol/generated/leave-group.gen.ts";
import { newSyncGroupRequest } from "../../protocol/generated/sync-group.gen.ts";
import type { Cluster, Target } from "../cluster.ts";
import { brokerError, ClientError, codeOf, isConnectionLoss, isRetriable } from "../errors.ts";
import type { GroupMetadata } from "../producer/transaction.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { ASSIGNORS, type GroupMemberInfo } from "./assignors.ts";
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from "./group-payloads.ts";
import type { ConsumerSettings } from "./options.ts";

const PROTOCOL_TYPE = "consumer";
const JOIN_SLACK_MS = 5000;
/** Joining again at once is normal while others join; this many times in a row is not. */
const MAX_REJOINS = 1000;
const JOIN_AGAIN = new Set(["MEMBER_ID_REQUIRED", "UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION", "REBALANCE_IN_PROGRESS"]);
const THROWN_OUT = new Set(["UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION"]);

export interface GroupEvents {
  /** The group rebalances, or this member was thrown out: join() again. */
  rejoinNeeded(): void;
  failed(error: unknown): void;
}

export class GroupMember {
  readonly #cluster: Cluster;
  readonly #settings: ConsumerSettings;
  readonly #groupId: string;
  readonly #topics: readonly string[];
  readonly #events: GroupEvents;
  readonly #lane: string;
  readonly #closing = new AbortController();
  #memberId = "";
  #generationId = -1;
  #needsJoin = true;
  #lost = false;
  #timer: Timer | undefined;
  #leaderOf: Map<string, number> | undefined;
  #lastPollAt = 0;

  constructor(cluster: Cluster, settings: ConsumerSettings, topics: readonly string[], events: GroupEvents) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#groupId = settings.groupId!;
    this.#topics = topics;
    this.#events = events;
    this.#lane = cluster.newLane("group");
  }

  get needsJoin(): boolean {
    return this.#needsJoin;
  }

  /** The group went on without this member: its partitions belong to others already. */
  get lost(): boolean {
    return this.#lost;
  }

  get metadata(): GroupMetadata {
    return {
      groupId: this.#groupId,
      generationId: this.#generationId,
      memberId: this.#memberId,
      groupInstanceId: this.#settings.groupInstanceId,
    };
  }

  get lane(): string {
    return this.#lane;
  }

  /** The application asked for a batch: it lives. */
  polled(): void {
    this.#lastPollAt = this.#now();
  }

  // ---------- joining ----------

  /** Joins, or joins again, and returns this member's partitions. Heartbeats go on by themselves afterwards. */
  async join(signal?: AbortSignal): Promise<TopicPartition[]> {
    this.#stopHeartbeats();
    for (let tries = 0; tries < MAX_REJOINS; tries++) {
      try {
        const joined = await this.#joinGroup(signal);
        this.#memberId = joined.memberId;
        this.#generationId = joined.generationId;
        const partitions = await this.#sync(joined, signal);
        this.#needsJoin = false;
        this.#lost = false;
        this.polled();
        this.#scheduleHeartbeat(this.#settings.heartbeatIntervalMs);
        return partitions;
      } catch (error) {
        signal?.throwIfAborted();
        if (!JOIN_AGAIN.has(codeOf(error))) throw error;
        if (THROWN_OUT.has(codeOf(error))) this.#forgetMembership();
      }
    }
    throw new ClientError("TIMED_OUT", `Group "${this.#groupId}" did not settle after ${MAX_REJOINS} rebalances.`);
  }

  #joinGroup(signal?: AbortSignal): Promise<JoinGroupResponse> {
    const { sessionTimeoutMs, rebalanceTimeoutMs, groupInstanceId, assignors } = this.#settings;
    const metadata = encodeSubscription(this.#topics);
    const what = `Joining group "${this.#groupId}"`;
    return this.#cluster.retriedCall(
      this.#coordinator,
      "JoinGroup",
      () =>
        newJoinGroupRequest({
          groupId: this.#groupId,
          sessionTimeoutMs,
          rebalanceTimeoutMs,
          memberId: this.#memberId,
          groupInstanceId,
          protocolType: PROTOCOL_TYPE,
          protocols: assignors.map((name) => ({ name, metadata })),
        }),
      (response) => {
        if (response.errorCode === 0) return response;
        const error = brokerError(response.errorCode, what);
        if (error.code === "MEMBER_ID_REQUIRED") this.#memberId = response.memberId;
        throw error;
      },
      {
        what,
        lane: this.#lane,
        timeoutMs: rebalanceTimeoutMs + JOIN_SLACK_MS,
        totalTimeoutMs: rebalanceTimeoutMs + this.#cluster.options.apiTimeoutMs,
        signal,
      },
    );
  }

  async #sync(joined: JoinGroupResponse, signal?: AbortSignal): Promise<TopicPartition[]> {
    const leads = joined.leader === joined.memberId && !joined.skipAssignment;
    const assignments = leads ? await this.#assign(joined, signal) : [];
    if (!leads) this.#leaderOf = undefined;
    const what = `Getting partitions in group "${this.#groupId}"`;
    const message = newSyncGroupRequest({
      groupId: this.#groupId,
      generationId: this.#generationId,
      memberId: this.#memberId,
      groupInstanceId: this.#settings.groupInstanceId,
      protocolType: PROTOCOL_TYPE,
      protocolName: joined.protocolName,
      assignments,
    });
    const { rebalanceTimeoutMs } = this.#settings;
    return this.#cluster.retriedCall(
      this.#coordinator,
      "SyncGroup",
      message,
      (response) => {
        if (response.errorCode !== 0) throw brokerError(response.errorCode, what);
        return decodeAssignment(response.assignment);
      },
      { what, lane: this.#lane, timeoutMs: rebalanceTimeoutMs + JOIN_SLACK_MS, signal },
    );
  }

  async #assign(joined: JoinGroupResponse, signal?: AbortSignal): Promise<{ memberId: string; assignment: Uint8Array }[]> {
    const assignor = ASSIGNORS[joined.protocolName as keyof typeof ASSIGNORS];
    if (assignor === undefined)
      throw new ClientError(
        "INCONSISTENT_GROUP_PROTOCOL",
        `Group "${this.#groupId}" chose the assignor "${joined.protocolName}", which this client does not have.`,
      );
    const members: GroupMemberInfo[] = joined.members.map(({ memberId, groupInstanceId, metadata }) => ({
      memberId,
      groupInstanceId,
      topics: decodeSubscription(metadata),
    }));
    const topics = [...new Set(members.flatMap((member) => member.topics))];
    const counts = new Map<string, number>();
    await this.#cluster.retried(`Metadata for group "${this.#groupId}"`, () => this.#cluster.refresh(topics, signal, true), { signal });
    for (const topic of topics) {
      const known = this.#cluster.topicNow(topic);
      if (known !== undefined) counts.set(topic, known.partitions.length);
    }
    this.#leaderOf = new Map(topics.map((topic) => [topic, counts.get(topic) ?? 0]));
    return [...assignor(members, counts)].map(([memberId, partitions]) => ({ memberId, assignment: encodeAssignment(partitions) }));
  }

  #forgetMembership(): void {
    this.#generationId = -1;
    this.#memberId = "";
  }

  // ---------- living ----------

  #scheduleHeartbeat(delayMs: number): void {
    if (this.#closing.signal.aborted) return;
    this.#timer = this.#cluster.env.timers.after(delayMs, () => void this.#heartbeat());
  }

  #stopHeartbeats(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #heartbeat(): Promise<void> {
    const generation = this.#generationId;
    const { heartbeatIntervalMs, rebalanceTimeoutMs } = this.#settings;
    try {
      if (this.#now() - this.#lastPollAt > rebalanceTimeoutMs) return await this.#tooSlow();
      const message = newHeartbeatRequest({
        groupId: this.#groupId,
        generationId: generation,
        memberId: this.#memberId,
        groupInstanceId: this.#settings.groupInstanceId,
      });
      const response = await this.#cluster.call(this.#coordinator, "Heartbeat", message, {
        lane: this.#lane,
        signal: this.#closing.signal,
      });
      if (generation !== this.#generationId || this.#closing.signal.aborted) return;
      if (response.errorCode !== 0) throw brokerError(response.errorCode, `Heartbeat to group "${this.#groupId}"`);
      if (this.#topicsChanged()) this.#askToJoin(false);
      if (!this.#needsJoin) this.#scheduleHeartbeat(heartbeatIntervalMs);
    } catch (error) {
      if (generation === this.#generationId && !this.#closing.signal.aborted) this.#heartbeatFailed(error);
    }
  }

  #heartbeatFailed(error: unknown): void {
    const code = codeOf(error);
    if (code === "REBALANCE_IN_PROGRESS") this.#askToJoin(false);
    else if (THROWN_OUT.has(code)) {
      this.#forgetMembership();
      this.#askToJoin(true);
    } else if (isRetriable(error)) {
      if (isConnectionLoss(error) || code === "NOT_COORDINATOR" || code === "COORDINATOR_NOT_AVAILABLE")
        this.#cluster.forgetCoordinator("group", this.#groupId);
      this.#scheduleHeartbeat(this.#cluster.options.retryBackoff.maxMs);
    } else this.#events.failed(error);
  }

  /** The application has not asked for a batch for too long: others should get its partitions. */
  async #tooSlow(): Promise<void> {
    this.#cluster.env.logger.log("warn", "consumer-too-slow", {
      group: this.#groupId,
      rebalanceTimeoutMs: this.#settings.rebalanceTimeoutMs,
    });
    await this.#leaveGroup("no batch was asked for within rebalanceTimeoutMs");
    this.#forgetMembership();
    this.#askToJoin(true);
  }

  #topicsChanged(): boolean {
    if (this.#leaderOf === undefined) return false;
    for (const [topic, count] of this.#leaderOf) if ((this.#cluster.topicNow(topic)?.partitions.length ?? count) !== count) return true;
    const stale = [...this.#leaderOf.keys()].filter((topic) => this.#cluster.isStale(topic));
    if (stale.length > 0) this.#cluster.refresh(stale, this.#closing.signal).catch(() => {});
    return false;
  }

  /** A commit was refused for the same reason a heartbeat would be. */
  noticeRefusal(error: unknown): void {
    if (codeOf(error) === "REBALANCE_IN_PROGRESS") this.#askToJoin(false);
    else if (THROWN_OUT.has(codeOf(error))) {
      this.#forgetMembership();
      this.#askToJoin(true);
    }
  }

  #askToJoin(lost: boolean): void {
    if (lost) this.#lost = true;
    if (this.#needsJoin) return;
    this.#needsJoin = true;
    this.#events.rejoinNeeded();
    // Others wait for this member to join again; until it does, it must not be taken for dead.
    if (!lost) this.#scheduleHeartbeat(this.#settings.heartbeatIntervalMs);
  }

  // ---------- leaving ----------

  /** A static member does not leave: it may come back within the session timeout. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#stopHeartbeats();
    this.#closing.abort(new ClientError("CLIENT_CLOSED", "The consumer was closed."));
    if (this.#settings.groupInstanceId === null && !this.#cluster.closed) await this.#leaveGroup("the consumer was closed");
    this.#cluster.closeLane(this.#lane);
  }

  /** One try: without it the session timeout does the same. */
  async #leaveGroup(reason: string): Promise<void> {
    if (this.#memberId === "") return;
    const memberId = this.#memberId;
    this.#memberId = "";
    try {
      await this.#cluster.call(this.#coordinator, "LeaveGroup", (version) =>
        newLeaveGroupRequest(
          version >= 3
            ? { groupId: this.#groupId, members: [{ memberId, groupInstanceId: this.#settings.groupInstanceId, reason }] }
            : { groupId: this.#groupId, memberId },
        ),
      );
    } catch (error) {
      this.#cluster.env.logger.log("debug", "leave-group-failed", { group: this.#groupId, error: String(error) });
    }
  }

  #now(): number {
    return this.#cluster.env.clock.monotonicMs();
  }

  get #coordinator(): Target {
    return { to: "coordinator", kind: "group", key: this.#groupId };
  }
}
