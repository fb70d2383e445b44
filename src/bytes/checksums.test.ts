// Published vectors of the two hashes, and the native CRC-32C against its JavaScript twin.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { crc32c as nodeRsCrc32c } from "@node-rs/crc32";
import { crc32c, crc32cInJs, useNativeCrc32c } from "./crc32c.ts";
import { kafkaPartition, murmur2 } from "./murmur2.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

test("CRC-32C has the check values of RFC 3720", () => {
  assert.equal(crc32cInJs(utf8("123456789")), 0xe3069283);
  assert.equal(crc32cInJs(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32cInJs(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assert.equal(crc32cInJs(Uint8Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e);
  assert.equal(crc32cInJs(Uint8Array.from({ length: 32 }, (_, index) => 31 - index)), 0x113fdb5c);
  assert.equal(crc32cInJs(new Uint8Array(0)), 0);
});

test("the native CRC-32C equals the JavaScript one for every range of every input", () => {
  useNativeCrc32c((bytes) => nodeRsCrc32c(bytes));
  try {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1000, size: "max" }), fc.nat(100), fc.nat(100), (bytes, from, cut) => {
        const start = Math.min(from, bytes.length);
        const end = Math.max(start, bytes.length - cut);
        assert.equal(crc32c(bytes, start, end), crc32cInJs(bytes, start, end));
        assert.equal(
          crc32cInJs(bytes, start, end),
          crc32cInJs(bytes, start + ((end - start) >> 1), end, crc32cInJs(bytes, start, start + ((end - start) >> 1))),
        );
      }),
    );
  } finally {
    useNativeCrc32c(undefined);
  }
});

test("a native CRC-32C that computes something else is refused", () => {
  assert.throws(() => useNativeCrc32c(() => 42), /disagrees/);
  assert.equal(crc32c(new Uint8Array(500)), crc32cInJs(new Uint8Array(500)));
});

test("murmur2 gives the values that other Kafka clients give", () => {
  const vectors: [string, number][] = [
    ["", 275646681],
    ["a", -1563381124],
    ["21", -973932308],
    ["abc", 479470107],
    ["foobar", -790332482],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ];
  for (const [key, hash] of vectors) assert.equal(murmur2(utf8(key)), hash, key);
  assert.equal(kafkaPartition(utf8("foobar"), 7), (-790332482 & 0x7fffffff) % 7);
});

test("murmur2 of a range is murmur2 of its copy", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array({ maxLength: 5 }), (bytes, prefix) => {
      const padded = new Uint8Array(prefix.length + bytes.length + 3);
      padded.set(prefix);
      padded.set(bytes, prefix.length);
      assert.equal(murmur2(padded, prefix.length, prefix.length + bytes.length), murmur2(bytes));
    }),
  );
});
