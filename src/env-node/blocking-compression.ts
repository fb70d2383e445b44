// node:zlib on this thread, for the simulation: nothing may leave its loop.
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { CompressionKind } from "../env/compression.ts";
import { badData, oversize } from "./node-compression.ts";

export function compressBlocking(kind: CompressionKind, bytes: Uint8Array): Uint8Array {
  return kind === "gzip" ? gzipSync(bytes) : zstdCompressSync(bytes);
}

/** Throws EOVERSIZE or EBADDATA as Compression.decompress rejects. */
export function decompressBlocking(kind: CompressionKind, bytes: Uint8Array, maxBytes: number): Uint8Array {
  const options = { maxOutputLength: Math.max(1, maxBytes) };
  try {
    const output = kind === "gzip" ? gunzipSync(bytes, options) : zstdDecompressSync(bytes, options);
    if (output.length <= maxBytes) return output;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_BUFFER_TOO_LARGE") throw badData(kind, error as Error);
  }
  throw oversize(kind, maxBytes);
}
