// A compressed batch made readable: the same batch with its records uncompressed, lengths and checksum renewed. Bounded: a batch that would
// grow beyond the given size is refused before it is that large.
import type { Compression } from "../../env/compression.ts";
import { KafkaError } from "../errors.ts";
import {
  ATTRIBUTES_AT,
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_AT,
  BATCH_OVERHEAD_BYTES,
  COMPRESSION_MASK,
  compressionCodeOf,
  int16At,
  putInt16At,
  putInt32At,
  renewCrc,
  wholeBatchSizeAt,
} from "./batch-header.ts";
import { compressionNameOf, decompressRecords, type RecordCompression } from "./compression-type.ts";

/** The largest decompressed batch unless told otherwise: far above any broker's message.max.bytes. */
export const DEFAULT_MAX_DECOMPRESSED_BYTES = 256 * 1024 * 1024;

export function isCompressedAt(bytes: Uint8Array, at: number): boolean {
  return compressionCodeOf(int16At(bytes, at + ATTRIBUTES_AT)) !== 0;
}

/**
 * The whole batch at `at`, uncompressed: a view if it was not compressed, else new bytes.
 * Rejects with a KafkaError: UNSUPPORTED_COMPRESSION_TYPE (a code that Kafka does not have), MESSAGE_TOO_LARGE, CORRUPT_MESSAGE.
 */
export async function decompressBatch(
  compression: Compression,
  bytes: Uint8Array,
  at = 0,
  maxBytes = DEFAULT_MAX_DECOMPRESSED_BYTES,
): Promise<Uint8Array> {
  const sizeBytes = wholeBatchSizeAt(bytes, at);
  if (sizeBytes === 0) throw new KafkaError("CORRUPT_MESSAGE", `No whole record batch starts at byte ${at}.`);
  const batch = bytes.subarray(at, at + sizeBytes);
  const attributes = int16At(batch, ATTRIBUTES_AT);
  const code = compressionCodeOf(attributes);
  if (code === 0) return batch;
  const kind = compressionNameOf(code);
  if (kind === undefined || kind === "none")
    throw new KafkaError("UNSUPPORTED_COMPRESSION_TYPE", `A record batch has the unknown compression ${code}.`);
  const records = await decompress(compression, kind, batch.subarray(BATCH_HEADER_BYTES), maxBytes);
  const result = new Uint8Array(BATCH_HEADER_BYTES + records.length);
  result.set(batch.subarray(0, BATCH_HEADER_BYTES));
  result.set(records, BATCH_HEADER_BYTES);
  putInt32At(result, BATCH_LENGTH_AT, result.length - BATCH_OVERHEAD_BYTES);
  putInt16At(result, ATTRIBUTES_AT, attributes & ~COMPRESSION_MASK);
  renewCrc(result, 0);
  return result;
}

async function decompress(compression: Compression, kind: RecordCompression, bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  try {
    return await decompressRecords(compression, kind, bytes, maxBytes);
  } catch (error) {
    if (hasCode(error, "EOVERSIZE")) {
      throw new KafkaError("MESSAGE_TOO_LARGE", `A record batch grows beyond ${maxBytes} bytes when decompressed.`, { cause: error });
    }
    if (hasCode(error, "EBADDATA")) throw new KafkaError("CORRUPT_MESSAGE", `A record batch is not valid ${kind}.`, { cause: error });
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
