// Brings the indexes of a sealed segment into memory; what is missing or damaged on disk is rebuilt from the log and logged. Damage in the
// log that is found on the way is registered and left out.
import { scanBatches } from "./batch-scan.ts";
import type { LogContext } from "./log-context.ts";
import { AbortedIndex } from "./aborted-index.ts";
import { logError } from "./log-error.ts";
import { Producers } from "./producers.ts";
import { walkSegment } from "./segment-damage.ts";
import type { Segment } from "./segment.ts";
import { SegmentIndexes } from "./segment-indexes.ts";
import type { SegmentList } from "./segment-list.ts";

/** Of all partitions, which are thousands: two maps for each would be most of an idle one's memory. */
const loadings = new WeakMap<Segment, Promise<SegmentIndexes>>();
const inspections = new WeakMap<Segment, Promise<void>>();

export class IndexLoader {
  readonly #context: LogContext;
  readonly #segments: SegmentList;
  readonly #intervalBytes: () => number;

  constructor(context: LogContext, segments: SegmentList, intervalBytes: () => number) {
    this.#context = context;
    this.#segments = segments;
    this.#intervalBytes = intervalBytes;
  }

  async indexesOf(segment: Segment): Promise<SegmentIndexes> {
    const present = segment.indexes;
    if (present !== undefined) {
      if (segment !== this.#segments.active && present.isSaved) this.#context.indexCache.touch(segment);
      return present;
    }
    let loading = loadings.get(segment);
    if (loading === undefined) {
      loading = this.#load(segment).finally(() => loadings.delete(segment));
      loadings.set(segment, loading);
    }
    return loading;
  }

  async maxTimestampOf(segment: Segment): Promise<number> {
    if (segment.sealedMaxTimestamp !== undefined) return segment.sealedMaxTimestamp;
    return (await this.indexesOf(segment)).maxTimestamp;
  }

  /**
   * No sound batch begins where one should: walks the whole segment, registers what is damaged, and makes the indexes of a sealed segment
   * anew, which may have been wrong.
   */
  inspect(segment: Segment): Promise<void> {
    let inspecting = inspections.get(segment);
    if (inspecting === undefined) {
      inspecting = this.#inspect(segment).finally(() => inspections.delete(segment));
      inspections.set(segment, inspecting);
    }
    return inspecting;
  }

  async #inspect(segment: Segment): Promise<void> {
    if (segment === this.#segments.active) return this.#walk(segment, () => undefined);
    const { aborted } = await this.indexesOf(segment);
    this.#context.indexCache.remove(segment);
    segment.indexes = await this.#rebuild(segment, aborted, "no batch begins where it points to");
  }

  async #load(segment: Segment): Promise<SegmentIndexes> {
    const { files } = this.#context.env;
    const { offsets, times, aborted } = await SegmentIndexes.load(files, this.#segments.directory, segment.baseOffset, segment.sizeBytes);
    // A sealed segment always has its largest timestamp as the last entry of its time index.
    const sound = offsets !== undefined && times !== undefined && (times.count > 0 || segment.sizeBytes === 0);
    let indexes: SegmentIndexes;
    if (sound && aborted !== undefined) {
      indexes = new SegmentIndexes(segment.baseOffset, offsets, times, aborted);
      indexes.markSaved();
    } else {
      indexes = await this.#rebuild(segment, aborted, "its files are missing or damaged");
    }
    segment.indexes = indexes;
    segment.sealedMaxTimestamp = indexes.maxTimestamp;
    if (indexes.isSaved) this.#context.indexCache.touch(segment);
    return indexes;
  }

  async #rebuild(segment: Segment, aborted: AbortedIndex | undefined, reason: string): Promise<SegmentIndexes> {
    this.#context.env.logger.log("warn", "log-index-rebuilt", { segment: segment.path, reason });
    const transactions = aborted ?? (await this.#rebuildAborted(segment));
    const indexes = new SegmentIndexes(segment.baseOffset, undefined, undefined, transactions);
    await this.#walk(segment, (header, _bytes, _at, position) => {
      const lastOffset = header.baseOffset + header.lastOffsetDelta;
      indexes.noteBatch(lastOffset, header.maxTimestamp, position, header.sizeBytes, this.#intervalBytes());
    });
    indexes.seal();
    return indexes;
  }

  /** Transactions may begin in any earlier segment, so the log is read from its start. */
  async #rebuildAborted(segment: Segment): Promise<AbortedIndex> {
    const aborted = new AbortedIndex();
    const producers = new Producers();
    for (const earlier of this.#segments.all) {
      if (earlier.baseOffset > segment.baseOffset) break;
      await this.#scan(earlier, (header, bytes, at) => {
        const transaction = producers.replay(header, bytes, at, 0);
        if (transaction !== undefined && earlier === segment) aborted.append(transaction);
        producers.written(header.baseOffset + header.lastOffsetDelta + 1);
      });
    }
    return aborted;
  }

  async #walk(segment: Segment, visit: Parameters<typeof scanBatches>[1]): Promise<void> {
    const file = await this.#context.files.acquire(segment.path);
    try {
      const { sizeBytes, baseOffset, nextOffset: untilOffset } = segment;
      const { damages } = await walkSegment({ handle: file.handle, sizeBytes, baseOffset, untilOffset }, visit);
      const bounded = damages.map((damage) => ({ ...damage, untilOffset: damage.untilOffset ?? untilOffset }));
      this.#context.damages.replace(segment, bounded);
    } finally {
      file.release();
    }
  }

  async #scan(segment: Segment, visit: Parameters<typeof scanBatches>[1]): Promise<void> {
    const file = await this.#context.files.acquire(segment.path);
    try {
      const range = { handle: file.handle, from: 0, end: segment.sizeBytes, nextOffset: segment.baseOffset, checkCrcFrom: 0 };
      const result = await scanBatches(range, visit);
      if (result.problem === undefined) return;
      throw logError("KAFKA_STORAGE_ERROR", `${segment.path} is damaged at byte ${result.position}: ${result.problem}.`);
    } finally {
      file.release();
    }
  }
}
