// LZ4's block format (lz4_Block_format.md): sequences of literals and matches up to 64 KB back. The last five bytes are literals, and the
// last match begins twelve bytes before the end or earlier.
import { type BoundedOutput, copyBytes, repeatBytes } from "./bounded-output.ts";
import { badData } from "./compression-error.ts";
import { finder, matchLength, wordAt } from "./match-finder.ts";

const MIN_MATCH = 4;
const LAST_LITERALS = 5;
const MATCH_LIMIT = 12;
const MAX_DISTANCE = 65_535;
/** After this many misses in a row the search takes larger steps. */
const SKIP_BITS = 6;

/** The most bytes a block of `size` bytes can become. */
export function lz4Bound(size: number): number {
  return size + Math.ceil(size / 255) + 16;
}

/** Compresses source[from, to) into `target`, which has room for lz4Bound() bytes behind `at`. Returns the position behind the block. */
export function compressLz4Block(source: Uint8Array, from: number, to: number, target: Uint8Array, at: number): number {
  finder.reset();
  let anchor = from;
  let out = at;
  const searchEnd = to - MATCH_LIMIT;
  for (let position = from, misses = 1 << SKIP_BITS; position < searchEnd;) {
    const word = wordAt(source, position);
    const earlier = finder.exchange(word, position);
    if (earlier < from || position - earlier > MAX_DISTANCE || wordAt(source, earlier) !== word) {
      position += misses++ >> SKIP_BITS;
      continue;
    }
    const length = MIN_MATCH + matchLength(source, earlier + MIN_MATCH, position + MIN_MATCH, to - LAST_LITERALS);
    out = putSequence(source, anchor, position, position - earlier, length, target, out);
    position += length;
    anchor = position;
    misses = 1 << SKIP_BITS;
  }
  return putSequence(source, anchor, to, 0, 0, target, out);
}

/** Literals source[from, to), then a match; without one if `length` is 0. */
function putSequence(
  source: Uint8Array,
  from: number,
  to: number,
  distance: number,
  length: number,
  target: Uint8Array,
  at: number,
): number {
  const literals = to - from;
  const extra = length === 0 ? 0 : length - MIN_MATCH;
  let out = at;
  target[out++] = (Math.min(literals, 15) << 4) | Math.min(extra, 15);
  if (literals >= 15) out = putLength(literals - 15, target, out);
  copyBytes(source, from, target, out, literals);
  out += literals;
  if (length === 0) return out;
  target[out++] = distance & 0xff;
  target[out++] = distance >> 8;
  return extra >= 15 ? putLength(extra - 15, target, out) : out;
}

function putLength(length: number, target: Uint8Array, at: number): number {
  let out = at;
  let left = length;
  for (; left >= 255; left -= 255) target[out++] = 255;
  target[out++] = left;
  return out;
}

/** How many bytes the block source[from, to) decompresses to; too few if it is malformed. Cheap: nothing is copied. */
export function lz4BlockSize(source: Uint8Array, from: number, to: number): number {
  let size = 0;
  for (let at = from; at < to;) {
    const token = source[at++]!;
    let literals = token >> 4;
    if (literals === 15) {
      while (at < to && source[at] === 255) {
        literals += 255;
        at++;
      }
      literals += source[at++] ?? 0;
    }
    at += literals + 2;
    size += literals;
    if (at - 2 >= to) break;
    size += (token & 15) + MIN_MATCH;
    if ((token & 15) !== 15) continue;
    while (at < to && source[at] === 255) {
      size += 255;
      at++;
    }
    size += source[at++] ?? 0;
  }
  return size;
}

/**
 * Decompresses the block source[from, to) behind what is in `output`, which has room for it; matches reach back to `windowStart`.
 * Throws EBADDATA.
 */
export function decompressLz4Block(source: Uint8Array, from: number, to: number, output: BoundedOutput, windowStart: number): void {
  const { bytes } = output;
  const room = bytes.length;
  let out = output.length;
  for (let at = from; at < to;) {
    const token = source[at++]!;
    let literals = token >> 4;
    if (literals === 15) {
      let more: number;
      do {
        if (at >= to) throw badData("lz4", "a length is cut off");
        more = source[at++]!;
        literals += more;
      } while (more === 255);
    }
    if (at + literals > to || out + literals > room) throw badData("lz4", "literals are cut off");
    copyBytes(source, at, bytes, out, literals);
    out += literals;
    at += literals;
    if (at === to) {
      output.length = out;
      return;
    }
    if (at + 2 > to) throw badData("lz4", "a distance is cut off");
    const distance = source[at]! | (source[at + 1]! << 8);
    at += 2;
    let length = (token & 15) + MIN_MATCH;
    if ((token & 15) === 15) {
      let more: number;
      do {
        if (at >= to) throw badData("lz4", "a length is cut off");
        more = source[at++]!;
        length += more;
      } while (more === 255);
    }
    if (distance === 0 || distance > out - windowStart) throw badData("lz4", "a match reaches back before the beginning");
    if (out + length > room) throw badData("lz4", "it is longer than its lengths say");
    repeatBytes(bytes, out, distance, length);
    out += length;
  }
  throw badData("lz4", "a block does not end with literals");
}
