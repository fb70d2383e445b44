// Snappy's block format (google/snappy format_description.txt), and the stream of blocks that snappy-java puts around it (xerial): what
// Kafka's own clients write. Read: both. Written: the stream.
import { BoundedOutput, copyBytes, repeatBytes } from "./bounded-output.ts";
import { badData } from "./compression-error.ts";
import { finder, matchLength, wordAt } from "./match-finder.ts";

const XERIAL_MAGIC = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00] as const;
const XERIAL_HEADER_BYTES = 16;
const XERIAL_VERSION = 1;
const BLOCK_BYTES = 65_536;
const MIN_MATCH = 4;
const MAX_COPY = 64;
const SKIP_BITS = 5;
/** A copy makes at most 64 bytes of three: more than this cannot come out of a byte. */
const MAX_RATIO = 22;

export function compressSnappy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const blocks = Math.ceil(bytes.length / BLOCK_BYTES);
  const out = new Uint8Array(XERIAL_HEADER_BYTES + blocks * 8 + bytes.length + Math.ceil(bytes.length / 6) + 32);
  out.set(XERIAL_MAGIC);
  putWord(out, 8, XERIAL_VERSION);
  putWord(out, 12, XERIAL_VERSION);
  let at = XERIAL_HEADER_BYTES;
  for (let from = 0; from < bytes.length; from += BLOCK_BYTES) {
    const end = compressBlock(bytes, from, Math.min(from + BLOCK_BYTES, bytes.length), out, at + 4);
    putWord(out, at, end - at - 4);
    at = end;
  }
  return out.subarray(0, at);
}

/** A block or a stream of blocks. Throws CompressionError: EBADDATA, EOVERSIZE before anything that large is made. */
export function decompressSnappy(bytes: Uint8Array, maxBytes: number): Uint8Array<ArrayBuffer> {
  if (!XERIAL_MAGIC.every((byte, i) => bytes[i] === byte)) {
    const output = new BoundedOutput(0, maxBytes);
    decompressBlock(bytes, 0, bytes.length, output);
    return output.finish();
  }
  const output = new BoundedOutput(0, maxBytes);
  let total = 0;
  eachBlock(bytes, (from, to) => (total += declaredSize(bytes, from, to).size));
  output.reserve(total);
  eachBlock(bytes, (from, to) => decompressBlock(bytes, from, to, output));
  return output.finish();
}

function eachBlock(bytes: Uint8Array, visit: (from: number, to: number) => void): void {
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length;) {
    if (at + 4 > bytes.length) throw badData("snappy", "a block's size is cut off");
    const size = wordFrom(bytes, at);
    if (size > bytes.length - at - 4) throw badData("snappy", `a block claims ${size} bytes`);
    visit(at + 4, at + 4 + size);
    at += 4 + size;
  }
}

/** What the block says it decompresses to, if that is possible, and where its elements begin. */
function declaredSize(bytes: Uint8Array, from: number, to: number): { readonly size: number; readonly at: number } {
  let size = 0;
  for (let at = from, factor = 1; at < to && at < from + 5; factor *= 128) {
    const byte = bytes[at++]!;
    size += (byte & 0x7f) * factor;
    if (byte >= 0x80) continue;
    if (size > (to - from) * MAX_RATIO) throw badData("snappy", `${to - from} bytes cannot be ${size}`);
    return { size, at };
  }
  throw badData("snappy", "a block's size is cut off");
}

function decompressBlock(bytes: Uint8Array, from: number, to: number, output: BoundedOutput): void {
  const { size, at } = declaredSize(bytes, from, to);
  output.reserve(size);
  const end = copyElements(bytes, at, to, output.bytes, output.length, output.length + size);
  if (end !== output.length + size) throw badData("snappy", `a block has ${end - output.length} bytes instead of ${size}`);
  output.length = end;
}

