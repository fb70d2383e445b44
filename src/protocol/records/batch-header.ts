// The 61 bytes in front of every record batch (magic 2, KIP-98): where each field is, reading them all, and changing those that a broker or
// a retrying producer may change. The checksum covers everything from the attributes on, so base offset and leader epoch are free to change.
import { crc32c } from "../../bytes/crc32c.ts";

export const BASE_OFFSET_AT = 0;
export const BATCH_LENGTH_AT = 8;
export const LEADER_EPOCH_AT = 12;
export const MAGIC_AT = 16;
export const CRC_AT = 17;
export const ATTRIBUTES_AT = 21;
export const LAST_OFFSET_DELTA_AT = 23;
export const BASE_TIMESTAMP_AT = 27;
export const MAX_TIMESTAMP_AT = 35;
export const PRODUCER_ID_AT = 43;
export const PRODUCER_EPOCH_AT = 51;
export const BASE_SEQUENCE_AT = 53;
export const RECORD_COUNT_AT = 57;
export const BATCH_HEADER_BYTES = 61;
/** Base offset and length: what the length field does not count. */
export const BATCH_OVERHEAD_BYTES = 12;

export const MAGIC = 2;
export const COMPRESSION_MASK = 0x07;
export const LOG_APPEND_TIME_FLAG = 0x08;
export const TRANSACTIONAL_FLAG = 0x10;
export const CONTROL_FLAG = 0x20;

export const NO_PRODUCER_ID = -1;
export const NO_PRODUCER_EPOCH = -1;
export const NO_SEQUENCE = -1;

const TWO_32 = 4294967296;

export interface BatchHeader {
  readonly baseOffset: number;
  /** Bytes after the length field. */
  readonly batchLength: number;
  readonly partitionLeaderEpoch: number;
  readonly magic: number;
  /** Unsigned. */
  readonly crc: number;
  readonly attributes: number;
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
  /** The whole batch, header included. */
  readonly sizeBytes: number;
}

/** Reads the header at `at`, where at least BATCH_HEADER_BYTES bytes must be; checks nothing (validateBatch does). */
export function readBatchHeader(bytes: Uint8Array, at: number): BatchHeader {
  if (at < 0 || at + BATCH_HEADER_BYTES > bytes.length)
    throw new RangeError(`No room for a batch header at ${at} of ${bytes.length} bytes.`);
  const batchLength = int32At(bytes, at + BATCH_LENGTH_AT);
  return {
    baseOffset: int64At(bytes, at + BASE_OFFSET_AT),
    batchLength,
    partitionLeaderEpoch: int32At(bytes, at + LEADER_EPOCH_AT),
    magic: (bytes[at + MAGIC_AT]! << 24) >> 24,
    crc: int32At(bytes, at + CRC_AT) >>> 0,
    attributes: int16At(bytes, at + ATTRIBUTES_AT),
    lastOffsetDelta: int32At(bytes, at + LAST_OFFSET_DELTA_AT),
    baseTimestamp: int64At(bytes, at + BASE_TIMESTAMP_AT),
    maxTimestamp: int64At(bytes, at + MAX_TIMESTAMP_AT),
    producerId: int64At(bytes, at + PRODUCER_ID_AT),
    producerEpoch: int16At(bytes, at + PRODUCER_EPOCH_AT),
    baseSequence: int32At(bytes, at + BASE_SEQUENCE_AT),
    recordCount: int32At(bytes, at + RECORD_COUNT_AT),
    sizeBytes: batchLength + BATCH_OVERHEAD_BYTES,
  };
}

/** The size of the batch at `at` if all of it lies before `end`, else 0: a fetch may end in the middle of a batch. */
export function wholeBatchSizeAt(bytes: Uint8Array, at: number, end = bytes.length): number {
  if (at + BATCH_HEADER_BYTES > end) return 0;
  const sizeBytes = int32At(bytes, at + BATCH_LENGTH_AT) + BATCH_OVERHEAD_BYTES;
  return sizeBytes >= BATCH_HEADER_BYTES && at + sizeBytes <= end ? sizeBytes : 0;
}

