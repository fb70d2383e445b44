// Texts that a field had lately, by their bytes: a name or a category that comes again and again is made once. Each field has its own, and
// one whose texts seldom come again gives up looking. Equal bytes are equal texts, so what is read never depends on it.

const SLOTS = 64;
const MAX_BYTES = 64;
/** After so many texts it is decided whether looking pays. */
const TRIAL = 512;
const MIN_HITS = TRIAL / 4;
/** So many texts later it is tried again: data change. */
const REST = 65_536;

export class TextCache {
  #bytes: Uint8Array | undefined;
  #lengths = new Uint8Array(0);
  readonly #texts: string[] = [];
  #left = TRIAL;
  #hits = 0;
  #resting = false;

  /** The text of `length` bytes at `at`, all there; undefined: too long, not UTF-8 for sure, or looking does not pay. */
  get(bytes: Uint8Array, at: number, length: number): string | undefined {
    if (--this.#left < 0) this.#decide();
    if (this.#resting || length > MAX_BYTES) return undefined;
    const kept = this.#bytes ?? this.#begin();
    const slot =
      (bytes[at]! * 31 + bytes[at + (length >> 1)]! * 17 + bytes[at + length - 1]! * 7 + bytes[at + length - 2]! * 13 + length) &
      (SLOTS - 1);
    const from = slot * MAX_BYTES;
    if (this.#lengths[slot] === length) {
      let index = 0;
      while (index < length && kept[from + index] === bytes[at + index]) index++;
      if (index === length) {
        this.#hits++;
        return this.#texts[slot];
      }
    }
    return this.#keep(kept, slot, bytes, at, length);
  }

  #keep(kept: Uint8Array, slot: number, bytes: Uint8Array, at: number, length: number): string | undefined {
    const text = Buffer.prototype.utf8Slice.call(bytes, at, at + length);
    // Perhaps no UTF-8: whoever asked looks closely.
    if (text.includes("\ufffd")) return undefined;
    for (let index = 0; index < length; index++) kept[slot * MAX_BYTES + index] = bytes[at + index]!;
    this.#lengths[slot] = length;
    this.#texts[slot] = text;
    return text;
  }

  #begin(): Uint8Array {
    this.#lengths = new Uint8Array(SLOTS);
    for (let slot = 0; slot < SLOTS; slot++) this.#texts.push("");
    return (this.#bytes = new Uint8Array(SLOTS * MAX_BYTES));
  }

  #decide(): void {
    this.#resting = !this.#resting && this.#hits < MIN_HITS;
    this.#left = this.#resting ? REST : TRIAL;
    this.#hits = 0;
  }
}
