// The compression a batch's attributes name, and which of them we can do.
import type { CompressionKind } from "../../env/compression.ts";

export const COMPRESSION_NAMES = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
export type CompressionName = (typeof COMPRESSION_NAMES)[number];

const SUPPORTED: Partial<Record<CompressionName, CompressionKind>> = { gzip: "gzip", zstd: "zstd" };

/** The name of a code of the attributes; undefined for codes that Kafka does not have. */
export function compressionNameOf(code: number): CompressionName | undefined {
  return COMPRESSION_NAMES[code];
}

export function compressionCodeFor(kind: CompressionKind): number {
  return COMPRESSION_NAMES.indexOf(kind);
}

/** undefined if we cannot read it. */
export function supportedCompression(name: CompressionName | undefined): CompressionKind | undefined {
  return name === undefined ? undefined : SUPPORTED[name];
}
