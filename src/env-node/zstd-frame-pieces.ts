// The contents of zstd frames put together: node:zlib decodes one frame at a time.
import { MAX_ZSTD_FRAMES, type ZstdFrame, zstdFrames } from "../bytes/compression/zstd-frames.ts";
import { tooLarge } from "./compression-errors.ts";

/** Throws if there are too many, or if they say that they hold more. */
export function framesOf(bytes: Uint8Array, maxBytes: number): readonly ZstdFrame[] {
  const frames = zstdFrames(bytes);
  if (frames === undefined) throw new Error(`they have more than ${MAX_ZSTD_FRAMES} frames`);
  let told = 0;
  for (const { contentBytes } of frames) told += contentBytes ?? 0;
  if (told > maxBytes) throw tooLarge();
  return frames.length === 0 ? [{ bytes, contentBytes: undefined }] : frames;
}

export class FramePieces {
  /** Bytes that the next frames may have. */
  left: number;
  readonly #pieces: Uint8Array[] = [];
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.left = maxBytes;
    this.#maxBytes = maxBytes;
  }

  add(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.left -= piece.length;
  }

  whole(): Uint8Array {
    if (this.#pieces.length === 1) return this.#pieces[0]!;
    const whole = new Uint8Array(this.#maxBytes - this.left);
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }
}
