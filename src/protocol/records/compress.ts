// A finished batch with its records compressed, lengths and checksum renewed. The header stays readable.
import type { Compression } from "../../env/compression.ts";
import {
  ATTRIBUTES_AT,
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_AT,
  BATCH_OVERHEAD_BYTES,
  COMPRESSION_MASK,
  int16At,
  putInt16At,
  putInt32At,
  renewCrc,
} from "./batch-header.ts";
import { compressionCodeFor, compressRecords, type RecordCompression } from "./compression-type.ts";

/** New bytes; `batch` (as BatchWriter.finish returns it) must not change before the promise is settled. */
export async function compressBatch(
  compression: Compression,
  kind: RecordCompression,
  batch: Uint8Array,
  level?: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const records = await compressRecords(compression, kind, batch.subarray(BATCH_HEADER_BYTES), level);
  const result = new Uint8Array(BATCH_HEADER_BYTES + records.length);
  result.set(batch.subarray(0, BATCH_HEADER_BYTES));
  result.set(records, BATCH_HEADER_BYTES);
  putInt32At(result, BATCH_LENGTH_AT, result.length - BATCH_OVERHEAD_BYTES);
  putInt16At(result, ATTRIBUTES_AT, (int16At(batch, ATTRIBUTES_AT) & ~COMPRESSION_MASK) | compressionCodeFor(kind));
  renewCrc(result, 0);
  return result;
}
