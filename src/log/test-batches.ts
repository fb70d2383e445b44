// For the log's tests: record batches as a client would send them, and what is in bytes that were read.
import { isControl, isTransactional } from "../protocol/records/batch-header.ts";
import { readBatchHeader } from "../protocol/records/batch-header.ts";
import { BatchReader } from "../protocol/records/batch-reader.ts";
import { BatchWriter } from "../protocol/records/batch-writer.ts";
import { decodeControlRecord } from "../protocol/records/control-batch.ts";
import { validateBatches } from "../protocol/records/validate-batch.ts";
import type { PartitionLog, ReadResult } from "./partition-log.ts";

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

export interface ReadBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly producerId: number;
  readonly transactional: boolean;
  readonly marker: "commit" | "abort" | undefined;
  /** First value of a data batch, up to its first zero byte. */
  readonly tag: string;
}

/** Checks every batch (length, checksum, counts) and says what is in it. */
export function batchesOf(bytes: Uint8Array): ReadBatch[] {
  const batches: ReadBatch[] = [];
  const reader = new BatchReader();
  validateBatches(bytes, (header, at) => {
    reader.reset(bytes, at);
    reader.next();
    const control = isControl(header.attributes) ? decodeControlRecord(reader).type : undefined;
    const text = control === undefined ? new TextDecoder().decode(reader.value()!) : "";
    batches.push({
      baseOffset: header.baseOffset,
      lastOffset: header.baseOffset + header.lastOffsetDelta,
      producerId: header.producerId,
      transactional: isTransactional(header.attributes),
      marker: control === "other" ? undefined : control,
      tag: text.split("\0")[0]!,
    });
  });
  return batches;
}

/** Reads on from `from` until nothing more comes; each read is handed on as well. */
export async function readOn(
  log: PartitionLog,
  from: number,
  isolation: "read_uncommitted" | "read_committed",
  maxBytes = 1_000_000,
  each: (result: ReadResult) => void = () => undefined,
): Promise<ReadBatch[]> {
  const batches: ReadBatch[] = [];
  for (let offset = from; ;) {
    const result = await log.read(offset, { maxBytes, minOneBatch: true, isolation });
    if (result.bytes.length === 0) return batches;
    each(result);
    const read = batchesOf(result.bytes);
    batches.push(...read);
    offset = read.at(-1)!.lastOffset + 1;
  }
}

/** Tags of the batches that a read_committed client keeps: it drops markers and what the aborted lists name (KIP-98). */
export async function committedTags(log: PartitionLog, from: number, maxBytes = 1_000_000): Promise<string[]> {
  const tags: string[] = [];
  for (let offset = from; ;) {
    const result = await log.read(offset, { maxBytes, minOneBatch: true, isolation: "read_committed" });
    if (result.bytes.length === 0) return tags;
    const pending = [...result.abortedTransactions].sort((a, b) => a.firstOffset - b.firstOffset);
    const aborting = new Set<number>();
    for (const batch of batchesOf(result.bytes)) {
      while (pending.length > 0 && pending[0]!.firstOffset <= batch.lastOffset) aborting.add(pending.shift()!.producerId);
      if (batch.marker !== undefined) aborting.delete(batch.producerId);
      else if (!(batch.transactional && aborting.has(batch.producerId))) tags.push(batch.tag);
      offset = batch.lastOffset + 1;
    }
  }
}

/** The same from the whole log, by looking at the markers: the model the log is held against. */
export function committedModel(
  batches: readonly ReadBatch[],
  from: number,
): { readonly lastStableOffset: number; readonly tags: string[] } {
  const open = new Map<number, ReadBatch[]>();
  const aborted = new Set<ReadBatch>();
  for (const batch of batches) {
    if (batch.marker !== undefined) {
      if (batch.marker === "abort") for (const dropped of open.get(batch.producerId) ?? []) aborted.add(dropped);
      open.delete(batch.producerId);
    } else if (batch.transactional) open.set(batch.producerId, [...(open.get(batch.producerId) ?? []), batch]);
  }
  const end = (batches.at(-1)?.lastOffset ?? -1) + 1;
  const lastStableOffset = Math.min(end, ...[...open.values()].map((undecided) => undecided[0]!.baseOffset));
  const kept = batches.filter(
    (batch) => batch.marker === undefined && !aborted.has(batch) && batch.lastOffset >= from && batch.baseOffset < lastStableOffset,
  );
  return { lastStableOffset, tags: kept.map((batch) => batch.tag) };
}
