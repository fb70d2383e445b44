// Where encoders write: a growing array of bytes with its position in the open, because generated code writes into it directly.
// A loop calls ensure() before it writes; nothing else grows the array.

const SHORT_TEXT = 48;
const encoder = new TextEncoder();

export class EncodeBuffer {
  bytes: Uint8Array<ArrayBuffer>;
  /** Position of the next byte. */
  at = 0;
  /** For reading and writing float64 and int32 in `bytes`; replaced when the array grows. */
  view: DataView;

  constructor(initialBytes = 1024) {
    this.bytes = new Uint8Array(initialBytes);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Makes room for `more` bytes after `at`. */
  ensure(more: number): void {
    const wanted = this.at + more;
    if (wanted <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(wanted, this.bytes.length * 2));
    bytes.set(this.bytes.subarray(0, this.at));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  reset(): void {
    this.at = 0;
  }

  /** A view of what was written; valid until the next write. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.at);
  }

  /** A copy of what was written since `start`. */
  copy(start = 0): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(start, this.at);
  }
}

/** Writes `text` at `at`, where there is room for 3 bytes a character; returns the position after it. Lone surrogates become U+FFFD. */
export function encodeUtf8Into(text: string, bytes: Uint8Array, at: number): number {
  const { length } = text;
  if (length <= SHORT_TEXT) {
    let index = 0;
    for (; index < length; index++) {
      const unit = text.charCodeAt(index);
      if (unit >= 0x80) break;
      bytes[at + index] = unit;
    }
    if (index === length) return at + length;
  }
  return at + encoder.encodeInto(text, bytes.subarray(at)).written;
}
