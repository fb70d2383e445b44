// Reads partitions ahead of their reader, within limits: long polls to every leader in parallel, a new one for a partition only when its
// buffer has room. Two lanes per broker, so that a partition that becomes readable does not wait for another's long poll to end. KIP-74, KIP-516.
import type { Timer } from "../env/clock.ts";
import { ErrorCode, errorByCode, KafkaError } from "../protocol/errors.ts";
import {
  newFetchPartition,
  newFetchRequest,
  type FetchRequest,
  type FetchResponse,
  type PartitionData,
} from "../protocol/generated/fetch.gen.ts";
import { ZERO_UUID } from "../protocol/primitives.ts";
import { deferred, type Deferred } from "./abortable.ts";
import { backoffMs } from "./backoff.ts";
import type { Cluster } from "./cluster.ts";
import { brokerError, ClientError, isRetriable, messageOf } from "./errors.ts";
import { cutRange, type FetchedBatch } from "./fetched-batch.ts";
import { isolationCode, listOffsets, type Isolation } from "./list-offsets.ts";
import { PartitionCursor } from "./partition-cursor.ts";
import { byTopic } from "./topic-partition.ts";

export interface FetcherOptions {
  /** Default read_committed. */
  readonly isolation?: Isolation;
  /** The broker waits for this much, up to maxWaitMs. Default 1. */
  readonly minBytes?: number;
  /** Per answer. Default 8,388,608. */
  readonly maxBytes?: number;
  /** Per partition and answer. Default 1,048,576. A larger batch still comes, alone. */
  readonly maxPartitionBytes?: number;
  /** Fetched ahead, over all partitions; nothing more is fetched beyond. Default 33,554,432. */
  readonly maxBufferedBytes?: number;
  /** Default 500. */
  readonly maxWaitMs?: number;
  /** Default true. */
  readonly checkCrc?: boolean;
  /** The largest decompressed batch. Default 16,777,216: a larger one is refused (MESSAGE_TOO_LARGE). */
  readonly maxBatchBytes?: number;
  /** What to do when the offset is not in the log (retention, truncation). Default "error": OFFSET_OUT_OF_RANGE. */
  readonly outOfRange?: "error" | "earliest" | "latest";
}

const LANES_PER_NODE = 2;
/** A long poll's wait while other partitions of the same broker have full buffers: they should not wait long for their turn. */
const SHORT_WAIT_MS = 20;
const TIMEOUT_SLACK_MS = 10_000;
const LAST_VERSION_WITH_NAMES = 12;
const CLIENT_FETCH = 17;

export class PartitionFetcher {
  readonly #cluster: Cluster;
  readonly #options: Required<FetcherOptions>;
  readonly #cursors = new Map<string, PartitionCursor>();
  readonly #lanes: string[];
  readonly #busy = new Set<string>();
  readonly #toRefresh = new Set<string>();
  #order: PartitionCursor[] = [];
  #turn = 0;
  #refreshing = false;
  #refreshNotBefore = 0;
  #soon = false;
  #timer: Timer | undefined;
  #timerAt = Infinity;
  #closed = false;
  #waiting: Deferred<void> | undefined;

