// Where decompressed bytes go: a buffer with room for what will come out, up to a limit. What was written before stays in place in front of
// it, so that matches may reach back.
import { CompressionError } from "./compression-error.ts";

export class BoundedOutput {
  bytes: Uint8Array<ArrayBuffer>;
  length = 0;
  readonly #maxBytes: number;

  constructor(expectedBytes: number, maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.bytes = new Uint8Array(Math.min(Math.max(64, expectedBytes), maxBytes));
  }

  /** Makes room for `count` more bytes. Throws EOVERSIZE. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    if (needed > this.#maxBytes) throw new CompressionError("EOVERSIZE", `The data decompress to more than ${this.#maxBytes} bytes.`);
    const larger = new Uint8Array(Math.min(this.#maxBytes, Math.max(needed, this.bytes.length * 2)));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  append(source: Uint8Array, from: number, to: number): void {
    this.reserve(to - from);
    copyBytes(source, from, this.bytes, this.length, to - from);
    this.length += to - from;
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }
}

/** Copies source[from, from + count) to target[at, …): both are long enough. */
export function copyBytes(source: Uint8Array, from: number, target: Uint8Array, at: number, count: number): void {
  if (count > 64) {
    target.set(source.subarray(from, from + count), at);
    return;
  }
  for (let i = 0; i < count; i++) target[at + i] = source[from + i]!;
}

/** Repeats `count` bytes from `distance` bytes back at `at`; they may overlap what they make. */
export function repeatBytes(bytes: Uint8Array, at: number, distance: number, count: number): void {
  const from = at - distance;
  if (count > 64 && distance >= count) bytes.copyWithin(at, from, from + count);
  else if (count > 64 && distance === 1) bytes.fill(bytes[from]!, at, at + count);
  else for (let i = 0; i < count; i++) bytes[at + i] = bytes[from + i]!;
}