/** The elements of bytes[from, to) go to `target` from `start` on, not beyond `limit`. Returns where they end. */
function copyElements(bytes: Uint8Array, from: number, to: number, target: Uint8Array, start: number, limit: number): number {
  let out = start;
  for (let at = from; at < to;) {
    const tag = bytes[at++]!;
    const kind = tag & 3;
    if (kind === 0) {
      let length = (tag >> 2) + 1;
      if (length > 60) {
        const extra = length - 60;
        if (at + extra > to) throw badData("snappy", "a length is cut off");
        length = 1;
        for (let i = 0; i < extra; i++) length += bytes[at + i]! * 2 ** (8 * i);
        at += extra;
      }
      if (at + length > to) throw badData("snappy", "literals are cut off");
      if (out + length > limit) throw badData("snappy", "a block is larger than it says");
      copyBytes(bytes, at, target, out, length);
      at += length;
      out += length;
      continue;
    }
    const extra = kind === 3 ? 4 : kind;
    if (at + extra > to) throw badData("snappy", "a distance is cut off");
    const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const low = kind === 1 ? bytes[at]! : bytes[at]! | (bytes[at + 1]! << 8);
    const distance = kind === 1 ? ((tag >> 5) << 8) | low : kind === 2 ? low : low + bytes[at + 2]! * 65_536 + bytes[at + 3]! * 16_777_216;
    at += extra;
    if (distance === 0 || distance > out - start) throw badData("snappy", "a copy reaches back before the beginning");
    if (out + length > limit) throw badData("snappy", "a block is larger than it says");
    repeatBytes(target, out, distance, length);
    out += length;
  }
  return out;
}

/** Returns the position behind the block. */
function compressBlock(source: Uint8Array, from: number, to: number, target: Uint8Array, at: number): number {
  let out = at;
  let size = to - from;
  for (; size >= 0x80; size >>>= 7) target[out++] = (size & 0x7f) | 0x80;
  target[out++] = size;
  finder.reset();
  let anchor = from;
  for (let position = from, misses = 1 << SKIP_BITS; position + MIN_MATCH <= to;) {
    const word = wordAt(source, position);
    const earlier = finder.exchange(word, position);
    if (earlier < from || wordAt(source, earlier) !== word) {
      position += misses++ >> SKIP_BITS;
      continue;
    }
    if (anchor < position) out = putLiterals(source, anchor, position, target, out);
    const length = MIN_MATCH + matchLength(source, earlier + MIN_MATCH, position + MIN_MATCH, to);
    out = putCopies(position - earlier, length, target, out);
    position += length;
    anchor = position;
    misses = 1 << SKIP_BITS;
  }
  return anchor < to ? putLiterals(source, anchor, to, target, out) : out;
}

function putLiterals(source: Uint8Array, from: number, to: number, target: Uint8Array, at: number): number {
  let out = at;
  const length = to - from - 1;
  if (length < 60) target[out++] = length << 2;
  else if (length < 256) {
    target[out++] = 60 << 2;
    target[out++] = length;
  } else {
    target[out++] = 61 << 2;
    target[out++] = length & 0xff;
    target[out++] = length >> 8;
  }
  copyBytes(source, from, target, out, length + 1);
  return out + length + 1;
}

/** Copies of at most 64 bytes with a distance of two bytes: blocks are no larger than it reaches. */
function putCopies(distance: number, length: number, target: Uint8Array, at: number): number {
  let out = at;
  for (let left = length; left > 0;) {
    const count = Math.min(left, MAX_COPY);
    target[out++] = ((count - 1) << 2) | 2;
    target[out++] = distance & 0xff;
    target[out++] = distance >> 8;
    left -= count;
  }
  return out;
}

function wordFrom(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 16_777_216 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
}

function putWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = (word >>> 16) & 0xff;
  bytes[at + 2] = (word >>> 8) & 0xff;
  bytes[at + 3] = word & 0xff;
}