/** The largest timestamp of several batches in epoch milliseconds, −1 if none has one. */
export function maxTimestampOf(headers: readonly BatchHeader[]): number {
  let max = -1;
  for (const { maxTimestamp } of headers) if (maxTimestamp > max) max = maxTimestamp;
  return max;
}

export function isTransactional(attributes: number): boolean {
  return (attributes & TRANSACTIONAL_FLAG) !== 0;
}

export function isControl(attributes: number): boolean {
  return (attributes & CONTROL_FLAG) !== 0;
}

/** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
export function compressionCodeOf(attributes: number): number {
  return attributes & COMPRESSION_MASK;
}

// Changes in place ---------------------------------------------------------------------------------------------------------------------

export function patchBaseOffset(bytes: Uint8Array, at: number, offset: number): void {
  putInt64At(bytes, at + BASE_OFFSET_AT, offset);
}

export function patchLeaderEpoch(bytes: Uint8Array, at: number, leaderEpoch: number): void {
  putInt32At(bytes, at + LEADER_EPOCH_AT, leaderEpoch);
}

/** For topics with message.timestamp.type=LogAppendTime: every record of the batch gets this time. Renews the checksum. */
export function stampLogAppendTime(bytes: Uint8Array, at: number, timestamp: number): void {
  bytes[at + ATTRIBUTES_AT + 1] = bytes[at + ATTRIBUTES_AT + 1]! | LOG_APPEND_TIME_FLAG;
  putInt64At(bytes, at + MAX_TIMESTAMP_AT, timestamp);
  renewCrc(bytes, at);
}

/** For all other topics: a client cannot say that the log gave its records their times. Renews the checksum. */
export function stampCreateTime(bytes: Uint8Array, at: number): void {
  bytes[at + ATTRIBUTES_AT + 1] = bytes[at + ATTRIBUTES_AT + 1]! & ~LOG_APPEND_TIME_FLAG;
  renewCrc(bytes, at);
}

/** For a producer that sends a batch again under a new identity. Renews the checksum. */
export function stampProducer(bytes: Uint8Array, at: number, producerId: number, producerEpoch: number, baseSequence: number): void {
  putInt64At(bytes, at + PRODUCER_ID_AT, producerId);
  putInt16At(bytes, at + PRODUCER_EPOCH_AT, producerEpoch);
  putInt32At(bytes, at + BASE_SEQUENCE_AT, baseSequence);
  renewCrc(bytes, at);
}

export function renewCrc(bytes: Uint8Array, at: number): void {
  putInt32At(bytes, at + CRC_AT, computeCrc(bytes, at));
}

/** Unsigned. The batch must be whole. */
export function computeCrc(bytes: Uint8Array, at: number): number {
  return crc32c(bytes, at + ATTRIBUTES_AT, at + BATCH_OVERHEAD_BYTES + int32At(bytes, at + BATCH_LENGTH_AT));
}

/** The sequence number `count` records after `sequence`: wraps to 0 after 2^31 − 1. */
export function sequenceAfter(sequence: number, count: number): number {
  const next = sequence + count;
  return next > 0x7fffffff ? next - 0x80000000 : next;
}

// Numbers at a position ------------------------------------------------------------------------------------------------------------------

export function int16At(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) >> 16) | bytes[at + 1]!;
}

export function int32At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

export function int64At(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at) * TWO_32 + (int32At(bytes, at + 4) >>> 0);
}

export function putInt16At(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}

export function putInt32At(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

export function putInt64At(bytes: Uint8Array, at: number, value: number): void {
  putInt32At(bytes, at, Math.floor(value / TWO_32));
  putInt32At(bytes, at + 4, value);
}
