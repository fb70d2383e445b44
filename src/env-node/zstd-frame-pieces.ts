// zstd data for node:zlib, which decodes one frame at a time.
import { MAX_ZSTD_FRAMES, ZstdFrameEnds, type ZstdFrame, zstdFrames } from "../bytes/compression/zstd-frames.ts";
import { tooLarge } from "./compression-errors.ts";

export interface FramePiece {
  readonly bytes: Uint8Array;
  readonly endsFrame: boolean;
}

/** Cuts chunks where frames end. */
export async function* framePieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<FramePiece, void> {
  const frames = new ZstdFrameEnds();
  for await (const chunk of chunks) {
    let start = 0;
    for (const end of frames.in(chunk)) {
      yield { bytes: chunk.subarray(start, end), endsFrame: true };
      start = end;
    }
    if (start < chunk.length) yield { bytes: chunk.subarray(start), endsFrame: false };
  }
}

export interface FramesOfData {
  readonly frames: readonly ZstdFrame[];
  /** What all together may hold: half of what is allowed if it takes twice the memory to find out, since their sizes are not told. */
  readonly maxBytes: number;
}

/** Throws if there are too many, or if they say that they hold more. */
export function framesOf(bytes: Uint8Array, allowedBytes: number): FramesOfData {
  const frames = zstdFrames(bytes);
  if (frames === undefined) throw new Error(`they have more than ${MAX_ZSTD_FRAMES} frames`);
  const told = frames.reduce((sum, { contentBytes }) => sum + (contentBytes ?? 0), 0);
  if (told > allowedBytes) throw tooLarge();
  const isUntold = frames.length > 1 && frames.some(({ contentBytes }) => contentBytes === undefined);
  return {
    frames: frames.length === 0 ? [{ bytes, contentBytes: undefined }] : frames,
    maxBytes: isUntold ? allowedBytes / 2 : allowedBytes,
  };
}
