// Bytes in chunks to lines, byte for byte: no decoding, so that any bytes but the line feed can be produced. A carriage return before
// it stays unless it is asked to go.
export class LineSplitter {
  readonly #maxBytes: number;
  #rest: Uint8Array[] = [];
  #restBytes = 0;

  /** A line longer than `maxBytes` is an error: RangeError. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Complete lines without their line feed; views of the chunk where possible. */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    let from = 0;
    for (let at = chunk.indexOf(10, from); at !== -1; at = chunk.indexOf(10, from)) {
      yield this.#join(chunk.subarray(from, at));
      from = at + 1;
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
  }

  /** The last line, if the input did not end with a line feed. */
  *end(): Generator<Uint8Array> {
    if (this.#restBytes > 0) yield this.#join(new Uint8Array(0));
  }

  #join(last: Uint8Array): Uint8Array {
    if (this.#restBytes === 0) {
      this.#check(last.length);
      return last;
    }
    this.#keep(last);
    const line = Buffer.concat(this.#rest);
    this.#rest = [];
    this.#restBytes = 0;
    return line;
  }

  #keep(part: Uint8Array): void {
    this.#restBytes += part.length;
    this.#check(this.#restBytes);
    this.#rest.push(part);
  }

  #check(bytes: number): void {
    if (bytes > this.#maxBytes) throw new RangeError(`A line is longer than ${this.#maxBytes} bytes.`);
  }
}
