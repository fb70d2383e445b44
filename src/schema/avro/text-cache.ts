// Texts that a field had lately, by their bytes: a name or a category that comes again and again is made once. Each field has its own, and
// one whose texts seldom come again gives up looking. Equal bytes are equal texts, so what is read never depends on it.
import { MAX_SHORT_TEXT, shortText } from "./short-text.ts";

/** Looked up once: `Buffer` is a getter. */
const { utf8Slice } = Buffer.prototype;
const SLOTS = 256;
/** Of keys: words of four bytes, those at both ends first. */
const WORDS = 16;
const MAX_BYTES = 4 * WORDS;
/** After so many texts it is decided whether looking pays. */
const TRIAL = 512;
const MIN_HITS = TRIAL / 2;
/** So many texts later it is tried again: data change. */
const REST = 65_536;

export class TextCache {
  #keys = new Int32Array(0);
  #lengths = new Uint8Array(0);
  readonly #texts: string[] = [];
  #left = TRIAL;
  #hits = 0;
  #resting = false;

  /** The text of `length` bytes at `at`, all there; undefined: too long, not UTF-8 for sure, or looking does not pay. */
  get(bytes: Uint8Array, at: number, length: number): string | undefined {
    if (--this.#left < 0) this.#decide();
    if (this.#resting || length > MAX_BYTES) return undefined;
    const last = at + length - 4;
    const head = length > 3 ? word(bytes, at) : short(bytes, at, length);
    const tail = length > 4 ? word(bytes, last) : 0;
    const slot = slotOf(head, tail, length);
    const keys = this.#keys;
    let key = slot * WORDS;
    if (this.#lengths[slot] === length && keys[key] === head && keys[key + 1] === tail) {
      let from = at + 4;
      for (key += 2; from < last && keys[key] === word(bytes, from); key++) from += 4;
      if (from >= last) {
        this.#hits++;
        return this.#texts[slot];
      }
    }
    return this.#keep(slot, bytes, at, length, head, tail);
  }

  /** As get(), by words of a view of all of `bytes`. */
  getIn(view: DataView, bytes: Uint8Array, at: number, length: number): string | undefined {
    if (--this.#left < 0) this.#decide();
    if (this.#resting || length > MAX_BYTES) return undefined;
    const last = at + length - 4;
    const head = length > 3 ? view.getInt32(at, true) : short(bytes, at, length);
    const tail = length > 4 ? view.getInt32(last, true) : 0;
    const slot = slotOf(head, tail, length);
    const keys = this.#keys;
    let key = slot * WORDS;
    if (this.#lengths[slot] === length && keys[key] === head && keys[key + 1] === tail) {
      let from = at + 4;
      for (key += 2; from < last && keys[key] === view.getInt32(from, true); key++) from += 4;
      if (from >= last) {
        this.#hits++;
        return this.#texts[slot];
      }
    }
    return this.#keep(slot, bytes, at, length, head, tail);
  }

  #keep(slot: number, bytes: Uint8Array, at: number, length: number, head: number, tail: number): string | undefined {
    if (this.#texts.length === 0) this.#begin();
    const text = (length <= MAX_SHORT_TEXT ? shortText(bytes, at, length) : undefined) ?? longText(bytes, at, length);
    if (text === undefined) return undefined;
    const keys = this.#keys;
    let key = slot * WORDS;
    keys[key++] = head;
    keys[key++] = tail;
    const last = at + length - 4;
    for (let from = at + 4; from < last; from += 4) keys[key++] = word(bytes, from);
    this.#lengths[slot] = length;
    this.#texts[slot] = text;
    return text;
  }

  #begin(): void {
    this.#keys = new Int32Array(SLOTS * WORDS);
    // No text is that long.
    this.#lengths = new Uint8Array(SLOTS).fill(255);
    for (let slot = 0; slot < SLOTS; slot++) this.#texts.push("");
  }

  #decide(): void {
    this.#resting = !this.#resting && this.#hits < MIN_HITS;
    this.#left = this.#resting ? REST : TRIAL;
    this.#hits = 0;
  }
}

/** undefined: perhaps no UTF-8; whoever asked looks closely. */
function longText(bytes: Uint8Array, at: number, length: number): string | undefined {
  const text = utf8Slice.call(bytes, at, at + length);
  return text.includes("\ufffd") ? undefined : text;
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** One of SLOTS. */
function slotOf(head: number, tail: number, length: number): number {
  return Math.imul(head ^ Math.imul(tail ^ length, 0x9e3779b1), 0x85ebca6b) >>> 24;
}

/** Up to three bytes. */
function short(bytes: Uint8Array, at: number, length: number): number {
  if (length === 0) return 0;
  const first = bytes[at]!;
  if (length === 1) return first;
  return length === 2 ? first | (bytes[at + 1]! << 8) : first | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
}
