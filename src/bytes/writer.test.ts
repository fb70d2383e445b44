// The writer's own rules: nothing is cut silently, limits hold, and what was given away is not touched again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameError } from "./frame-error.ts";
import { ByteReader } from "./reader.ts";
import { ByteWriter } from "./writer.ts";

const outOfRange = (error: unknown): boolean => error instanceof FrameError && error.code === "OUT_OF_RANGE";

test("a number that does not fit its field is refused", () => {
  const writer = new ByteWriter();
  assert.throws(() => writer.int8(128), outOfRange);
  assert.throws(() => writer.int16(-32769), outOfRange);
  assert.throws(() => writer.int32(2 ** 31), outOfRange);
  assert.throws(() => writer.int32(1.5), outOfRange);
  assert.throws(() => writer.int64(2 ** 53), outOfRange);
  assert.throws(() => writer.int64(Number.NaN), outOfRange);
  assert.throws(() => writer.int64Big(1n << 63n), outOfRange);
  assert.throws(() => writer.unsignedVarint(-1), outOfRange);
  assert.throws(() => writer.varint(2 ** 31), outOfRange);
  assert.throws(() => writer.varlong(Number.POSITIVE_INFINITY), outOfRange);
  assert.equal(writer.length, 0);
});

test("a length can be patched in after the body, but only where something was written", () => {
  const writer = new ByteWriter();
  const at = writer.reserve(4);
  writer.string("body");
  writer.patchInt32(at, writer.length - 4);
  assert.equal(new ByteReader(writer.finish()).int32(), 4);
  assert.throws(() => writer.patchInt32(6, 1), RangeError);
});

test("a writer refuses to grow past its limit", () => {
  const writer = new ByteWriter(16, 64);
  writer.bytes(new Uint8Array(64));
  assert.throws(
    () => writer.int8(1),
    (error: unknown) => error instanceof FrameError && error.code === "TOO_LARGE",
  );
});

test("bytes that were taken are not overwritten by what is written next", () => {
  const writer = new ByteWriter();
  writer.string("first");
  const taken = writer.take();
  writer.string("other");
  assert.equal(new TextDecoder().decode(taken), "first");
  assert.equal(new TextDecoder().decode(writer.finish()), "other");
});

test("a range of bytes is copied, short or long", () => {
  const source = Uint8Array.from({ length: 200 }, (_, index) => index);
  const writer = new ByteWriter(16);
  writer.bytes(source, 3, 10);
  writer.bytes(source, 50, 150);
  assert.deepEqual([...writer.finish()], [...source.subarray(3, 10), ...source.subarray(50, 150)]);
});

test("a varint of more than five bytes is an error that names its place", () => {
  const reader = new ByteReader(Uint8Array.from([1, 0x80, 0x80, 0x80, 0x80, 0x80, 1]), 1);
  assert.throws(
    () => reader.unsignedVarint(),
    (error: unknown) => error instanceof FrameError && error.code === "BAD_VARINT" && /byte 1/.test(error.message),
  );
});
