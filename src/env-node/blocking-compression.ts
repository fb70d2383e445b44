// node:zlib on this thread, for the simulation: nothing may leave its loop.
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { CompressionKind } from "../env/compression.ts";
import { checkSize, refusal } from "./compression-errors.ts";
import { FramePieces, framesOf } from "./zstd-frame-pieces.ts";

export function compressBlocking(kind: CompressionKind, bytes: Uint8Array): Uint8Array {
  return kind === "gzip" ? gzipSync(bytes) : zstdCompressSync(bytes);
}

/** Throws EOVERSIZE or EBADDATA as Compression.decompress rejects. */
export function decompressBlocking(kind: CompressionKind, bytes: Uint8Array, maxBytes: number): Uint8Array {
  try {
    if (kind === "gzip") return checkSize(gunzipSync(bytes, { maxOutputLength: Math.max(1, maxBytes) }), maxBytes);
    const pieces = new FramePieces(maxBytes);
    for (const frame of framesOf(bytes, maxBytes)) {
      const output = zstdDecompressSync(frame.bytes, { maxOutputLength: Math.max(1, pieces.left) });
      pieces.add(checkSize(output, pieces.left));
    }
    return pieces.whole();
  } catch (error) {
    throw refusal(kind, maxBytes, error as Error);
  }
}
