// A cursor over the bytes of one JSON document (RFC 8259), strict as JSON.parse: no read passes `end`, invalid UTF-8 is refused, and
// errors say what was expected and at which byte, never what the document holds. A lone surrogate escape becomes U+FFFD.
import { arenaOf, type Arena } from "../batch-builder.ts";
import { latin1 } from "../columns.ts";
import { MAX_DEPTH } from "../mismatch.ts";
import { SchemaError } from "../schema-error.ts";
import { appendCodePoint, utf8Sequence } from "./utf8.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Exact as doubles; a mantissa of at most 15 digits divided by one of them is rounded once, as the standard wants. */
export const POWERS_OF_TEN: readonly number[] = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
const EXACT_DIGITS = 15;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export class JsonScanner {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  at = 0;
  /** Set by the last stringInto(): everything it wrote was ASCII. */
  ascii = true;
  readonly #scratch: Arena = arenaOf(new Uint8Array(256));

  reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.at = start;
    this.end = end;
  }

  fail(expected: string, got?: string): SchemaError {
    return new SchemaError({ path: "", expected, got: got ?? this.#here() }, this.at - this.start);
  }

  /** The next byte that is no white space, not consumed; −1 at the end. */
  peek(): number {
    const { bytes, end } = this;
    let { at } = this;
    while (at < end) {
      const byte = bytes[at]!;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
        this.at = at;
        return byte;
      }
      at++;
    }
    this.at = at;
    return -1;
  }

  /** Consumes one byte of punctuation after white space. */
  expect(byte: number, expected: string): void {
    if (this.peek() !== byte) throw this.fail(expected);
    this.at++;
  }

  /** After a member of an object or array: true at a comma, false at `close`, which is consumed too. */
  more(close: number): boolean {
    const byte = this.peek();
    if (byte !== 0x2c && byte !== close) throw this.fail(close === 0x7d ? '"," or "}"' : '"," or "]"');
    this.at++;
    return byte === 0x2c;
  }

  /** Only white space may follow. */
  finish(): void {
    if (this.peek() !== -1) throw this.fail("the end of the document");
  }

  /** Consumes `word` (ASCII) if it stands here. */
  word(word: string): boolean {
    const { bytes, at } = this;
    if (at + word.length > this.end) return false;
    for (let index = 0; index < word.length; index++) if (bytes[at + index] !== word.charCodeAt(index)) return false;
    this.at = at + word.length;
    return true;
  }

  /** A number, exactly as JSON.parse reads it. */
  number(): number {
    const { bytes, end } = this;
    const start = this.at;
    let at = start;
    if (bytes[at] === 0x2d) at++;
    const digits = at;
    let value = 0;
    let digit = 0;
    for (; at < end && (digit = bytes[at]! - 0x30) >= 0 && digit <= 9; at++) value = value * 10 + digit;
    if (at === digits || (bytes[digits] === 0x30 && at - digits > 1)) return this.#badNumber(at === digits ? at : digits + 1);
    let fraction = 0;
    if (at < end && bytes[at] === 0x2e) {
      const point = at++;
      for (; at < end && (digit = bytes[at]! - 0x30) >= 0 && digit <= 9; at++) value = value * 10 + digit;
      fraction = at - point - 1;
      if (fraction === 0) return this.#badNumber(at);
    }
    const exact = at - digits <= EXACT_DIGITS;
    if (at < end && (bytes[at]! | 0x20) === 0x65) {
      at++;
      if (bytes[at] === 0x2b || bytes[at] === 0x2d) at++;
      const exponent = at;
      while (at < end && (digit = bytes[at]! - 0x30) >= 0 && digit <= 9) at++;
      if (at === exponent) return this.#badNumber(at);
    } else if (exact) {
      this.at = at;
      if (fraction > 0) value /= POWERS_OF_TEN[fraction]!;
      return digits > start ? -value : value;
    }
    this.at = at;
    return Number(latin1(bytes, start, at));
  }

  /** Text of a number. */
  numberText(): string {
    const start = this.at;
    this.number();
    return latin1(this.bytes, start, this.at);
  }

  /** At the opening quote. */
  string(): string {
    if (this.bytes[this.at] !== QUOTE || this.at >= this.end) throw this.fail("a string");
    const { bytes, end } = this;
    const start = this.at + 1;
    let at = start;
    for (; at < end; at++) {
      const byte = bytes[at]!;
      if (byte === QUOTE) {
        this.at = at + 1;
        return latin1(bytes, start, at);
      }
      if (byte < 0x20 || byte === BACKSLASH || byte >= 0x80) break;
    }
    const scratch = this.#scratch;
    if (scratch.bytes.length < end - start) scratch.bytes = new Uint8Array(end - start);
    return decoder.decode(scratch.bytes.subarray(0, this.stringInto(scratch.bytes, 0)));
  }

  /** The same as UTF-8 into `to`, which has room for as many bytes as the document still has. Returns the position after it. */
  stringInto(to: Uint8Array, toAt: number): number {
    if (this.bytes[this.at] !== QUOTE || this.at >= this.end) throw this.fail("a string");
    this.at++;
    this.ascii = true;
    return this.restOfString(to, toAt);
  }

  /** Goes on within a string: for generated code that met a byte it leaves to this. Clears `ascii` if there was something else. */
  restOfString(to: Uint8Array, toAt: number): number {
    const { bytes, end } = this;
    while (this.at < end) {
      const byte = bytes[this.at]!;
      if (byte === QUOTE) {
        this.at++;
        return toAt;
      }
      if (byte === BACKSLASH) toAt = this.#escape(to, toAt);
      else if (byte >= 0x80) {
        const length = utf8Sequence(bytes, this.at, end);
        if (length === 0) throw this.fail("UTF-8", "an invalid byte");
        for (let index = 0; index < length; index++) to[toAt++] = bytes[this.at++]!;
        this.ascii = false;
      } else if (byte < 0x20) throw this.fail("a string", "a control character in it");
      else {
        to[toAt++] = byte;
        this.at++;
      }
    }
    throw this.fail("the end of a string");
  }

  /** Any value; checked as strictly as one that is kept. `depth`: levels around it. */
  skipValue(depth: number): void {
    const byte = this.peek();
    if (byte === QUOTE) {
      const scratch = this.#scratch;
      if (scratch.bytes.length < this.end - this.at) scratch.bytes = new Uint8Array(this.end - this.at);
      this.stringInto(scratch.bytes, 0);
    } else if (byte === 0x7b) this.#skipObject(depth);
    else if (byte === 0x5b) this.#skipArray(depth);
    else if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) this.number();
    else if (!this.word("true") && !this.word("false") && !this.word("null")) throw this.fail("a value");
  }

  /** Counts a level: throws beyond MAX_DEPTH. */
  checkDepth(depth: number): void {
    if (depth >= MAX_DEPTH) throw this.fail(`at most ${MAX_DEPTH} levels`, "more");
  }

  #skipObject(depth: number): void {
    this.checkDepth(depth);
    this.at++;
    if (this.peek() === 0x7d) {
      this.at++;
      return;
    }
    do {
      if (this.peek() !== QUOTE) throw this.fail("a name in quotes");
      this.skipValue(depth);
      this.expect(0x3a, '":"');
      this.skipValue(depth + 1);
    } while (this.more(0x7d));
  }

  #skipArray(depth: number): void {
    this.checkDepth(depth);
    this.at++;
    if (this.peek() === 0x5d) {
      this.at++;
      return;
    }
    do this.skipValue(depth + 1);
    while (this.more(0x5d));
  }

  /** At the backslash. */
  #escape(to: Uint8Array, toAt: number): number {
    const byte = this.at + 1 < this.end ? this.bytes[this.at + 1]! : 0;
    if (byte === 0x75) return this.#unicodeEscape(to, toAt);
    const plain = byte < ESCAPES.length ? ESCAPES[byte]! : 0;
    if (plain === 0) throw this.fail("a string", "an unknown escape in it");
    to[toAt] = plain;
    this.at += 2;
    return toAt + 1;
  }

  #unicodeEscape(to: Uint8Array, toAt: number): number {
    let point = this.#hex4(this.at + 2);
    this.at += 6;
    const isHigh = point >= 0xd800 && point < 0xdc00;
    if (isHigh && this.at + 6 <= this.end && this.bytes[this.at] === BACKSLASH && this.bytes[this.at + 1] === 0x75) {
      const low = this.#hex4(this.at + 2);
      if (low >= 0xdc00 && low < 0xe000) {
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        this.at += 6;
      }
    }
    if (point >= 0x80) this.ascii = false;
    return appendCodePoint(to, toAt, point >= 0xd800 && point < 0xe000 ? 0xfffd : point);
  }

  #hex4(at: number): number {
    let value = 0;
    for (let index = at; index < at + 4; index++) {
      const byte = index < this.end ? this.bytes[index]! : 0;
      const letter = (byte | 0x20) - 0x61;
      const digit = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : letter >= 0 && letter <= 5 ? letter + 10 : -1;
      if (digit < 0) throw this.fail("four hexadecimal digits", "something else in an escape");
      value = value * 16 + digit;
    }
    return value;
  }

  #badNumber(at: number): never {
    this.at = at;
    throw this.fail("a number");
  }

  #here(): string {
    if (this.at >= this.end) return "the end of the document";
    switch (this.bytes[this.at]) {
      case QUOTE:
        return "a string";
      case 0x7b:
        return "an object";
      case 0x5b:
        return "an array";
      case 0x74:
      case 0x66:
        return "a boolean";
      case 0x6e:
        return "null";
      default: {
        const byte = this.bytes[this.at]!;
        if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) return "a number";
        return byte > 0x20 && byte < 0x7f ? `the character ${JSON.stringify(String.fromCharCode(byte))}` : `byte ${byte}`;
      }
    }
  }
}

const ESCAPES = escapes();

function escapes(): Uint8Array {
  const table = new Uint8Array(128);
  const pairs = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
  for (const [name, plain] of Object.entries(pairs)) table[name.charCodeAt(0)] = plain.charCodeAt(0);
  return table;
}
