// Keys with a schema, of random types in every format: what columns, objects and functions give are the same bytes, and they are read back.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RegistryClientError, type RegisteredSchema, type RegistryClient } from "../../registry/http/registry-client.ts";
import type { SchemaType } from "../../registry/schema-entry.ts";
import { BatchBuilder } from "../../schema/batch-builder.ts";
import { createBatch, rowAt, setValue } from "../../schema/columns.ts";
import { anyName, makeObject, scalarType, valueOf } from "../../schema/fixtures/arbitrary-types.ts";
import { t } from "../../schema/t.ts";
import type { Schema } from "../../schema/type-info.ts";
import { KeyEncoder } from "./key-encoder.ts";
import { RecordEncoder } from "./record-encoder.ts";
import { RecordParts } from "./record-parts.ts";
import { registryEncoding } from "./registry-encoding.ts";
import { RegistryValues } from "./registry-values.ts";
import { SCHEMA_FORMATS } from "./schema-formats.ts";
import { keyPart } from "./topic-key.ts";
import { topic, type Topic } from "./topic.ts";

const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };
const GUID = "89791762-2336-4186-9674-299b90a802e2";
const ID = 77;

/** Knows one schema, once it was registered. */
function registryOf(): RegistryClient {
  let found: RegisteredSchema | undefined;
  const known = (): Promise<RegisteredSchema> => Promise.resolve(found!);
  const registry = {
    version: () => (found === undefined ? Promise.reject(new RegistryClientError(404, 40401, "none")) : known()),
    register: (subject: string, schema: string, schemaType: SchemaType) => {
      found = { schema, schemaType, subject, references: [], id: ID, version: 1, guid: GUID };
      return Promise.resolve(ID);
    },
    lookup: known,
    byId: known,
    byGuid: known,
    referenced: () => Promise.resolve([]),
  };
  return registry as unknown as RegistryClient;
}

/** JSON has no −0. */
const positive = (value: unknown): unknown => (value === 0 ? 0 : value);

const isKey = ({ type }: Schema<unknown>): boolean => type.kind !== "bytes" && type.kind !== "optional";
const field = scalarType.filter(isKey);

const drawn = fc
  .record({
    names: fc.uniqueArray(anyName, { minLength: 2, maxLength: 5 }),
    types: fc.array(field, { minLength: 5, maxLength: 5 }),
    wanted: fc.array(fc.nat(4), { minLength: 1, maxLength: 4 }),
    format: fc.constantFrom("avro", "protobuf", "json-schema"),
    ids: fc.constantFrom("prefix", "guid", "header"),
    asList: fc.boolean(),
  })
  .chain((given) => {
    const type = t.record("R", makeObject(given.names.map((name, index) => [name, given.types[index]])) as {}) as Schema<object>;
    return fc.record({
      given: fc.constant(given),
      type: fc.constant(type),
      rows: fc.array(valueOf(type.type), { minLength: 1, maxLength: 4 }),
    });
  });

function topicOf({
  given,
  type,
}: {
  given: { names: string[]; wanted: number[]; format: string; ids: string; asList: boolean };
  type: Schema<object>;
}) {
  const fields = [...new Set(given.wanted.map((index) => given.names[index % given.names.length]!))];
  const key = fields.length === 1 && !given.asList ? fields[0] : fields;
  const options = { key, keyFormat: given.format, keyRegistry: { ids: given.ids } } as never;
  return { fields, key, made: topic("t", type, options) as Topic<object, unknown> };
}

function bytesOf(encoder: RecordEncoder): string {
  return Buffer.from(encoder.keyBytes!.subarray(encoder.keyStart, encoder.keyEnd)).toString("hex");
}

test("columns, objects and functions give the same bytes, which are the key when they are read", async () => {
  await fc.assert(
    fc.asyncProperty(drawn, async (one) => {
      const { type, rows: drawnRows, given } = one;
      const rows = drawnRows.map((row) => makeObject(Object.entries(row as object).map(([name, value]) => [name, positive(value)])));
      const { fields, key, made } = topicOf(one);
      const registry = registryOf();
      const format = SCHEMA_FORMATS[made.keyFormat!];
      const encoding = await registryEncoding(keyPart(made)!, format, registry);
      const keyType = made.keySchema!.type;
      const isRecord = keyType.kind === "record";

      const columns = new BatchBuilder(type.type, rows.length, "bytes");
      for (const row of rows) columns.append(row, 0);
      const typed = columns.finish();
      const untyped = createBatch(undefined, rows.length);
      rows.forEach((row, index) => setValue(untyped.columns[0]!, index, row));
      untyped.rows = rows.length;
      const keyOf = (row: object): unknown => {
        const value = (name: string): unknown => positive(Object.getOwnPropertyDescriptor(row, name)!.value);
        return isRecord ? makeObject(fields.map((name) => [name, value(name)])) : value(fields[0]!);
      };
      const keys = new KeyEncoder(type.type, made, encoding);
      const parts = new RecordParts({ key: (row) => keyOf(row as object) }, "t", 1, { key: encoding.header, keys });
      const encoders = [
        [typed, new RecordEncoder(made, undefined, { key: encoding })],
        [untyped, new RecordEncoder(made, undefined, { key: encoding })],
        [typed, new RecordEncoder(made, parts, { key: encoding })],
      ] as const;
      const values = new RegistryValues(keyType, format, registry, { now: () => 0 } as never, "key");
      const headers = encoding.header === undefined ? undefined : () => [encoding.header!];
      for (let row = 0; row < rows.length; row++) {
        const written = encoders.map(([batch, encoder]) => {
          encoder.begin(batch);
          encoder.encode(batch, row);
          return bytesOf(encoder);
        });
        assert.equal(new Set(written).size, 1, JSON.stringify(written));
        const bytes = Buffer.from(written[0]!, "hex");
        await values.wait(bytes, 0, bytes.length, headers);
        assert.equal(values.wait(bytes, 0, bytes.length, headers), undefined);
        const read = new BatchBuilder(keyType, 1, "bytes");
        values.decodeInto(read, bytes, 0, bytes.length, 0);
        const expected = new BatchBuilder(keyType, 1);
        expected.append(keyOf(rows[row]!), 0);
        assert.deepEqual(rowAt(read.finish(), 0), rowAt(expected.finish(), 0));
      }
      assert.equal(isRecord, Array.isArray(key) || given.format === "protobuf");
    }),
    { numRuns: 150, ...seed },
  );
});
