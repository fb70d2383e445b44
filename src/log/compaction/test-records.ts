// For the compaction's tests: batches of keyed records, and what is in bytes that were read, record by record.
import { isControl } from "../../protocol/records/batch-header.ts";
import { BatchReader } from "../../protocol/records/batch-reader.ts";
import { BatchWriter, type FinishOptions } from "../../protocol/records/batch-writer.ts";
import { decodeControlRecord } from "../../protocol/records/control-batch.ts";
import { decompressBatch } from "../../protocol/records/decompress.ts";
import { readBatchHeader, computeCrc, isTransactional } from "../../protocol/records/batch-header.ts";
import type { Env } from "../../env/env.ts";
import type { PartitionLog } from "../partition-log.ts";

export interface KeyedRecord {
  readonly key: string | null;
  /** null: a tombstone. */
  readonly value: string | null;
  readonly timestamp?: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function keyedBatch(records: readonly KeyedRecord[], options: FinishOptions = {}): Uint8Array {
  const writer = new BatchWriter({ initialBytes: 256 });
  for (const { key, value, timestamp } of records) {
    const headers = value === "with headers" ? [{ key: "h", value: encoder.encode("v") }] : undefined;
    writer.append(timestamp ?? 1_000, key === null ? null : encoder.encode(key), value === null ? null : encoder.encode(value), headers);
  }
  return writer.finish(options).slice();
}

export interface StoredRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string;
  readonly value: string | null;
}

export interface StoredBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly producerId: number;
  readonly transactional: boolean;
  readonly marker: "commit" | "abort" | undefined;
  readonly records: readonly StoredRecord[];
}

/** Everything a consumer gets from `from` on, following offsets as it does. Checks checksums and that offsets rise. */
export async function readStored(env: Env, log: PartitionLog, from = log.logStartOffset, maxBytes = 1_000): Promise<StoredBatch[]> {
  const stored: StoredBatch[] = [];
  for (let offset = from; ;) {
    const { bytes } = await log.read(offset, { maxBytes, minOneBatch: true, isolation: "read_uncommitted" });
    if (bytes.length === 0) return stored;
    for (const batch of await storedBatches(env, bytes)) {
      if (batch.lastOffset < offset) throw new Error(`a read from ${offset} gives offset ${batch.lastOffset}`);
      stored.push(batch);
      offset = batch.lastOffset + 1;
    }
  }
}

/** Checks checksums. */
export async function storedBatches(env: Env, bytes: Uint8Array): Promise<StoredBatch[]> {
  const stored: StoredBatch[] = [];
  for (let at = 0; at < bytes.length;) {
    const header = readBatchHeader(bytes, at);
    if (computeCrc(bytes, at) !== header.crc) throw new Error(`the batch at ${header.baseOffset} is damaged`);
    stored.push(storedBatch(await decompressBatch(env.compression, bytes, at)));
    at += header.sizeBytes;
  }
  return stored;
}

function storedBatch(batch: Uint8Array): StoredBatch {
  const header = readBatchHeader(batch, 0);
  const reader = new BatchReader();
  reader.reset(batch);
  const records: StoredRecord[] = [];
  let marker: StoredBatch["marker"];
  while (reader.next()) {
    if (isControl(header.attributes)) {
      const { type } = decodeControlRecord(reader);
      if (type !== "other") marker = type;
      continue;
    }
    reader.headers();
    const value = reader.value();
    const key = decoder.decode(reader.key() ?? encoder.encode("(none)"));
    records.push({ offset: reader.offset, timestamp: reader.timestamp, key, value: value === null ? null : decoder.decode(value) });
  }
  if (records.length !== header.recordCount && marker === undefined) throw new Error("the count of records is wrong");
  const { baseOffset, producerId, attributes } = header;
  return { baseOffset, lastOffset: baseOffset + header.lastOffsetDelta, producerId, transactional: isTransactional(attributes), marker, records }; // prettier-ignore
}

/** key → value of what a reader that follows the whole log ends up with; tombstones take keys away. */
export function tableOf(records: Iterable<StoredRecord>): Map<string, string> {
  const table = new Map<string, string>();
  for (const { key, value } of records) {
    if (value === null) table.delete(key);
    else table.set(key, value);
  }
  return table;
}
