// The 32-bit hash of a key: Murmur3 (32 bits, little-endian words) over the payload of its canonical bytes, seeded with their tag
// (canonical-key.ts). Numbers and ASCII strings are hashed without making the bytes. Cannot change after the first savepoint.
import { asciiBytes, asciiWords, takeAscii } from "./ascii-text.ts";
import { canonicalBytes, TAG_DOUBLE, TAG_INTEGER, TAG_STRING } from "./canonical-key.ts";

const TWO_32 = 4294967296;
const doubles = new Float64Array(1);
const words = new Int32Array(doubles.buffer);

/** Of a key that canonicalBytes() refuses: 0. Who looks the key up throws. */
export function hashOfKey(key: unknown): number {
  if (typeof key === "number") return hashNumber(key);
  if (typeof key === "string") return hashString(key);
  try {
    return hashCanonical(canonicalBytes(key));
  } catch {
    return 0;
  }
}

export function hashCanonical(bytes: Uint8Array): number {
  return murmur3(bytes, 1, bytes.length, bytes[0]!);
}

export function hashNumber(key: number): number {
  if ((key | 0) === key) return hashWords(TAG_INTEGER, key, key >> 31);
  if (Number.isSafeInteger(key)) return hashWords(TAG_INTEGER, key | 0, Math.floor(key / TWO_32) | 0);
  if (key !== key) return 0;
  doubles[0] = key;
  return hashWords(TAG_DOUBLE, words[0]!, words[1]!);
}

/** Murmur3 of eight bytes given as two little-endian words. */
function hashWords(seed: number, low: number, high: number): number {
  return finish(mix(mix(seed, low), high), 8);
}

export function hashString(key: string): number {
  if (!takeAscii(key)) return hashCanonical(canonicalBytes(key));
  const { length } = key;
  const whole = length >>> 2;
  let h = TAG_STRING;
  for (let word = 0; word < whole; word++) h = mix(h, asciiWords[word]!);
  let tail = 0;
  for (let at = whole * 4, shift = 0; at < length; at++, shift += 8) tail |= asciiBytes[at]! << shift;
  return finish(length > whole * 4 ? h ^ scramble(tail) : h, length);
}

/** Murmur3, x86, 32 bits; signed. */
export function murmur3(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let h = seed | 0;
  let at = start;
  for (; at + 4 <= end; at += 4) h = mix(h, bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
  let tail = 0;
  for (let shift = 0; at + shift / 8 < end; shift += 8) tail |= bytes[at + shift / 8]! << shift;
  if (at < end) h ^= scramble(tail);
  return finish(h, end - start);
}

function scramble(word: number): number {
  const k = Math.imul(word, 0xcc9e2d51);
  return Math.imul((k << 15) | (k >>> 17), 0x1b873593);
}

function mix(h: number, word: number): number {
  const x = h ^ scramble(word);
  return (Math.imul((x << 13) | (x >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number, length: number): number {
  let h = hash ^ length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
