// The public consumer: `for await (const batch of consumer)`. Partitions by hand (assign) or shared out in a group (subscribe). A batch counts
// as processed when the next one is asked for; auto-commit commits what is processed, never what was only fetched.
import type { Timer } from "../../env/clock.ts";
import { deferred, eitherSignal, type Deferred } from "../abortable.ts";
import type { Cluster } from "../cluster.ts";
import { ClientError, codeOf, messageOf } from "../errors.ts";
import { commitGroupOffsets, fetchGroupOffsets, type OffsetCommit } from "../group-offsets.ts";
import { listOffsets, type OffsetQuery } from "../list-offsets.ts";
import { PartitionFetcher } from "../partition-fetcher.ts";
import type { GroupMetadata } from "../producer/transaction.ts";
import { partitionName, type TopicPartition } from "../topic-partition.ts";
import { ConsumedBatch } from "./consumed-batch.ts";
import { GroupMember } from "./group-member.ts";
import { consumerSettings, type ConsumerOptions, type ConsumerSettings } from "./options.ts";

/** "committed": the group's offset, else as startAt says. */
export type StartOffset = number | "earliest" | "latest" | "committed";

export interface PartitionAssignment extends TopicPartition {
  readonly offset: StartOffset;
}

/** By partition: the offset at which a bounded iteration is through. Only partitions that are not. */
type ReadEnd = Map<string, number>;

const STALE_COMMIT = new Set(["REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID"]);

export class Consumer implements AsyncIterable<ConsumedBatch> {
  readonly #cluster: Cluster;
  readonly #settings: ConsumerSettings;
  readonly #fetcher: PartitionFetcher;
  readonly #closing = new AbortController();
  readonly #onClosed: () => void;
  /** Processed, not committed. */
  readonly #uncommitted = new Map<string, OffsetCommit>();
  #member: GroupMember | undefined;
  #delivered: ConsumedBatch | undefined;
  #failure: unknown;
  #wake: Deferred<void> | undefined;
  #watching = false;
  #reading = false;
  #commitTimer: Timer | undefined;
  #committing: Promise<void> | undefined;

  constructor(cluster: Cluster, options: ConsumerOptions = {}, onClosed: () => void = () => {}) {
    this.#cluster = cluster;
    this.#settings = consumerSettings(options);
    this.#onClosed = onClosed;
    const { isolation, startAt } = this.#settings;
    this.#fetcher = new PartitionFetcher(cluster, { ...fetchOptions(options), isolation, outOfRange: startAt });
  }

  // ---------- what to read ----------

