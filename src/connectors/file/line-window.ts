// The part of a text that is in memory: a window that takes pieces at its end and gives up what was read at its beginning.
// Positions are counted in bytes of the text, lines from 1.

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export class LineWindow {
  bytes: Uint8Array = new Uint8Array(0);
  /** Of the next record in `bytes`. */
  at = 0;
  /** Number of the line at `at`. */
  line: number;
  #base: number;

  constructor(offset: number, line: number) {
    this.#base = offset;
    this.line = line;
  }

  /** Position of the next record in the text. */
  get offset(): number {
    return this.#base + this.at;
  }

  /** Bytes that are here and not read. */
  get length(): number {
    return this.bytes.length - this.at;
  }

  append(piece: Uint8Array): void {
    const rest = this.bytes.length - this.at;
    const bytes = rest === 0 ? piece : new Uint8Array(rest + piece.length);
    if (rest > 0) {
      bytes.set(this.bytes.subarray(this.at));
      bytes.set(piece, rest);
    }
    this.#base += this.at;
    this.bytes = bytes;
    this.at = 0;
  }

  /** Index of the line break at or after `from`; −1: none yet. */
  breakAfter(from: number): number {
    return this.bytes.indexOf(LINE_FEED, from);
  }

  /** `end` without a carriage return in front of it. */
  textEnd(end: number): number {
    return end > this.at && this.bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
  }

  /** Goes behind `end` (the index of a line break, or the end of the text), which ends `lines` lines. */
  moveBehind(end: number, lines: number): void {
    this.at = Math.min(end + 1, this.bytes.length);
    this.line += lines;
  }
}
