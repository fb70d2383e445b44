// A writer that does not copy large byte fields: it remembers where they belong and gives the message out in pieces. Fetch answers are
// a few hundred bytes of frame around megabytes of records.
import { ByteWriter } from "../bytes/writer.ts";

/** Below this a copy is cheaper than one more piece. */
const SPLICE_BYTES = 2048;

export class SplicingWriter extends ByteWriter {
  readonly #splices: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  #splicedBytes = 0;

  override bytes(value: Uint8Array, start = 0, end = value.length): void {
    if (end - start < SPLICE_BYTES) return super.bytes(value, start, end);
    this.#splices.push({ at: this.length, bytes: value.subarray(start, end) });
    this.#splicedBytes += end - start;
  }

  /** Bytes of all pieces. */
  get totalLength(): number {
    return this.length + this.#splicedBytes;
  }

  /** The message, in order; the writer must not be used any more. */
  pieces(): Uint8Array[] {
    const copied = this.finish();
    if (this.#splices.length === 0) return [copied];
    const pieces: Uint8Array[] = [];
    let from = 0;
    for (const { at, bytes } of this.#splices) {
      if (at > from) pieces.push(copied.subarray(from, at));
      pieces.push(bytes);
      from = at;
    }
    if (from < copied.length) pieces.push(copied.subarray(from));
    return pieces;
  }
}
