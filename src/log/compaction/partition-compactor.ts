// When one partition is compacted, and one compaction after the other: plans from its segments, seals an active segment that is large and
// mostly uncompacted, runs the compaction, and calls it off when the partition is closed.
import type { IndexLoader } from "../index-loader.ts";
import { COMPACTION_ROLL_BYTES } from "../limits.ts";
import type { LogContext } from "../log-context.ts";
import { isOutOfSpace, logError, messageOf } from "../log-error.ts";
import type { PartitionKeeper } from "../partition-keeper.ts";
import type { Producers } from "../producers.ts";
import type { Segment } from "../segment.ts";
import type { SegmentList } from "../segment-list.ts";
import type { TopicSettings } from "../topic-config.ts";
import { BATCH_HEADER_BYTES, BASE_TIMESTAMP_AT, int64At } from "../../protocol/records/batch-header.ts";
import { readFully } from "../batch-scan.ts";
import { PartitionCompaction } from "./compact-partition.ts";
import { CancelledError, Pacer } from "./pacer.ts";
import { type CompactionPlan, planCompaction } from "./plan.ts";

export interface CompactorPartition {
  readonly name: string;
  readonly directory: string;
  readonly settings: TopicSettings;
  readonly lastStableOffset: number;
}

export interface CompactorParts {
  readonly segments: SegmentList;
  readonly indexes: IndexLoader;
  readonly producers: Producers;
  readonly keeper: PartitionKeeper;
}

export class PartitionCompactor {
  readonly #context: LogContext;
  readonly #partition: CompactorPartition;
  readonly #parts: CompactorParts;
  #pacer: Pacer | undefined;
  #running: Promise<void> | undefined;
  /** A compaction found something it cannot cope with (damage): not tried again until the next start. */
  #given = false;

  constructor(context: LogContext, partition: CompactorPartition, parts: CompactorParts) {
    this.#context = context;
    this.#partition = partition;
    this.#parts = parts;
  }

  /** undefined if there is nothing to compact; `due` if it is time to. May seal the active segment. */
  async plan(now: number): Promise<CompactionPlan | undefined> {
    const { settings } = this.#partition;
    if (!settings.compacts || this.#given || this.#context.failure !== undefined || this.#running !== undefined) return undefined;
    await this.#sealIfLarge(now);
    const { segments, indexes, keeper } = this.#parts;
    const { all } = segments;
    if (all.length < 2) return undefined;
    const cleanedOffset = Math.min(keeper.cleanedOffset, segments.active.baseOffset);
    const lag = settings.minCompactionLagMs > 0;
    const sealed = [];
    for (const segment of all.slice(0, -1)) {
      const { baseOffset, nextOffset, sizeBytes } = segment;
      const maxTimestamp = lag && nextOffset > cleanedOffset && sizeBytes > 0 ? await indexes.maxTimestampOf(segment) : -1;
      sealed.push({ baseOffset, nextOffset, sizeBytes, maxTimestamp });
    }
    const limited = settings.maxCompactionLagMs < Number.MAX_SAFE_INTEGER;
    const firstDirty = limited
      ? all.slice(0, -1).find((segment) => segment.nextOffset > cleanedOffset && segment.sizeBytes > 0)
      : undefined;
    const firstDirtyTimestamp = firstDirty === undefined ? -1 : await this.#firstTimestamp(firstDirty);
    const { lastStableOffset } = this.#partition;
    return planCompaction(sealed, settings, { cleanedOffset, lastStableOffset, now, firstDirtyTimestamp });
  }

  async #sealIfLarge(now: number): Promise<void> {
    const { segments, keeper } = this.#parts;
    const { minCleanableDirtyRatio, maxCompactionLagMs } = this.#partition.settings;
    const { active } = segments;
    const dirtyBytes = segments.all.reduce((sum, segment) => sum + (segment.nextOffset > keeper.cleanedOffset ? segment.sizeBytes : 0), 0);
    const large = active.sizeBytes >= COMPACTION_ROLL_BYTES && dirtyBytes / segments.sizeBytes > minCleanableDirtyRatio;
    const old = active.firstTimestamp !== undefined && now - active.firstTimestamp > maxCompactionLagMs;
    if (large || old) await keeper.sealActive(active.nextOffset);
  }

  async #firstTimestamp(segment: Segment): Promise<number> {
    const file = await this.#context.files.acquire(segment.path);
    try {
      const header = new Uint8Array(BATCH_HEADER_BYTES);
      const filled = await readFully(file.handle, header, header.length, 0);
      return filled < header.length ? -1 : int64At(header, BASE_TIMESTAMP_AT);
    } finally {
      file.release();
    }
  }

  /** Resolves when the compaction is done or was given up; never rejects. */
  async run(plan: CompactionPlan, now: number): Promise<void> {
    if (this.#running !== undefined) return this.#running;
    this.#running = this.#run(plan, now).finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #run(plan: CompactionPlan, now: number): Promise<void> {
    const { env } = this.#context;
    const { name, directory, settings } = this.#partition;
    const { segments, indexes, producers, keeper } = this.#parts;
    const pacer = new Pacer(env.clock, env.timers);
    this.#pacer = pacer;
    const begin = env.clock.monotonicMs();
    const target = {
      directory,
      settings,
      segments,
      indexes,
      producers: () => producers.entries,
      swap: (old: readonly Segment[], segment: Segment) => keeper.swapSegments(old, segment),
      compacted: (offset: number) => keeper.noteCompacted(offset),
    };
    try {
      const result = await new PartitionCompaction(this.#context, target, plan, pacer, now).run();
      if (result.endOffset === undefined) await keeper.discardCompaction();
      else if (result.endOffset <= plan.dirtyOffset) throw logError("KAFKA_STORAGE_ERROR", `One key needs more than ${this.#context.options.compactionMapBytes} bytes`); // prettier-ignore
      const tookMs = Math.round(env.clock.monotonicMs() - begin);
      env.logger.log("info", "log-compacted", { partition: name, dirtyOffset: plan.dirtyOffset, ...result, tookMs });
    } catch (error) {
      await this.#gaveUp(error);
    } finally {
      this.#pacer = undefined;
    }
  }

  async #gaveUp(error: unknown): Promise<void> {
    if (this.#context.failure !== undefined) return;
    const { name } = this.#partition;
    try {
      await this.#parts.keeper.discardCompaction();
    } catch (cause) {
      this.#context.fail(`removing the files of a compaction in ${this.#partition.directory}`, cause);
      return;
    }
    if (error instanceof CancelledError) return;
    // A full disk may have room again next time.
    this.#given = !isOutOfSpace(error);
    const consequence = this.#given ? "the partition is not compacted until the next start" : "it is tried again";
    this.#context.env.logger.log(this.#given ? "error" : "warn", "log-compaction-failed", { partition: name, cause: messageOf(error), consequence }); // prettier-ignore
  }

  /** Calls a running compaction off; resolves when it has stopped. */
  async stop(): Promise<void> {
    this.#pacer?.cancel();
    await this.#running;
  }
}
