// What must be true of a batch before it may enter a log, without looking into its records: magic 2, lengths, checksum, and as many records
// as its last offset says. Sequence numbers are the log's own business.
import { KafkaError } from "../errors.ts";
import {
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_AT,
  BATCH_OVERHEAD_BYTES,
  type BatchHeader,
  computeCrc,
  int32At,
  MAGIC,
  MAGIC_AT,
  readBatchHeader,
} from "./batch-header.ts";

const MAX_COMPRESSION_CODE = 4;

/**
 * Checks the batch at `at`, which must end at or before `end`, and returns its header.
 * Throws a KafkaError: CORRUPT_MESSAGE (length, checksum), INVALID_RECORD (magic, counts, timestamps, producer id),
 * INVALID_TIMESTAMP (beyond 2^53 ms), UNSUPPORTED_COMPRESSION_TYPE.
 */
export function validateBatch(bytes: Uint8Array, at = 0, end = bytes.length): BatchHeader {
  const available = end - at;
  if (available < BATCH_HEADER_BYTES) throw corrupt(at, `${available} bytes are too few for a batch header of ${BATCH_HEADER_BYTES}`);
  const magic = bytes[at + MAGIC_AT]!;
  if (magic !== MAGIC) throw invalid(at, `its format is magic ${magic}, only ${MAGIC} is supported`);
  const sizeBytes = int32At(bytes, at + BATCH_LENGTH_AT) + BATCH_OVERHEAD_BYTES;
  if (sizeBytes < BATCH_HEADER_BYTES || sizeBytes > available) throw corrupt(at, `it claims ${sizeBytes} bytes, ${available} are there`);
  const header = readBatchHeader(bytes, at);
  const crc = computeCrc(bytes, at);
  if (crc !== header.crc) throw corrupt(at, `its checksum is ${hex(crc)}, its header says ${hex(header.crc)}`);
  checkCounts(header, at);
  return header;
}

/** Checks all batches of [at, end), which must be whole, and calls `each` with every header. Returns how many there were. */
export function validateBatches(bytes: Uint8Array, each: (header: BatchHeader, at: number) => void, at = 0, end = bytes.length): number {
  let count = 0;
  for (let position = at; position < end; count++) {
    const header = validateBatch(bytes, position, end);
    each(header, position);
    position += header.sizeBytes;
  }
  return count;
}

function checkCounts(header: BatchHeader, at: number): void {
  const { recordCount, lastOffsetDelta, attributes, baseTimestamp, maxTimestamp, producerId } = header;
  if (recordCount < 1) throw invalid(at, `it has ${recordCount} records`);
  if (recordCount !== lastOffsetDelta + 1)
    throw invalid(at, `it has ${recordCount} records, but its last offset delta is ${lastOffsetDelta}`);
  if (baseTimestamp < -1 || maxTimestamp < -1) throw invalid(at, `its timestamps ${baseTimestamp} and ${maxTimestamp} are below -1`);
  // Nobody has written before the year 287396 or has such an id; and what no double can hold, no index or snapshot could.
  if (!Number.isSafeInteger(baseTimestamp) || !Number.isSafeInteger(maxTimestamp))
    throw new KafkaError("INVALID_TIMESTAMP", `The record batch at byte ${at} has the timestamps ${baseTimestamp} and ${maxTimestamp}.`);
  if (!Number.isSafeInteger(producerId)) throw invalid(at, `no broker gives out the producer id ${producerId}`);
  const compression = attributes & 0x07;
  if (compression > MAX_COMPRESSION_CODE) {
    throw new KafkaError("UNSUPPORTED_COMPRESSION_TYPE", `The record batch at byte ${at} has the unknown compression ${compression}.`);
  }
}

function corrupt(at: number, reason: string): KafkaError {
  return new KafkaError("CORRUPT_MESSAGE", `The record batch at byte ${at} is damaged: ${reason}.`);
}

function invalid(at: number, reason: string): KafkaError {
  return new KafkaError("INVALID_RECORD", `The record batch at byte ${at} is not allowed: ${reason}.`);
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, "0");
}
