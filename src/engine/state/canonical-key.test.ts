import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalBytes, KeyError } from "./canonical-key.ts";
import { keyGroup, keyGroupOwner, keyGroupRange, murmurOfHash } from "./key-group.ts";
import { hashOfKey, murmur3 } from "./key-hash.ts";
import { BadKey } from "./key-selector.ts";

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Key, canonical bytes, hash, key group of 128. Savepoints depend on every one of them: add, never change. */
const VECTORS: readonly (readonly [unknown, string, number, number])[] = [
  [0, "010000000000000000", -359308163, 82],
  [-0, "010000000000000000", -359308163, 82],
  [1, "010100000000000000", -553093355, 52],
  [-1, "01ffffffffffffffff", -1754664762, 19],
  [42, "012a00000000000000", 1683010100, 27],
  [2147483648, "010000008000000000", -639121929, 90],
  [-2147483649, "01ffffff7fffffffff", -622367221, 47],
  [9007199254740991, "01ffffffffffff1f00", -258930590, 44],
  [-9007199254740991, "01010000000000e0ff", 1921780071, 42],
  [9007199254740992, "020000000000004043", -1625572901, 90],
  [0.5, "02000000000000e03f", -99192013, 73],
  [-1.25, "02000000000000f4bf", -1078912695, 79],
  [1e300, "029c7500883ce4377e", -982979742, 47],
  [Infinity, "02000000000000f07f", -1304492598, 52],
  [-Infinity, "02000000000000f0ff", -1096615539, 24],
  ["", "03", -2047822809, 121],
  ["a", "0361", 1867108634, 24],
  ["ab", "036162", -1870259814, 62],
  ["abc", "03616263", 1193954329, 94],
  ["abcd", "0361626364", 336714652, 96],
  ["0123456789abcdef", "0330313233343536373839616263646566", -1859229874, 78],
  ["é", "03c3a9", 330112649, 94],
  ["日本語", "03e697a5e69cace8aa9e", 1601144503, 29],
  ["😀", "03f09f9880", 49537784, 98],
  ["\ud800", "03eda080", -1734404713, 37],
  [true, "0401", 2138485752, 102],
  [false, "0400", -871541811, 38],
  [0n, "0500", 614249093, 59],
  [1n, "0501", -637158093, 27],
  [-1n, "05ff", 527967703, 23],
  [255n, "05ff00", 20829928, 43],
  [256n, "050001", 1190366234, 73],
  [-12345678901234567890n, "052ef5e0147356ab54ff", 2006447087, 6],
  [[], "06", 1558924552, 1],
  [["a", 1], "0602000000036109000000010100000000000000", 1636376035, 36],
  [[["a"], [1, true]], "060700000006020000000361140000000609000000010100000000000000020000000401", 1352353961, 127],
];

test("keys keep their canonical bytes, hashes and key groups for ever", () => {
  for (const [key, bytes, hash, group] of VECTORS) {
    assert.equal(hex(canonicalBytes(key)), bytes);
    assert.equal(hashOfKey(key), hash);
    assert.equal(keyGroup(hash, 128), group);
  }
});

test("the hash is Murmur3 in its 32-bit x86 form", () => {
  const vectors = [
    ["", 1, 0x514e28b7],
    ["test", 0, 0xba6bd213],
    ["Hello, world!", 0, 0xc0363e43],
    ["The quick brown fox jumps over the lazy dog", 0x9747b28c, 0x2fa826cd],
    ["aaaa", 0x9747b28c, 0x5a97808a],
  ] as const;
  for (const [text, seed, hash] of vectors) {
    const bytes = new TextEncoder().encode(text);
    assert.equal(murmur3(bytes, 0, bytes.length, seed) >>> 0, hash);
  }
});

test("hashes are mixed into key groups as Apache Flink does it", () => {
  // Computed by a Java program with Flink's arithmetic.
  const vectors = [
    [0, 593689054],
    [1, 68075478],
    [-1, 1982413648],
    [42, 1134849565],
    [97, 1455541201],
    [2147483647, 1653689534],
    [-2147483648, 1718298732],
    [123456789, 1088346449],
    [-987654321, 1314828554],
  ] as const;
  for (const [hash, mixed] of vectors) assert.equal(murmurOfHash(hash), mixed);
});

test("what cannot be a key is refused with advice", () => {
  const refused = (key: unknown, why: RegExp): void =>
    assert.throws(
      () => canonicalBytes(key),
      (error) => error instanceof KeyError && why.test(error.message),
    );
  refused(NaN, /^NaN cannot be a key.*Filter/);
  refused(undefined, /^undefined cannot/);
  refused(null, /^null cannot/);
  refused(new Date(0), /^A Date cannot.*getTime/);
  refused({ a: 1 }, /^An object cannot.*keyBy\(\(event\) => \[event.a, event.b\]\)/);
  refused([1, [NaN]], /^NaN/);
  const cause = new Error("the selector threw");
  assert.throws(() => canonicalBytes(new BadKey(cause)), cause);
});

test("every key group has one owner, and ranges say the same as owners", () => {
  for (const [parallelism, max] of [
    [1, 128],
    [2, 128],
    [3, 128],
    [5, 16],
    [16, 16],
    [7, 100],
  ] as const) {
    const owners = Array.from({ length: max }, (_, group) => keyGroupOwner(group, parallelism, max));
    for (let index = 0; index < parallelism; index++) {
      const { first, end } = keyGroupRange(index, parallelism, max);
      assert.deepEqual(
        owners.flatMap((owner, group) => (owner === index ? [group] : [])),
        Array.from({ length: end - first }, (_, at) => first + at),
      );
    }
  }
});