  /** Joins the group at the first batch; its members share out the partitions of their topics. */
  subscribe(topics: string | readonly string[]): void {
    this.#failIfUsed();
    if (this.#settings.groupId === undefined)
      throw new ClientError("INVALID_STATE", "subscribe() needs a groupId in the consumer's options. Use assign() without a group.");
    const names = typeof topics === "string" ? [topics] : [...topics];
    if (names.length === 0) throw new ClientError("INVALID_ARGUMENT", "subscribe() needs at least one topic.");
    this.#member = new GroupMember(this.#cluster, this.#settings, names, {
      rejoinNeeded: () => this.#signal(),
      failed: (error) => {
        this.#failure = error;
        this.#signal();
      },
    });
  }

  /** Reads exactly these partitions, without a group's coordination. May be called once. */
  async assign(partitions: readonly PartitionAssignment[], signal?: AbortSignal): Promise<void> {
    this.#failIfUsed();
    await this.#start(partitions, eitherSignal(this.#closing.signal, signal));
  }

  /** The partitions being read. */
  get assignment(): TopicPartition[] {
    return this.#fetcher.cursors.map(({ topic, partition }) => ({ topic, partition }));
  }

  /** For Producer.sendOffsets(): the broker refuses it once this member was replaced (KIP-447). Undefined without subscribe(). */
  get groupMetadata(): GroupMetadata | undefined {
    return this.#member?.metadata;
  }

  // ---------- reading ----------

  /** Ends when the consumer is closed. One iteration at a time; leaving the loop leaves the consumer open and its last batch unprocessed. */
  [Symbol.asyncIterator](): AsyncIterator<ConsumedBatch> {
    return this.batches();
  }

  /**
   * As iterating the consumer. `signal`: once aborted, the iteration rejects with its reason. `until: "end"` (after assign()): the iteration
   * ends where the partitions ended when it began: all that was written before is read, an open transaction is waited for. Transaction
   * markers at the end, which no batch carries, count as read.
   */
  batches(options: { readonly signal?: AbortSignal; readonly until?: "end" } = {}): AsyncIterableIterator<ConsumedBatch> {
    let ends: Promise<ReadEnd> | undefined;
    const iterator: AsyncIterableIterator<ConsumedBatch> = {
      [Symbol.asyncIterator]: () => iterator,
      next: async () => {
        if (options.until === "end") ends ??= this.#findEnd(options.signal);
        const value = await this.#next(options.signal, await ends);
        return value === undefined ? { done: true, value: undefined } : { done: false, value };
      },
      return: () => Promise.resolve({ done: true, value: undefined }),
    };
    return iterator;
  }

  async #findEnd(signal?: AbortSignal): Promise<ReadEnd> {
    if (this.#member !== undefined)
      throw new ClientError("INVALID_STATE", 'until: "end" needs assign(): what a group member reads may change at any time.');
    const queries = this.assignment.map((partition) => ({ ...partition, at: "latest" as const }));
    const found = await listOffsets(this.#cluster, queries, {
      isolation: "read_uncommitted",
      signal: eitherSignal(this.#closing.signal, signal),
    });
    return new Map(found.map((end) => [partitionName(end), end.offset]));
  }

  /** Pauses the partitions that are through, so that what is appended meanwhile is not delivered. */
  #isThrough(ends: ReadEnd): boolean {
    for (const [name, end] of ends) {
      const cursor = this.#fetcher.cursors.find((each) => each.name === name);
      if (cursor !== undefined && cursor.position < end) continue;
      ends.delete(name);
      if (cursor !== undefined) this.#fetcher.pause(cursor.topic, cursor.partition);
    }
    return ends.size === 0;
  }

  async #next(signal?: AbortSignal, ends?: ReadEnd): Promise<ConsumedBatch | undefined> {
    if (this.#reading) throw new ClientError("INVALID_STATE", "Another call already waits for this consumer's next batch.");
    this.#reading = true;
    const onAbort = (): void => this.#signal();
    signal?.addEventListener("abort", onAbort);
    try {
      this.#processed();
      for (;;) {
        signal?.throwIfAborted();
        if (this.#closing.signal.aborted) return undefined;
        if (this.#failure !== undefined) throw this.#failure;
        if (this.#member?.needsJoin === true) await this.#rebalance(eitherSignal(this.#closing.signal, signal));
        this.#member?.polled();
        if (ends !== undefined && this.#isThrough(ends)) return undefined;
        const fetched = this.#fetcher.poll();
        if (fetched !== undefined) return (this.#delivered = new ConsumedBatch(fetched));
        await this.#waitForMore();
      }
    } catch (error) {
      if (this.#closing.signal.aborted) return undefined;
      throw error;
    } finally {
      this.#reading = false;
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** One listener on the fetcher at a time: available() keeps its promise until there is something. */
  #waitForMore(): Promise<void> {
    this.#wake ??= deferred();
    if (!this.#watching) {
      this.#watching = true;
      this.#fetcher
        .available()
        .catch(() => {})
        .finally(() => {
          this.#watching = false;
          this.#signal();
        });
    }
    return this.#wake.promise;
  }

  #signal(): void {
    this.#wake?.resolve();
    this.#wake = undefined;
  }

  #processed(): void {
    const batch = this.#delivered;
    this.#delivered = undefined;
    if (batch === undefined || !this.#settings.autoCommit || this.#fetcher.cursor(batch.topic, batch.partition) === undefined) return;
    this.#uncommitted.set(partitionName(batch), { topic: batch.topic, partition: batch.partition, offset: batch.nextOffset });
    this.#commitTimer ??= this.#cluster.env.timers.after(this.#settings.autoCommitIntervalMs, () => {
      this.#commitTimer = undefined;
      void this.#commitProcessed().catch((error: unknown) =>
        this.#cluster.env.logger.log("warn", "auto-commit-failed", { group: this.#settings.groupId, error: messageOf(error) }),
      );
    });
  }

  // ---------- positions ----------

  /** The next offset to be delivered; undefined if the partition is not read by this consumer. */
  position(partition: TopicPartition): number | undefined {
    return this.#fetcher.position(partition.topic, partition.partition);
  }

  /** Goes on at another offset. A batch already delivered is not taken back. */
  async seek(partition: TopicPartition, offset: number | "earliest" | "latest", signal?: AbortSignal): Promise<void> {
    const name = partitionName(partition);
    if (this.#fetcher.cursor(partition.topic, partition.partition) === undefined)
      throw new ClientError("INVALID_STATE", `Cannot seek: partition ${name} is not read by this consumer.`);
    const target = (await this.#resolve([{ ...partition, offset }], signal))[0]!.offset;
    this.#uncommitted.delete(name);
    if (this.#delivered !== undefined && partitionName(this.#delivered) === name) this.#delivered = undefined;
    this.#fetcher.seek(partition.topic, partition.partition, target);
  }

  /** Delivers nothing of these partitions until resume(); the consumer stays in its group. */
  pause(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) this.#fetcher.pause(topic, partition);
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) this.#fetcher.resume(topic, partition);
  }

  /** Commits these offsets (the next to read), or everything delivered so far, the current batch included. */
  async commit(offsets?: readonly OffsetCommit[], signal?: AbortSignal): Promise<void> {
    if (this.#settings.groupId === undefined) throw new ClientError("INVALID_STATE", "commit() needs a groupId in the consumer's options.");
    const all = offsets ?? this.#fetcher.cursors.map(({ topic, partition, position }) => ({ topic, partition, offset: position }));
    if (all.length === 0) return;
    await this.#commitOffsets(all, signal);
    for (const committed of all)
      if ((this.#uncommitted.get(partitionName(committed))?.offset ?? Infinity) <= committed.offset)
        this.#uncommitted.delete(partitionName(committed));
  }

  async #commitOffsets(offsets: readonly OffsetCommit[], signal?: AbortSignal): Promise<void> {
    const group = this.#member?.metadata ?? { groupId: this.#settings.groupId! };
    try {
      await commitGroupOffsets(this.#cluster, group, offsets, { signal });
    } catch (error) {
      if (STALE_COMMIT.has(codeOf(error))) this.#member?.noticeRefusal(error);
      throw error;
    }
  }

  /** One commit at a time, in order. What fails stays uncommitted. */
  async #commitProcessed(): Promise<void> {
    while (this.#committing !== undefined) await this.#committing.catch(() => {});
    if (this.#uncommitted.size === 0) return;
    const offsets = [...this.#uncommitted.values()];
    this.#committing = this.#commitOffsets(offsets).finally(() => {
      this.#committing = undefined;
    });
    await this.#committing;
    for (const committed of offsets)
      if (this.#uncommitted.get(partitionName(committed)) === committed) this.#uncommitted.delete(partitionName(committed));
  }

  // ---------- rebalance ----------

  async #rebalance(signal: AbortSignal): Promise<void> {
    const member = this.#member!;
    await this.#giveBack(member.lost);
    const partitions = await member.join(signal);
    await this.#start(
      partitions.map((partition) => ({ ...partition, offset: "committed" as const })),
      signal,
    );
    await this.#settings.onRebalance.assigned?.(partitions);
  }

  async #giveBack(lost: boolean): Promise<void> {
    const partitions = this.assignment;
    if (partitions.length > 0) {
      const { onRebalance } = this.#settings;
      if (lost) await onRebalance.lost?.(partitions);
      else await onRebalance.revoked?.(partitions);
      if (!lost && this.#settings.autoCommit) await this.#commitBefore("a rebalance");
    }
    this.#uncommitted.clear();
    for (const { topic, partition } of partitions) this.#fetcher.remove(topic, partition);
  }

  /** A commit that fails here means that the records are delivered again, which is what "at least once" says. */
  async #commitBefore(what: string): Promise<void> {
    try {
      await this.#commitProcessed();
    } catch (error) {
      this.#cluster.env.logger.log("warn", "auto-commit-failed", { group: this.#settings.groupId, before: what, error: messageOf(error) });
    }
  }

  async #start(partitions: readonly PartitionAssignment[], signal: AbortSignal): Promise<void> {
    for (const topic of new Set(partitions.map((each) => each.topic))) await this.#cluster.topic(topic, { signal });
    for (const { topic, partition, offset } of await this.#resolve(partitions, signal)) this.#fetcher.add(topic, partition, offset);
  }

  /** Start positions as offsets. */
  async #resolve(partitions: readonly PartitionAssignment[], signal?: AbortSignal): Promise<(TopicPartition & { offset: number })[]> {
    const offsets = new Map<string, number>();
    const queries: OffsetQuery[] = [];
    const committed = partitions.filter(({ offset }) => offset === "committed");
    if (committed.length > 0) {
      const { groupId } = this.#settings;
      if (groupId === undefined)
        throw new ClientError("INVALID_STATE", 'Starting at "committed" needs a groupId in the consumer\'s options.');
      for (const found of await fetchGroupOffsets(this.#cluster, groupId, committed, { signal }))
        if (found.offset >= 0) offsets.set(partitionName(found), found.offset);
    }
    for (const each of partitions) {
      if (typeof each.offset === "number") offsets.set(partitionName(each), each.offset);
      else if (!offsets.has(partitionName(each))) queries.push({ topic: each.topic, partition: each.partition, at: this.#startOf(each) });
    }
    // Under read_committed the end is the last stable offset: what is committed later is still seen.
    for (const found of await listOffsets(this.#cluster, queries, { isolation: this.#settings.isolation, signal }))
      offsets.set(partitionName(found), found.offset);
    return partitions.map(({ topic, partition }) => ({ topic, partition, offset: offsets.get(partitionName({ topic, partition }))! }));
  }

  #startOf(each: PartitionAssignment): "earliest" | "latest" {
    if (each.offset === "earliest" || each.offset === "latest") return each.offset;
    const { startAt, groupId } = this.#settings;
    if (startAt === "error")
      throw new ClientError(
        "OFFSET_OUT_OF_RANGE",
        `Group "${groupId}" has no committed offset for ${partitionName(each)}, and startAt is "error". Choose "earliest" or "latest".`,
      );
    return startAt;
  }

  // ---------- end ----------

  /** Commits what is processed (auto-commit), leaves the group, ends the iteration. Idempotent. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new ClientError("CLIENT_CLOSED", "The consumer was closed."));
    this.#commitTimer?.cancel();
    this.#signal();
    try {
      if (this.#settings.autoCommit && this.#member?.lost !== true && !this.#cluster.closed) await this.#commitBefore("close");
      await this.#member?.close();
    } finally {
      this.#fetcher.close();
      this.#onClosed();
    }
  }

  #failIfUsed(): void {
    if (this.#closing.signal.aborted) throw new ClientError("CLIENT_CLOSED", "The consumer was closed.");
    if (this.#member !== undefined || this.#fetcher.cursors.length > 0)
      throw new ClientError("INVALID_STATE", "The consumer already has something to read: subscribe() or assign() once.");
  }
}

function fetchOptions({
  minBytes,
  maxBytes,
  maxPartitionBytes,
  maxBufferedBytes,
  maxBatchBytes,
  maxWaitMs,
}: ConsumerOptions): ConstructorParameters<typeof PartitionFetcher>[1] {
  const given = Object.entries({ minBytes, maxBytes, maxPartitionBytes, maxBufferedBytes, maxBatchBytes, maxWaitMs }).filter(
    ([, value]) => value !== undefined,
  );
  return Object.fromEntries(given);
}
