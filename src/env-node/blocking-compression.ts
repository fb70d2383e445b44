// node:zlib on this thread, for the simulation: nothing may leave its loop.
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { CompressionKind } from "../env/compression.ts";
import { checkSize, refusal } from "./compression-errors.ts";
import { gzipOptions, zstdOptions } from "./compression-level.ts";
import { framesOf } from "./zstd-frame-pieces.ts";

export function compressBlocking(kind: CompressionKind, bytes: Uint8Array, level?: number): Uint8Array {
  return kind === "gzip" ? gzipSync(bytes, gzipOptions(level)) : zstdCompressSync(bytes, zstdOptions(level));
}

/** Throws EOVERSIZE or EBADDATA as Compression.decompress rejects. */
export function decompressBlocking(kind: CompressionKind, bytes: Uint8Array, maxBytes: number): Uint8Array {
  let limit = maxBytes;
  try {
    if (kind === "gzip") return checkSize(gunzipSync(bytes, { maxOutputLength: Math.max(1, maxBytes) }), maxBytes);
    const data = framesOf(bytes, maxBytes);
    let left = (limit = data.maxBytes);
    const pieces: Uint8Array[] = [];
    for (const frame of data.frames) {
      const piece = checkSize(zstdDecompressSync(frame.bytes, { maxOutputLength: Math.max(1, left) }), left);
      pieces.push(piece);
      left -= piece.length;
    }
    return Buffer.concat(pieces);
  } catch (error) {
    throw refusal(kind, limit, error as Error);
  }
}