  constructor(cluster: Cluster, options: FetcherOptions = {}) {
    this.#cluster = cluster;
    this.#options = {
      isolation: options.isolation ?? "read_committed",
      minBytes: options.minBytes ?? 1,
      maxBytes: options.maxBytes ?? 8 << 20,
      maxPartitionBytes: options.maxPartitionBytes ?? 1 << 20,
      maxBufferedBytes: options.maxBufferedBytes ?? 32 << 20,
      maxWaitMs: options.maxWaitMs ?? 500,
      checkCrc: options.checkCrc ?? true,
      maxBatchBytes: options.maxBatchBytes ?? 16 << 20,
      outOfRange: options.outOfRange ?? "error",
    };
    this.#lanes = Array.from({ length: LANES_PER_NODE }, () => cluster.newLane("fetch"));
  }

  /** Begins to read a partition at `offset`. The cursor polls this partition alone; poll() of the fetcher polls all in turn. */
  add(topic: string, partition: number, offset: number): PartitionCursor {
    const name = `${topic}-${partition}`;
    if (this.#cursors.has(name)) throw new ClientError("INVALID_STATE", `Partition ${name} is being read already.`);
    const cursor = new PartitionCursor(topic, partition, offset, this.#options.isolation === "read_committed", () => this.#drained());
    this.#cursors.set(name, cursor);
    this.#order = [...this.#cursors.values()];
    this.#wakeSoon();
    return cursor;
  }

  remove(topic: string, partition: number): void {
    const cursor = this.#cursors.get(`${topic}-${partition}`);
    if (cursor === undefined) return;
    cursor.removed = true;
    cursor.generation++;
    this.#cursors.delete(cursor.name);
    this.#order = [...this.#cursors.values()];
    cursor.fail(new ClientError("INVALID_STATE", `Partition ${cursor.name} is no longer read.`));
    this.#wakeSoon();
  }

  cursor(topic: string, partition: number): PartitionCursor | undefined {
    return this.#cursors.get(`${topic}-${partition}`);
  }

  get cursors(): readonly PartitionCursor[] {
    return this.#order;
  }

  /** The next batch of any partition, in turn, without waiting. Throws the failure of a partition whose buffer is empty. */
  poll(): FetchedBatch | undefined {
    for (let i = 0; i < this.#order.length; i++) {
      const cursor = this.#order[(this.#turn + i) % this.#order.length]!;
      const batch = cursor.poll();
      if (batch === undefined) continue;
      this.#turn = (this.#turn + i + 1) % this.#order.length;
      return batch;
    }
    return undefined;
  }

  /** Resolves when poll() is worth another call or a position moved (markers carry no batch); rejects with the failure of a partition, or CLIENT_CLOSED. */
  available(): Promise<void> {
    if (this.#closed) return Promise.reject(closedError());
    for (const cursor of this.#order) {
      if (cursor.hasBatch) return Promise.resolve();
      if (cursor.failure !== undefined) return Promise.reject(cursor.failure);
    }
    this.#waiting ??= deferred();
    return this.#waiting.promise;
  }

  /** The next offset poll() delivers from. */
  position(topic: string, partition: number): number | undefined {
    return this.#cursors.get(`${topic}-${partition}`)?.position;
  }

  seek(topic: string, partition: number, offset: number): void {
    this.#cursors.get(`${topic}-${partition}`)?.seek(offset);
    this.#wakeSoon();
  }

  /** Buffered batches stay, nothing is delivered or fetched until resume(). */
  pause(topic: string, partition: number): void {
    const cursor = this.#cursors.get(`${topic}-${partition}`);
    if (cursor !== undefined) cursor.paused = true;
  }

  resume(topic: string, partition: number): void {
    const cursor = this.#cursors.get(`${topic}-${partition}`);
    if (cursor === undefined) return;
    cursor.paused = false;
    if (cursor.hasBatch) this.#signal(cursor);
    this.#wakeSoon();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    for (const lane of this.#lanes) this.#cluster.closeLane(lane);
    for (const cursor of this.#order) {
      cursor.removed = true;
      cursor.fail(closedError());
    }
    this.#cursors.clear();
    this.#order = [];
    this.#waiting?.reject(closedError());
  }

  // ---------- what to fetch ----------

  #drained(): void {
    this.#wakeSoon();
  }

  #wakeSoon(): void {
    if (this.#soon || this.#closed) return;
    this.#soon = true;
    this.#cluster.env.timers.soon(() => {
      this.#soon = false;
      this.#pump();
    });
  }

  #wakeAt(at: number): void {
    if (at >= this.#timerAt || this.#closed) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    this.#timer = this.#cluster.env.timers.after(Math.max(1, at - this.#now()), () => {
      this.#timerAt = Infinity;
      this.#pump();
    });
  }

  #now(): number {
    return this.#cluster.env.clock.monotonicMs();
  }

  #pump(): void {
    if (this.#closed) return;
    const now = this.#now();
    let buffered = 0;
    for (const cursor of this.#order) buffered += cursor.bufferedBytes;
    const room = buffered < this.#options.maxBufferedBytes;
    const byNode = new Map<number, PartitionCursor[]>();
    const crowded = new Set<number>();
    for (const cursor of this.#order) {
      if (cursor.inFlight || cursor.paused || cursor.failure !== undefined) continue;
      const leader = this.#cluster.leaderNow(cursor.topic, cursor.partition);
      if (leader === undefined || this.#cluster.isStale(cursor.topic)) this.#toRefresh.add(cursor.topic);
      if (leader === undefined) continue;
      if (cursor.bufferedBytes >= this.#options.maxPartitionBytes || !room) crowded.add(leader.leaderId);
      else if (cursor.notBefore > now) this.#wakeAt(cursor.notBefore);
      else {
        const cursors = byNode.get(leader.leaderId);
        if (cursors === undefined) byNode.set(leader.leaderId, [cursor]);
        else cursors.push(cursor);
      }
    }
    for (const [nodeId, cursors] of byNode) {
      const lane = this.#lanes.find((each) => !this.#busy.has(`${nodeId}/${each}`));
      if (lane !== undefined) void this.#fetchFrom(nodeId, lane, cursors, crowded.has(nodeId) ? SHORT_WAIT_MS : this.#options.maxWaitMs);
    }
    this.#refresh();
  }

  async #fetchFrom(nodeId: number, lane: string, cursors: readonly PartitionCursor[], maxWaitMs: number): Promise<void> {
    const key = `${nodeId}/${lane}`;
    this.#busy.add(key);
    const asked = cursors.map((cursor) => ({ cursor, generation: cursor.generation }));
    for (const cursor of cursors) cursor.inFlight = true;
    try {
      const connection = await this.#cluster.connection({ to: "node", nodeId }, lane);
      const unnamed = cursors.some((cursor) => (this.#cluster.topicNow(cursor.topic)?.id ?? ZERO_UUID) === ZERO_UUID);
      const response = await connection.request("Fetch", (version) => this.#message(cursors, version, maxWaitMs), {
        maxVersion: unnamed ? LAST_VERSION_WITH_NAMES : CLIENT_FETCH,
        timeoutMs: maxWaitMs + Math.max(TIMEOUT_SLACK_MS, this.#cluster.options.requestTimeoutMs),
      });
      if (response.errorCode !== 0) throw brokerError(response.errorCode, `Fetching from ${this.#cluster.nodeText(nodeId)}`);
      await Promise.all(asked.map(({ cursor, generation }) => this.#answered(cursor, generation, response, nodeId)));
    } catch (error) {
      for (const { cursor, generation } of asked) if (cursor.generation === generation) this.#failed(cursor, error);
    } finally {
      for (const cursor of cursors) cursor.inFlight = false;
      this.#busy.delete(key);
      this.#wakeSoon();
    }
  }

  #message(cursors: readonly PartitionCursor[], version: number, maxWaitMs: number): FetchRequest {
    const { isolation, minBytes, maxBytes, maxPartitionBytes } = this.#options;
    return newFetchRequest({
      maxWaitMs,
      minBytes,
      maxBytes,
      isolationLevel: isolationCode(isolation),
      topics: [...byTopic(cursors)].map(([topic, each]) => ({
        topic,
        topicId: version > LAST_VERSION_WITH_NAMES ? this.#cluster.topicNow(topic)!.id : ZERO_UUID,
        partitions: each.map((cursor) =>
          newFetchPartition({
            partition: cursor.partition,
            currentLeaderEpoch: this.#cluster.leaderNow(cursor.topic, cursor.partition)?.leaderEpoch ?? -1,
            fetchOffset: cursor.fetchOffset,
            partitionMaxBytes: maxPartitionBytes,
          }),
        ),
      })),
    });
  }

  // ---------- what came ----------

  async #answered(cursor: PartitionCursor, generation: number, response: FetchResponse, nodeId: number): Promise<void> {
    const id = this.#cluster.topicNow(cursor.topic)?.id;
    const data = response.responses
      .find((topic) => topic.topic === cursor.topic || (topic.topic === "" && topic.topicId === id))
      ?.partitions.find((partition) => partition.partitionIndex === cursor.partition);
    // The broker answers for as many partitions as fit: the others are asked for again.
    if (data === undefined || cursor.generation !== generation) return;
    try {
      if (data.errorCode !== 0) return await this.#handleError(cursor, generation, data, nodeId);
      const read = this.#options.isolation === "read_committed" ? (data.abortedTransactions ?? []) : undefined;
      const { topic, partition, fetchOffset } = cursor;
      const { highWatermark, lastStableOffset } = data;
      const range = { topic, partition, bytes: data.records ?? NOTHING, fetchOffset, highWatermark, lastStableOffset, aborted: read };
      const cut = await cutRange(this.#cluster.env.compression, range, this.#options.checkCrc, this.#options.maxBatchBytes);
      if (cursor.generation !== generation) return;
      cursor.failures = 0;
      cursor.failingSince = -1;
      const moved = cursor.endOffset;
      cursor.highWatermark = data.highWatermark;
      cursor.lastStableOffset = data.lastStableOffset;
      cursor.logStartOffset = data.logStartOffset;
      if (cut.batches.length > 0 || cut.nextOffset !== fetchOffset || cursor.endOffset !== moved) {
        cursor.deliver(cut.batches, cut.nextOffset);
        this.#signal(cursor);
      }
    } catch (error) {
      if (cursor.generation === generation) this.#failed(cursor, error);
    }
  }

  async #handleError(cursor: PartitionCursor, generation: number, data: PartitionData, nodeId: number): Promise<void> {
    const where = `Fetching ${cursor.name} at offset ${cursor.fetchOffset} from ${this.#cluster.nodeText(nodeId)}`;
    if (data.errorCode !== ErrorCode.OFFSET_OUT_OF_RANGE) throw brokerError(data.errorCode, where);
    const { outOfRange } = this.#options;
    const { topic, partition } = cursor;
    const ends = (["earliest", "latest"] as const).map((at) => ({ topic, partition, at }));
    const [earliest, latest] = await listOffsets(this.#cluster, ends, { isolation: "read_uncommitted" });
    if (cursor.generation !== generation) return;
    const [start, end] = [earliest!.offset, latest!.offset];
    // The log may have grown, or the leader changed, since: ask again.
    if (cursor.fetchOffset >= start && cursor.fetchOffset <= end)
      throw new ClientError("OFFSET_NOT_AVAILABLE", `${where}: not available yet.`, { retriable: true });
    if (outOfRange === "error") {
      const text = errorByCode(data.errorCode).text;
      throw new ClientError(
        "OFFSET_OUT_OF_RANGE",
        `${where} failed: ${text} The log holds offsets ${start} to ${end - 1}. Begin at the earliest or the latest offset, or keep records for longer (retention.ms).`,
      );
    }
    cursor.seek(outOfRange === "earliest" ? start : end);
    this.#cluster.env.logger.log("warn", "offset-reset", {
      topic: cursor.topic,
      partition: cursor.partition,
      to: cursor.position,
      logStart: start,
      logEnd: end,
    });
    this.#wakeSoon();
  }

  #failed(cursor: PartitionCursor, error: unknown): void {
    if (cursor.removed) return;
    const now = this.#now();
    const reported =
      error instanceof KafkaError ? new ClientError(error.code, error.message, { retriable: error.retriable, cause: error }) : error;
    if (cursor.failingSince < 0) cursor.failingSince = now;
    const { apiTimeoutMs, retryBackoff } = this.#cluster.options;
    cursor.failures++;
    const outOfTime = now - cursor.failingSince > apiTimeoutMs;
    if (isRetriable(reported) && !outOfTime) {
      cursor.notBefore = now + backoffMs(retryBackoff, cursor.failures, this.#cluster.env.random);
      this.#toRefresh.add(cursor.topic);
      return;
    }
    cursor.fail(
      outOfTime && reported instanceof ClientError
        ? new ClientError(
            reported.code,
            `Partition ${cursor.name} could not be read for ${apiTimeoutMs} ms (apiTimeoutMs). The last try: ${messageOf(reported)}`,
            { retriable: true, cause: reported },
          )
        : reported,
    );
    this.#waiting?.reject(cursor.failure);
    this.#waiting = undefined;
  }

  #signal(cursor: PartitionCursor): void {
    this.#waiting?.resolve();
    this.#waiting = undefined;
    cursor.wake();
  }

  #refresh(): void {
    if (this.#refreshing || this.#toRefresh.size === 0) return;
    if (this.#refreshNotBefore > this.#now()) return this.#wakeAt(this.#refreshNotBefore);
    this.#refreshing = true;
    const topics = [...this.#toRefresh];
    this.#toRefresh.clear();
    const { retryBackoff } = this.#cluster.options;
    this.#cluster
      .refresh(topics)
      .then(
        (errors) => {
          for (const cursor of this.#order) {
            const errorCode = errors.get(cursor.topic);
            if (errorCode !== undefined) this.#failed(cursor, brokerError(errorCode, `Metadata of topic "${cursor.topic}"`));
          }
        },
        (error: unknown) => {
          for (const cursor of this.#order) if (topics.includes(cursor.topic) && !cursor.inFlight) this.#failed(cursor, error);
        },
      )
      .finally(() => {
        this.#refreshing = false;
        this.#refreshNotBefore = this.#now() + retryBackoff.firstMs;
        this.#wakeSoon();
      });
  }
}

const NOTHING = new Uint8Array(0);

function closedError(): ClientError {
  return new ClientError("CLIENT_CLOSED", "The fetcher was closed.");
}
