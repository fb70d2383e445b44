// One compaction of one partition: reads the keys of its uncompacted part, then writes its sealed segments anew from the first one on,
// neighbours that fit together as one, each group swapped in as soon as it is written.
// Invariant: a record goes only if a newer one of its key stays, below the same end; older segments are swapped before newer ones.
import { isControl, isTransactional, type BatchHeader } from "../../protocol/records/batch-header.ts";
import { BatchReader } from "../../protocol/records/batch-reader.ts";
import type { AbortedTransaction } from "../aborted-index.ts";
import type { IndexLoader } from "../index-loader.ts";
import type { LogContext } from "../log-context.ts";
import type { ProducerEntry } from "../producer-state.ts";
import type { Segment } from "../segment.ts";
import type { SegmentList } from "../segment-list.ts";
import type { TopicSettings } from "../topic-config.ts";
import { BatchCleaner, type CleaningRound, type LastOfProducer, readable } from "./batch-cleaner.ts";
import { eachBatch } from "./batch-source.ts";
import { CleanedTransactions } from "./cleaned-transactions.ts";
import { OffsetMap } from "./offset-map.ts";
import { PACE_RECORDS, type Pacer } from "./pacer.ts";
import { type CompactionPlan, fitsBehind } from "./plan.ts";
import { SegmentWriter } from "./segment-writer.ts";

export interface CompactedPartition {
  readonly directory: string;
  readonly settings: TopicSettings;
  readonly segments: SegmentList;
  readonly indexes: IndexLoader;
  producers(): Iterable<ProducerEntry>;
  /** Puts the new segment, whose files are written aside, in the place of the old ones. False if these are gone. */
  swap(old: readonly Segment[], segment: Segment): Promise<boolean>;
  /** Everything below `offset` is compacted. */
  compacted(offset: number): Promise<void>;
}

export interface CompactionResult {
  /** undefined if the segments changed meanwhile: nothing more was done. */
  readonly endOffset: number | undefined;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly keys: number;
}

export class PartitionCompaction {
  readonly #context: LogContext;
  readonly #partition: CompactedPartition;
  readonly #plan: CompactionPlan;
  readonly #pacer: Pacer;
  readonly #now: number;
  readonly #map: OffsetMap;
  readonly #producers = new Map<number, LastOfProducer>();

  constructor(context: LogContext, partition: CompactedPartition, plan: CompactionPlan, pacer: Pacer, now: number) {
    this.#context = context;
    this.#partition = partition;
    this.#plan = plan;
    this.#pacer = pacer;
    this.#now = now;
    this.#map = new OffsetMap(context.options.compactionMapBytes, context.env.random.uint32());
    for (const entry of partition.producers()) {
      const lastDataOffset = entry.batches.at(-1)?.lastOffset ?? -1;
      this.#producers.set(entry.producerId, { producerEpoch: entry.producerEpoch, lastDataOffset, lastMarkerOffset: -1 });
    }
  }

