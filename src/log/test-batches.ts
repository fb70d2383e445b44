// For the log's tests: record batches as a client would send them, and what is in bytes that were read.
import { readBatchHeader } from "../protocol/records/batch-header.ts";
import { BatchWriter } from "../protocol/records/batch-writer.ts";

export interface DataBatch {
  readonly count: number;
  readonly timestamp?: number;
  readonly valueBytes?: number;
  /** Values begin with it, so that tests can tell batches apart. */
  readonly tag?: string;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly transactional?: boolean;
}

export function dataBatch(batch: DataBatch): Uint8Array {
  const writer = new BatchWriter({});
  const value = new Uint8Array(batch.valueBytes ?? 20);
  value.set(new TextEncoder().encode(batch.tag ?? "").subarray(0, value.length));
  for (let i = 0; i < batch.count; i++) writer.append((batch.timestamp ?? 1_000) + i, null, value);
  const { producerId = -1, producerEpoch = producerId < 0 ? -1 : 0, baseSequence = producerId < 0 ? -1 : 0 } = batch;
  return writer.finish({ producerId, producerEpoch, baseSequence, transactional: batch.transactional ?? false }).slice();
}

/** Offsets of all records of whole batches. */
export function offsetsOf(bytes: Uint8Array): number[] {
  const offsets: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const header = readBatchHeader(bytes, at);
    for (let delta = 0; delta <= header.lastOffsetDelta; delta++) offsets.push(header.baseOffset + delta);
    at += header.sizeBytes;
  }
  return offsets;
}
