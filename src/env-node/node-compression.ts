// node:zlib behind Compression: in libuv's pool, output always bounded.
import { pipeline, Readable } from "node:stream";
import type { Transform } from "node:stream";
import { createGunzip, createZstdDecompress, gunzip, gzip, zstdCompress, zstdDecompress } from "node:zlib";
import type { Compression, CompressionKind } from "../env/compression.ts";
import { fromCallback } from "./callback.ts";

/** Bytes of one step of a decoder: each is a turn of the event loop and the pool. A few steps for what compresses four times, as records do. */
const MIN_CHUNK_BYTES = 16 * 1024;
const MAX_CHUNK_BYTES = 256 * 1024;

function chunkSizeFor(compressedBytes: number): number {
  return Math.min(MAX_CHUNK_BYTES, Math.max(MIN_CHUNK_BYTES, compressedBytes * 4));
}

export const nodeCompression: Compression = {
  compress(kind, bytes) {
    return fromCallback<Uint8Array>((done) => (kind === "gzip" ? gzip(bytes, done) : zstdCompress(bytes, done)));
  },

  async decompress(kind, bytes, maxBytes) {
    const options = { maxOutputLength: Math.max(1, maxBytes), chunkSize: chunkSizeFor(bytes.length) };
    try {
      const output = await fromCallback<Uint8Array>((done) =>
        kind === "gzip" ? gunzip(bytes, options, done) : zstdDecompress(bytes, options, done),
      );
      if (output.length <= maxBytes) return output;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_BUFFER_TOO_LARGE") throw badData(kind, error as Error);
    }
    throw oversize(kind, maxBytes);
  },

  async *decompressStream(kind, chunks) {
    const decoder: Transform = kind === "gzip" ? createGunzip() : createZstdDecompress();
    let sourceError: Error | undefined;
    const source = Readable.from(chunks).on("error", (error) => (sourceError = error));
    pipeline(source, decoder, () => undefined); // errors reach the loop below
    try {
      yield* decoder as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw sourceError ?? badData(kind, error as Error);
    }
  },
};

export function badData(kind: CompressionKind, cause: Error): Error {
  return Object.assign(new Error(`The data are not valid ${kind}: ${cause.message}.`, { cause }), { code: "EBADDATA" });
}

export function oversize(kind: CompressionKind, maxBytes: number): Error {
  return Object.assign(new Error(`The ${kind} data decompress to more than ${maxBytes} bytes.`), { code: "EOVERSIZE" });
}
