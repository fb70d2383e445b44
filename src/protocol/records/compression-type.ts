// The compressions a batch's attributes name, and doing them. gzip and zstd leave the thread (Env); lz4 and snappy run on it: they are
// written in TypeScript (bytes/compression).
import { compressLz4, decompressLz4 } from "../../bytes/compression/lz4-frame.ts";
import { compressSnappy, decompressSnappy } from "../../bytes/compression/snappy.ts";
import type { Compression } from "../../env/compression.ts";

/** By their codes. */
export const COMPRESSION_NAMES = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
export type CompressionName = (typeof COMPRESSION_NAMES)[number];
export type RecordCompression = Exclude<CompressionName, "none">;

/** The name of a code of the attributes; undefined for codes that Kafka does not have. */
export function compressionNameOf(code: number): CompressionName | undefined {
  return COMPRESSION_NAMES[code];
}

export function compressionCodeFor(kind: RecordCompression): number {
  return COMPRESSION_NAMES.indexOf(kind);
}

/** `level`: of gzip and zstd; the others have one. */
export async function compressRecords(
  compression: Compression,
  kind: RecordCompression,
  bytes: Uint8Array,
  level?: number,
): Promise<Uint8Array> {
  if (kind === "lz4") return compressLz4(bytes);
  if (kind === "snappy") return compressSnappy(bytes);
  return compression.compress(kind, bytes, level);
}

/** Rejects with code "EOVERSIZE" when more than `maxBytes` would come out, with "EBADDATA" on malformed input. */
export async function decompressRecords(
  compression: Compression,
  kind: RecordCompression,
  bytes: Uint8Array,
  maxBytes: number,
): Promise<Uint8Array> {
  if (kind === "lz4") return decompressLz4(bytes, maxBytes);
  if (kind === "snappy") return decompressSnappy(bytes, maxBytes);
  return compression.decompress(kind, bytes, maxBytes);
}
