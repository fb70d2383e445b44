// What stands before a value or in its header, byte by byte, beside Confluent's own JavaScript: ids, GUIDs, positions of Protobuf messages.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import {
  guidFrame,
  idFrame,
  KEY_SCHEMA_HEADER,
  messageIndexes,
  readMessageIndexes,
  SchemaFrame,
  VALUE_SCHEMA_HEADER,
} from "../../src/schema/wire/schema-frame.ts";
import { npmClients } from "./prerequisites.ts";

interface SchemaId {
  readonly id?: number;
  readonly guid?: string;
  readonly messageIndexes?: number[];
  idToBytes(): Buffer;
  guidToBytes(): Buffer;
  fromBytes(bytes: Buffer): number;
}

const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };
// Only this part of the package: others are TypeScript to whoever asks for sources.
const SERDE = "node_modules/@confluentinc/schemaregistry/dist/serde/serde.js";
const theirs = createRequire(import.meta.url)(join(npmClients(), SERDE)) as {
  SchemaId: new (type: string, id?: number, guid?: string, messageIndexes?: readonly number[]) => SchemaId;
  KEY_SCHEMA_ID_HEADER: string;
  VALUE_SCHEMA_ID_HEADER: string;
};

const ids = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const positions = fc.oneof(
  fc.constantFrom([0], [1], [0, 0], [1, 0]),
  fc.array(fc.oneof(fc.nat(3), fc.nat(20_000)), { minLength: 1, maxLength: 8 }),
);

test("what is written is the same bytes, and what they write is read", () => {
  fc.assert(
    fc.property(ids, fc.uuid(), fc.option(positions, { nil: undefined }), (id, guid, indexes) => {
      const other = new theirs.SchemaId(indexes === undefined ? "AVRO" : "PROTOBUF", id, guid, indexes);
      const behind = indexes === undefined ? new Uint8Array(0) : messageIndexes(indexes);
      const frame = new SchemaFrame();
      for (const [bytes, own] of [
        [other.idToBytes(), idFrame(id)],
        [other.guidToBytes(), guidFrame(guid)],
      ] as const) {
        assert.deepEqual(Uint8Array.of(...own, ...behind), new Uint8Array(bytes));
        const at = frame.read(bytes, 0, bytes.length);
        assert.deepEqual([frame.id, frame.guid], own.length === 5 ? [id, ""] : [-1, guid]);
        if (indexes === undefined) assert.equal(at, bytes.length);
        else assert.deepEqual(readMessageIndexes(bytes, at, bytes.length), { indexes, at: bytes.length });
      }
    }),
    { numRuns: 500, ...seed },
  );
});

test("both read what the other wrote as one message, in its short form and in full", () => {
  for (const bytes of [Uint8Array.of(0, 0, 0, 0, 7, 0), Uint8Array.of(0, 0, 0, 0, 7, 2, 0)]) {
    const other = new theirs.SchemaId("PROTOBUF");
    assert.equal(other.fromBytes(Buffer.from(bytes)), bytes.length);
    assert.deepEqual(other.messageIndexes, [0]);
    assert.deepEqual(readMessageIndexes(bytes, 5, bytes.length), { indexes: [0], at: bytes.length });
  }
});

test("headers have the same names", () => {
  assert.deepEqual([KEY_SCHEMA_HEADER, VALUE_SCHEMA_HEADER], [theirs.KEY_SCHEMA_ID_HEADER, theirs.VALUE_SCHEMA_ID_HEADER]);
});
