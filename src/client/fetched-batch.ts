// Cuts a fetched range of a partition's log into batches that a reader should see: whole, checked, uncompressed, committed. What is left out
// still moves the position.
import type { Compression } from "../env/compression.ts";
import { KafkaError } from "../protocol/errors.ts";
import {
  BASE_OFFSET_AT,
  computeCrc,
  CRC_AT,
  int32At,
  int64At,
  LAST_OFFSET_DELTA_AT,
  MAGIC,
  MAGIC_AT,
  RECORD_COUNT_AT,
  wholeBatchSizeAt,
} from "../protocol/records/batch-header.ts";
import { decompressBatch, isCompressedAt } from "../protocol/records/decompress.ts";
import { CommittedFilter, type AbortedTransaction } from "./committed-filter.ts";
import { ClientError } from "./errors.ts";

export interface FetchedBatch {
  readonly topic: string;
  readonly partition: number;
  /** A whole uncompressed record batch starts at `at`: BatchReader.reset(bytes, at). */
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly sizeBytes: number;
  readonly baseOffset: number;
  /** Records below this offset came along, but were not asked for: skip them. */
  readonly fromOffset: number;
  readonly recordCount: number;
  /** Where to go on after this batch and what was left out behind it. */
  nextOffset: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
}

export interface FetchedRange {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Uint8Array;
  readonly fetchOffset: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  /** undefined: read_uncommitted. */
  readonly aborted: readonly AbortedTransaction[] | undefined;
}

export interface CutRange {
  readonly batches: FetchedBatch[];
  /** The offset to fetch next. */
  readonly nextOffset: number;
}

/**
 * Rejects with CORRUPT_MESSAGE, UNSUPPORTED_COMPRESSION_TYPE, MESSAGE_TOO_LARGE (after decompression) when the range begins with such a
 * batch; what lies in front of one is handed out first.
 */
export async function cutRange(compression: Compression, range: FetchedRange, checkCrc: boolean, maxBatchBytes: number): Promise<CutRange> {
  const { bytes, fetchOffset, topic, partition } = range;
  const filter = new CommittedFilter(range.aborted ?? []);
  const batches: FetchedBatch[] = [];
  let nextOffset = fetchOffset;
  for (let at = 0, sizeBytes = wholeBatchSizeAt(bytes, 0); sizeBytes > 0; at += sizeBytes, sizeBytes = wholeBatchSizeAt(bytes, at)) {
    const problem = problemOf(bytes, at, checkCrc);
    if (problem !== undefined) {
      if (nextOffset > fetchOffset) break;
      throw corrupt(range, at, problem);
    }
    const baseOffset = int64At(bytes, at + BASE_OFFSET_AT);
    const after = baseOffset + int32At(bytes, at + LAST_OFFSET_DELTA_AT) + 1;
    const kept = filter.keeps(bytes, at);
    if (after <= fetchOffset) continue;
    const recordCount = int32At(bytes, at + RECORD_COUNT_AT);
    if (!kept || recordCount === 0) {
      nextOffset = after;
      const last = batches.at(-1);
      if (last !== undefined) last.nextOffset = after;
      continue;
    }
    const compressed = isCompressedAt(bytes, at);
    let plain = bytes;
    try {
      if (compressed) plain = await decompress(compression, range, at, maxBatchBytes);
    } catch (error) {
      if (nextOffset > fetchOffset) break;
      throw error;
    }
    nextOffset = after;
    batches.push({
      topic,
      partition,
      bytes: plain,
      at: compressed ? 0 : at,
      sizeBytes: compressed ? plain.length : sizeBytes,
      baseOffset,
      fromOffset: Math.max(baseOffset, fetchOffset),
      recordCount,
      nextOffset: after,
      highWatermark: range.highWatermark,
      lastStableOffset: range.lastStableOffset,
    });
  }
  return { batches, nextOffset };
}

function problemOf(bytes: Uint8Array, at: number, checkCrc: boolean): string | undefined {
  if (bytes[at + MAGIC_AT] !== MAGIC) return `its format is magic ${bytes[at + MAGIC_AT]}; topics of Kafka before 0.11 cannot be read`;
  return checkCrc && computeCrc(bytes, at) !== int32At(bytes, at + CRC_AT) >>> 0 ? "its checksum is wrong" : undefined;
}

async function decompress(compression: Compression, range: FetchedRange, at: number, maxBytes: number): Promise<Uint8Array> {
  try {
    return await decompressBatch(compression, range.bytes, at, maxBytes);
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    const hint = error.code === "UNSUPPORTED_COMPRESSION_TYPE" ? " Let its producers use one of Kafka's compressions." : "";
    throw new ClientError(error.code, `Reading ${where(range, at)}: ${error.message}${hint}`, { cause: error });
  }
}

function corrupt(range: FetchedRange, at: number, reason: string): ClientError {
  return new ClientError("CORRUPT_MESSAGE", `The record batch in ${where(range, at)} is damaged: ${reason}. Seek behind it to go on.`);
}

function where(range: FetchedRange, at: number): string {
  return `${range.topic}-${range.partition} at offset ${int64At(range.bytes, at + BASE_OFFSET_AT)}`;
}
