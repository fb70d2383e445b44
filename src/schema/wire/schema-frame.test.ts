import assert from "node:assert/strict";
import { test } from "node:test";
import { guidFrame, idFrame, messageIndexes, readMessageIndexes, SchemaFrame } from "./schema-frame.ts";

test("ids and GUIDs come back from their frames, wherever they lie", () => {
  const frame = new SchemaFrame();
  for (const id of [0, 1, 255, 256, 100_001, 2 ** 31 - 1, 2 ** 32 - 1]) {
    assert.equal(frame.read(Uint8Array.of(9, 9, ...idFrame(id), 7), 2, 8), 7);
    assert.deepEqual([frame.id, frame.guid], [id, ""]);
  }
  const guid = "89791762-2336-4186-9674-299b90a802e2";
  assert.equal(frame.read(guidFrame(guid), 0, 17), 17);
  assert.deepEqual([frame.id, frame.guid], [-1, guid]);
});

test("what is no frame is refused, and says what was there", () => {
  const frame = new SchemaFrame();
  assert.throws(() => frame.read(new Uint8Array(0), 0, 0), /got an empty value/);
  assert.throws(() => frame.read(Uint8Array.of(0x7b, 1, 2, 3, 4), 0, 5), /got the magic byte 0x7b/);
  assert.throws(() => frame.read(Uint8Array.of(0, 1, 2), 0, 3), /got 3 bytes/);
  assert.throws(() => guidFrame("x"), /expected a GUID/);
});

test("positions of Protobuf messages: a lone 0 is the first message", () => {
  assert.deepEqual([...messageIndexes([0])], [0]);
  assert.deepEqual([...messageIndexes([1, 0])], [4, 2, 0]);
  for (const indexes of [[0], [1], [2, 1, 0], [300, 0]])
    assert.deepEqual(readMessageIndexes(Uint8Array.of(...messageIndexes(indexes), 5), 0, 99).indexes, indexes);
  assert.throws(() => readMessageIndexes(Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0x0f), 0, 5), /1 to 64 positions, got 2147483647/);
  assert.throws(() => readMessageIndexes(Uint8Array.of(1, 0), 0, 2), /positions, got -1/);
});
