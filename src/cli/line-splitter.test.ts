import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LineSplitter } from "./line-splitter.ts";

function split(chunks: readonly Uint8Array[]): string[] {
  const splitter = new LineSplitter(1000);
  const lines: string[] = [];
  for (const chunk of chunks) for (const line of splitter.push(chunk)) lines.push(Buffer.from(line).toString("latin1"));
  for (const line of splitter.end()) lines.push(Buffer.from(line).toString("latin1"));
  return lines;
}

test("however the bytes are cut, the lines are the same", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 12 }).map((bytes) => bytes.map((b) => (b % 5 === 0 ? 10 : b)))), (chunks) => {
      const text = Buffer.concat(chunks).toString("latin1");
      const expected = text.split("\n");
      if (expected.at(-1) === "") expected.pop();
      assert.deepEqual(split(chunks), expected);
    }),
  );
});

test("a line over the limit is refused instead of gathered for ever", () => {
  const splitter = new LineSplitter(4);
  assert.deepEqual([...splitter.push(Buffer.from("abc\nab"))].length, 1);
  assert.throws(() => [...splitter.push(Buffer.from("cde"))], RangeError);
});
