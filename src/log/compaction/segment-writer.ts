// Writes a compacted segment aside, with its indexes: log, .index, .timeindex and .txnindex, each with .cleaned behind its name, flushed.
import type { Env } from "../../env/env.ts";
import type { FileHandle } from "../../env/files.ts";
import { readBatchHeader } from "../../protocol/records/batch-header.ts";
import type { AbortedTransaction } from "../aborted-index.ts";
import { COMPACTION_WRITE_BYTES } from "../limits.ts";
import { Segment } from "../segment.ts";
import { CLEANED_SUFFIX } from "../segment-files.ts";
import { SegmentIndexes } from "../segment-indexes.ts";

export class SegmentWriter {
  readonly segment: Segment;
  readonly #env: Env;
  readonly #directory: string;
  readonly #handle: FileHandle;
  readonly #intervalBytes: number;
  #chunks: Uint8Array[] = [];
  #chunkBytes = 0;
  #written = 0;

  static async open(env: Env, directory: string, baseOffset: number, intervalBytes: number): Promise<SegmentWriter> {
    const segment = new Segment(directory, baseOffset, 0, baseOffset);
    segment.indexes = new SegmentIndexes(baseOffset);
    const handle = await env.files.open(segment.path + CLEANED_SUFFIX, "w+");
    return new SegmentWriter(env, directory, segment, handle, intervalBytes);
  }

  private constructor(env: Env, directory: string, segment: Segment, handle: FileHandle, intervalBytes: number) {
    this.#env = env;
    this.#directory = directory;
    this.segment = segment;
    this.#handle = handle;
    this.#intervalBytes = intervalBytes;
  }

  /** `batch` is copied unless `owned`. */
  async append(batch: Uint8Array, owned: boolean, aborted: AbortedTransaction | undefined): Promise<void> {
    this.segment.noteBatch(readBatchHeader(batch, 0), this.#intervalBytes);
    if (aborted !== undefined) this.segment.indexes!.noteAborted(aborted);
    this.#chunks.push(owned ? batch : batch.slice());
    this.#chunkBytes += batch.length;
    if (this.#chunkBytes >= COMPACTION_WRITE_BYTES) await this.#flushChunks();
  }

  async #flushChunks(): Promise<void> {
    if (this.#chunks.length === 0) return;
    const bytes = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#chunkBytes);
    this.#chunks = [];
    this.#chunkBytes = 0;
    await this.#handle.write([bytes], this.#written);
    this.#written += bytes.length;
  }

  /** Everything is on disk when it resolves, except the directory's entries. `nextOffset`: behind what the segment stands for. */
  async finish(nextOffset: number): Promise<Segment> {
    const { segment } = this;
    await this.#flushChunks();
    await this.#handle.datasync();
    await this.#handle.close();
    segment.nextOffset = nextOffset;
    segment.indexes!.seal();
    segment.sealedMaxTimestamp = segment.indexes!.maxTimestamp;
    await segment.indexes!.save(this.#env.files, this.#directory, { behind: CLEANED_SUFFIX });
    return segment;
  }

  /** After a failure; the file is removed by whoever removes all files of the compaction. */
  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
  }
}
