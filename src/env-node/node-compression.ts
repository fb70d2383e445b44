// node:zlib behind Compression: in libuv's pool, output always bounded.
import { pipeline, Readable } from "node:stream";
import type { Transform } from "node:stream";
import { createGunzip, createZstdDecompress, gunzip, gzip, zstdCompress, zstdDecompress } from "node:zlib";
import type { ZstdFrame } from "../bytes/compression/zstd-frames.ts";
import type { Compression, CompressionKind } from "../env/compression.ts";
import { fromCallback } from "./callback.ts";
import { badData, checkSize, refusal } from "./compression-errors.ts";
import { gzipOptions, zstdOptions } from "./compression-level.ts";
import { framePieces, framesOf } from "./zstd-frame-pieces.ts";

/** Bytes of one step of a decoder: each is a turn of the event loop and the pool. */
const MIN_CHUNK_BYTES = 16 * 1024;
const MAX_CHUNK_BYTES = 256 * 1024;
/** Of zstd data that do not say how much they hold: a few bytes may hold anything. */
const MIN_UNKNOWN_CHUNK_BYTES = 64 * 1024;
/** Records compress about four times: a few steps for them. */
const USUAL_RATIO = 4;

function within(bytes: number, least: number): number {
  return Math.min(MAX_CHUNK_BYTES, Math.max(least, bytes));
}

export const nodeCompression: Compression = {
  compress(kind, bytes, level) {
    return fromCallback<Uint8Array>((done) =>
      kind === "gzip" ? gzip(bytes, gzipOptions(level), done) : zstdCompress(bytes, zstdOptions(level), done),
    );
  },

  async decompress(kind, bytes, maxBytes) {
    let limit = maxBytes;
    try {
      if (kind === "gzip") {
        const chunkSize = within(bytes.length * USUAL_RATIO, MIN_CHUNK_BYTES);
        return await decodeBounded(maxBytes, chunkSize, (options, done) => gunzip(bytes, options, done));
      }
      const data = framesOf(bytes, maxBytes);
      let left = (limit = data.maxBytes);
      const pieces: Uint8Array[] = [];
      for (const frame of data.frames) {
        const piece = await decodeBounded(left, chunkSizeOf(frame), (options, done) => zstdDecompress(frame.bytes, options, done));
        pieces.push(piece);
        left -= piece.length;
      }
      return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    } catch (error) {
      throw refusal(kind, limit, error as Error);
    }
  },

  async *decompressStream(kind, chunks) {
    if (kind === "gzip") return yield* decoded(createGunzip(), kind, chunks);
    const pieces = framePieces(chunks);
    let piece = await pieces.next();
    async function* frame(): AsyncGenerator<Uint8Array, void> {
      for (let isWhole = false; !isWhole && piece.done !== true; piece = await pieces.next()) {
        isWhole = piece.value.endsFrame;
        yield piece.value.bytes;
      }
    }
    do yield* decoded(createZstdDecompress(), kind, frame());
    while (piece.done !== true);
  },
};

async function* decoded(decoder: Transform, kind: CompressionKind, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let sourceError: Error | undefined;
  const source = Readable.from(chunks).on("error", (error) => (sourceError = error));
  pipeline(source, decoder, () => undefined); // errors reach the loop below
  try {
    yield* decoder as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw sourceError ?? badData(kind, error as Error);
  }
}

function chunkSizeOf({ bytes, contentBytes }: ZstdFrame): number {
  // One byte more, and the decoder knows in its first step that there is nothing behind.
  if (contentBytes !== undefined) return within(contentBytes + 1, MIN_CHUNK_BYTES);
  return within(bytes.length * USUAL_RATIO, MIN_UNKNOWN_CHUNK_BYTES);
}

/** Rejects with the decoder's error. */
async function decodeBounded(
  maxBytes: number,
  chunkSize: number,
  decode: (options: { maxOutputLength: number; chunkSize: number }, done: (error: Error | null, output: Uint8Array) => void) => void,
): Promise<Uint8Array> {
  const options = { maxOutputLength: Math.max(1, maxBytes), chunkSize };
  return checkSize(await fromCallback<Uint8Array>((done) => decode(options, done)), maxBytes);
}