  async run(): Promise<CompactionResult> {
    const until = this.#plan.endOffset;
    const sealed = this.#partition.segments.all.filter((segment) => segment.baseOffset < until && segment.nextOffset <= until);
    const aborted = await this.#abortedBelow(this.#plan.endOffset);
    const endOffset = await this.#readKeys(sealed, aborted);
    const cleaner = new BatchCleaner(this.#roundUntil(endOffset, aborted));
    const taken = sealed.filter((segment) => segment.baseOffset < endOffset);
    let bytesBefore = 0;
    let bytesAfter = 0;
    const keys = this.#map.count;
    for (let next = 0; next < taken.length;) {
      const { old, segment } = await this.#writeGroup(taken.slice(next), cleaner, endOffset);
      if (!(await this.#partition.swap(old, segment))) return { endOffset: undefined, bytesBefore, bytesAfter, keys };
      bytesBefore += old.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      bytesAfter += segment.sizeBytes;
      next += old.length;
    }
    await this.#partition.compacted(endOffset);
    return { endOffset, bytesBefore, bytesAfter, keys };
  }

  #roundUntil(endOffset: number, aborted: readonly AbortedTransaction[]): CleaningRound {
    return {
      compression: this.#context.env.compression,
      map: this.#map,
      endOffset,
      transactions: new CleanedTransactions(aborted),
      producers: this.#producers,
      now: this.#now,
      deleteRetentionMs: this.#partition.settings.deleteRetentionMs,
      pacer: this.#pacer,
    };
  }

  /** Transactions that began below `offset` and were aborted, wherever their markers are. */
  async #abortedBelow(offset: number): Promise<AbortedTransaction[]> {
    const aborted: AbortedTransaction[] = [];
    for (const segment of this.#partition.segments.all) {
      const complete = (await this.#partition.indexes.indexesOf(segment)).aborted.collect(0, offset, aborted);
      this.#pacer.begin();
      if (complete) break;
    }
    return aborted;
  }

  // Keys ---------------------------------------------------------------------------------------------------------------------------------

  /** Fills the map from the uncompacted part; returns up to where it got. */
  async #readKeys(sealed: readonly Segment[], aborted: readonly AbortedTransaction[]): Promise<number> {
    const { dirtyOffset, endOffset } = this.#plan;
    const transactions = new CleanedTransactions(aborted.filter((transaction) => transaction.lastOffset >= dirtyOffset));
    const reader = new BatchReader();
    let mappedTo = endOffset;
    for (const segment of sealed) {
      if (segment.nextOffset <= dirtyOffset) continue;
      await eachBatch(this.#context, segment, this.#pacer, async (header, batch) => {
        if (mappedTo < endOffset || header.baseOffset + header.lastOffsetDelta < dirtyOffset) return;
        if (this.#isLeftOut(header, transactions)) return;
        const plain = await readable(this.#context.env.compression, batch);
        if (plain === undefined) return;
        reader.reset(plain);
        for (let i = 1; reader.next(); i++) {
          if (
            reader.keyStart >= 0 &&
            reader.offset >= dirtyOffset &&
            !this.#map.put(plain, reader.keyStart, reader.keyEnd, reader.offset)
          ) {
            mappedTo = reader.offset;
            return;
          }
          if (i % PACE_RECORDS === 0 && this.#pacer.due) await this.#pacer.rest();
        }
      });
      if (mappedTo < endOffset) break;
    }
    return mappedTo;
  }

  /** Markers and aborted records name no newer value of anything. */
  #isLeftOut(header: BatchHeader, transactions: CleanedTransactions): boolean {
    const lastOffset = header.baseOffset + header.lastOffsetDelta;
    if (isControl(header.attributes)) {
      // Which of the two it is makes no difference to those that follow.
      transactions.marker(header.producerId, lastOffset, false);
      const last = this.#producers.get(header.producerId);
      if (last !== undefined) last.lastMarkerOffset = lastOffset;
      return true;
    }
    return isTransactional(header.attributes) && transactions.isAborted(header.producerId, lastOffset);
  }

  // Segments -----------------------------------------------------------------------------------------------------------------------------

  /** Writes what stays of the first segments, as many as fit together, as one. */
  async #writeGroup(
    segments: readonly Segment[],
    cleaner: BatchCleaner,
    endOffset: number,
  ): Promise<{ readonly old: readonly Segment[]; readonly segment: Segment }> {
    const { directory, settings } = this.#partition;
    const { baseOffset } = segments[0]!;
    const writer = await SegmentWriter.open(this.#context.env, directory, baseOffset, settings.indexIntervalBytes);
    try {
      const old: Segment[] = [];
      for (const segment of segments) {
        if (old.length > 0 && !fitsBehind(baseOffset, writer.segment.sizeBytes, segment, settings.segmentBytes)) break;
        await this.#writeSegment(segment, cleaner, writer, endOffset);
        old.push(segment);
      }
      return { old, segment: await writer.finish(old.at(-1)!.nextOffset) };
    } catch (error) {
      await writer.abandon();
      throw error;
    }
  }

  async #writeSegment(segment: Segment, cleaner: BatchCleaner, writer: SegmentWriter, endOffset: number): Promise<void> {
    // Behind the end nothing is left out: those transactions stay in the index as they are.
    const behind: AbortedTransaction[] = [];
    if (segment.nextOffset > endOffset) {
      (await this.#partition.indexes.indexesOf(segment)).aborted.collect(0, Infinity, behind);
    }
    await eachBatch(this.#context, segment, this.#pacer, async (header, batch) => {
      const cleaned = await cleaner.clean(header, batch);
      if (cleaned === undefined) return;
      const isBehind = header.baseOffset >= endOffset;
      const aborted = isBehind ? behind.find(({ lastOffset }) => lastOffset === header.baseOffset) : cleaner.aborted;
      await writer.append(cleaned, cleaned !== batch, aborted);
    });
  }
}
