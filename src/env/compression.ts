// Compression leaves the thread (libuv's pool), so it goes through Env. Decompression is always bounded.

export type CompressionKind = "gzip" | "zstd";

export interface Compression {
  /** `level` as gzip (−1, 1 to 9) or zstd counts it; the library's own unless given. */
  compress(kind: CompressionKind, bytes: Uint8Array, level?: number): Promise<Uint8Array>;
  /**
   * All members of gzip data, all frames of zstd data. Rejects with code "EOVERSIZE" as soon as the output would exceed `maxBytes` (half of
   * it for zstd frames that do not tell their sizes), with "EBADDATA" on malformed input.
   */
  decompress(kind: CompressionKind, bytes: Uint8Array, maxBytes: number): Promise<Uint8Array>;
  /** Streaming decompression of a whole file's chunks, for line readers. */
  decompressStream(kind: CompressionKind, chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}
