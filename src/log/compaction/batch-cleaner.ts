// What a compaction leaves of one batch: all of it, some records, a bare header (for the producer's last sequence, or as the end of the
// compacted part), or nothing. Apache Kafka's rules: the newest record of a key stays; a tombstone stays delete.retention.ms after the
// first compaction that met it; aborted records go; a marker goes that long after its last record.
import type { Compression } from "../../env/compression.ts";
import { KafkaError } from "../../protocol/errors.ts";
import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  compressionCodeOf,
  isControl,
  isTransactional,
} from "../../protocol/records/batch-header.ts";
import { BatchReader } from "../../protocol/records/batch-reader.ts";
import { compressBatch } from "../../protocol/records/compress.ts";
import { decodeControlRecord } from "../../protocol/records/control-batch.ts";
import { compressionNameOf } from "../../protocol/records/compression-type.ts";
import { decompressBatch } from "../../protocol/records/decompress.ts";
import type { AbortedTransaction } from "../aborted-index.ts";
import { MAX_DECOMPRESSED_BYTES } from "../limits.ts";
import { BatchRewriter, deleteHorizonOf, nextSpan } from "./batch-rewriter.ts";
import type { CleanedTransactions } from "./cleaned-transactions.ts";
import type { OffsetMap } from "./offset-map.ts";
import { PACE_RECORDS, type Pacer } from "./pacer.ts";

/** Where a producer that is still known stands: its last data batch, or the epoch of its markers if it has none. */
export interface LastOfProducer {
  readonly producerEpoch: number;
  /** −1: none. */
  readonly lastDataOffset: number;
  /** Its newest marker in the uncompacted part, −1 if there is none. */
  lastMarkerOffset: number;
}

export interface CleaningRound {
  readonly compression: Compression;
  readonly map: OffsetMap;
  /** Keys are known, and transactions decided, below this offset; everything from it on is left as it is. */
  readonly endOffset: number;
  readonly transactions: CleanedTransactions;
  readonly producers: ReadonlyMap<number, LastOfProducer>;
  readonly now: number;
  readonly deleteRetentionMs: number;
  readonly pacer: Pacer;
}

/** Which batches a round leaves out or rewrites. */
export class BatchCleaner {
  readonly #round: CleaningRound;
  readonly #reader = new BatchReader();
  readonly #rewriter = new BatchRewriter();
  /** A batch that cannot be read was met: it may hold older records of any key, so that no tombstone above it may go. */
  #unreadable = false;
  /** The aborted transaction whose marker was the last batch. */
  aborted: AbortedTransaction | undefined;

  constructor(round: CleaningRound) {
    this.#round = round;
  }

  /** The batch to write instead, `batch` itself if nothing changes, undefined if it goes. */
  async clean(header: BatchHeader, batch: Uint8Array): Promise<Uint8Array | undefined> {
    this.aborted = undefined;
    if (header.baseOffset + header.lastOffsetDelta >= this.#round.endOffset) return batch;
    if (isControl(header.attributes)) return this.#cleanControl(header, batch);
    const lastOffset = header.baseOffset + header.lastOffsetDelta;
    this.#rewriter.reset();
    if (isTransactional(header.attributes) && this.#round.transactions.isAborted(header.producerId, lastOffset))
      return this.#isNeeded(header) ? this.#rewriter.finish(batch, undefined) : undefined;
    const plain = await readable(this.#round.compression, batch);
    if (plain === undefined) {
      this.#unreadable = true;
      return batch;
    }
    return this.#cleanData(header, batch, plain);
  }

  async #cleanData(header: BatchHeader, batch: Uint8Array, plain: Uint8Array): Promise<Uint8Array | undefined> {
    const { now, deleteRetentionMs, pacer, compression } = this.#round;
    const horizon = deleteHorizonOf(plain);
    const tombstonesStay = this.#unreadable || horizon === undefined || horizon > now;
    const reader = this.#reader;
    reader.reset(plain);
    const span = { start: 0, end: BATCH_HEADER_BYTES };
    let tombstones = false;
    for (let i = 1; reader.next(); i++) {
      nextSpan(plain, span);
      const tombstone = reader.valueStart < 0;
      if (this.#isNewest(reader) && (!tombstone || tombstonesStay)) {
        this.#rewriter.keep(span, reader.timestamp);
        tombstones ||= tombstone;
      }
      if (i % PACE_RECORDS === 0 && pacer.due) await pacer.rest();
    }
    if (this.#rewriter.count === 0) return this.#isNeeded(header) ? this.#emptied(header, batch) : undefined;
    const setHorizon = tombstones && horizon === undefined && !this.#unreadable ? now + deleteRetentionMs : undefined;
    if (this.#rewriter.count === header.recordCount && setHorizon === undefined) return batch;
    const rewritten = this.#rewriter.finish(plain, setHorizon);
    const kind = compressionNameOf(compressionCodeOf(header.attributes));
    return kind === undefined || kind === "none" ? rewritten : compressBatch(compression, kind, rewritten);
  }

  #emptied(header: BatchHeader, batch: Uint8Array): Uint8Array {
    return header.recordCount === 0 ? batch : this.#rewriter.finish(batch, undefined);
  }

  #isNewest(reader: BatchReader): boolean {
    const { map } = this.#round;
    // A record without a key, from before the topic was compacted, belongs to nothing.
    if (reader.keyStart < 0) return false;
    return reader.offset > map.latestOffset || map.get(reader.bytes, reader.keyStart, reader.keyEnd) <= reader.offset;
  }

  /** The batch holds the last sequence of a producer, or the end of the compacted part: readers must be able to get past it. */
  #isNeeded({ producerId, baseOffset, lastOffsetDelta }: BatchHeader): boolean {
    const lastOffset = baseOffset + lastOffsetDelta;
    return lastOffset + 1 === this.#round.endOffset || this.#round.producers.get(producerId)?.lastDataOffset === lastOffset;
  }

  #cleanControl(header: BatchHeader, batch: Uint8Array): Uint8Array | undefined {
    const { now, deleteRetentionMs, transactions, endOffset } = this.#round;
    const reader = this.#reader;
    reader.reset(batch);
    if (!reader.next()) return batch;
    const control = decodeControlRecord(reader);
    if (control.type === "other") return batch;
    const { superfluous, aborted } = transactions.marker(header.producerId, header.baseOffset, control.type === "commit");
    this.aborted = aborted;
    if (!superfluous || this.#isLastMarker(header) || header.baseOffset + 1 === endOffset) return batch;
    const horizon = deleteHorizonOf(batch);
    if (horizon !== undefined) return horizon > now ? batch : undefined;
    const span = { start: 0, end: BATCH_HEADER_BYTES };
    nextSpan(batch, span);
    this.#rewriter.reset();
    this.#rewriter.keep(span, reader.timestamp);
    return this.#rewriter.finish(batch, now + deleteRetentionMs);
  }

  /** It is all that tells the producer's epoch, which fences older ones. */
  #isLastMarker({ producerId, producerEpoch, baseOffset }: BatchHeader): boolean {
    const last = this.#round.producers.get(producerId);
    if (last === undefined || last.lastDataOffset >= 0 || last.producerEpoch !== producerEpoch) return false;
    return last.lastMarkerOffset < 0 || last.lastMarkerOffset === baseOffset;
  }
}

/** The batch uncompressed; undefined if its compression is not known here, or it is too large or malformed inside. */
export async function readable(compression: Compression, batch: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    return await decompressBatch(compression, batch, 0, MAX_DECOMPRESSED_BYTES);
  } catch (error) {
    if (error instanceof KafkaError) return undefined;
    throw error;
  }
}
