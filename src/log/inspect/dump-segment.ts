// The batches and records of a segment in plain words, for people and scripts: no broker, no interpretation.
import type { Compression } from "../../env/compression.ts";
import { KafkaError } from "../../protocol/errors.ts";
import {
  type BatchHeader,
  compressionCodeOf,
  isControl,
  isTransactional,
  LOG_APPEND_TIME_FLAG,
  NO_PRODUCER_ID,
} from "../../protocol/records/batch-header.ts";
import { BatchReader } from "../../protocol/records/batch-reader.ts";
import { decodeControlRecord } from "../../protocol/records/control-batch.ts";
import { decompressBatch } from "../../protocol/records/decompress.ts";
import { deleteHorizonOf } from "../compaction/batch-rewriter.ts";
import { MAX_DECOMPRESSED_BYTES } from "../limits.ts";

const COMPRESSIONS = ["none", "gzip", "snappy", "lz4", "zstd"];

export interface DumpedBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly position: number;
  readonly sizeBytes: number;
  readonly records: number;
  readonly timestampType: "CreateTime" | "LogAppendTime";
  readonly maxTimestamp: number;
  readonly compression: string;
  readonly leaderEpoch: number;
  /** Absent without a producer. */
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly transactional?: true;
  readonly control?: true;
  /** When a compaction may drop its tombstones or its marker, epoch milliseconds. */
  readonly deleteHorizonMs?: number;
}

export interface DumpedRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[];
  /** For control records. */
  readonly marker?: "commit" | "abort" | "other";
}

export function dumpBatch(header: BatchHeader, batch: Uint8Array, position: number): DumpedBatch {
  const { attributes, producerId, producerEpoch, baseSequence } = header;
  const horizon = deleteHorizonOf(batch);
  return {
    baseOffset: header.baseOffset,
    lastOffset: header.baseOffset + header.lastOffsetDelta,
    position,
    sizeBytes: header.sizeBytes,
    records: header.recordCount,
    timestampType: (attributes & LOG_APPEND_TIME_FLAG) === 0 ? "CreateTime" : "LogAppendTime",
    maxTimestamp: header.maxTimestamp,
    compression: COMPRESSIONS[compressionCodeOf(attributes)] ?? "unknown",
    leaderEpoch: header.partitionLeaderEpoch,
    ...(producerId === NO_PRODUCER_ID ? {} : { producerId, producerEpoch, baseSequence }),
    ...(isTransactional(attributes) ? { transactional: true } : {}),
    ...(isControl(attributes) ? { control: true } : {}),
    ...(horizon === undefined ? {} : { deleteHorizonMs: horizon }),
  };
}

/** The batch's records, copied; undefined if its compression is not known here. Rejects with a FrameError if they are malformed. */
export async function dumpRecords(compression: Compression, batch: Uint8Array): Promise<DumpedRecord[] | undefined> {
  let plain: Uint8Array;
  try {
    plain = await decompressBatch(compression, batch, 0, MAX_DECOMPRESSED_BYTES);
  } catch (error) {
    if (error instanceof KafkaError && error.code === "UNSUPPORTED_COMPRESSION_TYPE") return undefined;
    throw error;
  }
  const reader = new BatchReader();
  reader.reset(plain);
  const records: DumpedRecord[] = [];
  while (reader.next()) {
    const { offset, timestamp } = reader;
    const marker = isControl(reader.attributes) ? { marker: decodeControlRecord(reader).type } : {};
    records.push({ offset, timestamp, key: reader.key()?.slice() ?? null, value: reader.value()?.slice() ?? null, headers: reader.headers(), ...marker }); // prettier-ignore
  }
  return records;
}
