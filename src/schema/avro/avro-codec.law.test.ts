// The codec against avsc: random schemas and values both ways, and random pairs of writer and reader. Generated code and interpreter agree
// on every value, every byte and every error, also on damaged bytes.
import assert from "node:assert/strict";
import { test } from "node:test";
import avsc from "avsc";
import fc from "fast-check";
import { EncodeBuffer } from "../encode-buffer.ts";
import { chooser, draws, evolved, fromAvsc, schemaJson, valueTwin, type Choose } from "../fixtures/arbitrary-avro.ts";
import { BadSchemaError, SchemaError } from "../schema-error.ts";
import type { AvroSchema } from "./avro-schema.ts";
import { avroIncompatibilities } from "./avro-compatibility.ts";
import { parseAvro } from "./parse-avro.ts";
import { avroValueDecoder, type AvroDecodeOptions } from "./value-decoder.ts";
import { avroValueEncoder } from "./value-encoder.ts";

const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };
const RUN = { endOnFailure: true, ...seed, interruptAfterTimeLimit: 20_000 };
const RAW = { logicalTypes: false } as const;

function encodeBoth(schema: AvroSchema, value: unknown): Uint8Array {
  const [fast, slow] = (["auto", "off"] as const).map((codegen) => {
    const out = new EncodeBuffer(8);
    avroValueEncoder(schema, { ...RAW, codegen })(value, out);
    return out.copy();
  });
  assert.deepEqual(fast, slow);
  return fast!;
}

/** The value, or the error in words; the same by generated code and by the interpreter, wherever the document lies. */
function decodeBoth(reader: AvroSchema, writer: AvroSchema, bytes: Uint8Array, options: AvroDecodeOptions = {}): unknown {
  const padded = new Uint8Array(bytes.length + 9).fill(0x55);
  padded.set(bytes, 4);
  const [fast, slow] = (["auto", "off"] as const).map((codegen) => {
    const decode = avroValueDecoder(reader, writer, { ...RAW, ...options, codegen });
    try {
      return decode(padded, 4, 4 + bytes.length);
    } catch (error) {
      assert.ok(error instanceof SchemaError, String(error));
      return `refused: ${error.message}`;
    }
  });
  assert.deepStrictEqual(fast, slow);
  return fast;
}

const typeOf = (json: unknown): avsc.Type => avsc.Type.forSchema(json as avsc.Schema, { wrapUnions: true });
const parse = (json: unknown): AvroSchema => parseAvro(JSON.stringify(json)).schema;

function isRefusal(value: unknown): boolean {
  return typeof value === "string" && value.startsWith("refused: ");
}

/** avsc's own restrictions, and infinite types, are not what is tried here. */
function known(json: unknown): avsc.Type | undefined {
  try {
    return typeOf(json);
  } catch {
    return undefined;
  }
}

test("what avsc writes we read, what we write avsc reads, and both as it was meant", () => {
  let tried = 0;
  fc.assert(
    fc.property(draws, (numbers) => {
      const choose = chooser(numbers);
      const json = schemaJson(choose);
      const type = known(json);
      if (type === undefined) return;
      const schema = parse(json);
      const { ours, avsc: theirs } = valueTwin(schema, choose);
      const bytes = new Uint8Array(type.toBuffer(theirs));
      assert.deepStrictEqual(decodeBoth(schema, schema, bytes), ours);
      const written = encodeBoth(schema, ours);
      assert.deepStrictEqual(decodeBoth(schema, schema, written), ours);
      assert.deepStrictEqual(new Uint8Array(type.toBuffer(type.fromBuffer(Buffer.from(written)))), written);
      tried++;
    }),
    { numRuns: 400, ...RUN },
  );
  assert.ok(tried > 200, `${tried} tried`);
});

/** What avsc makes of a pair: a resolver, or that there is none. */
function avscResolver(reader: avsc.Type, writer: avsc.Type): unknown {
  try {
    return reader.createResolver(writer);
  } catch {
    return undefined;
  }
}

function pair(choose: Choose): { readonly writer: unknown; readonly reader: unknown } {
  const writer = schemaJson(choose);
  return { writer, reader: evolved(writer, choose) };
}

test("random pairs of writer and reader: avsc and we agree on which can be read, and on the values", () => {
  const count = { read: 0, refused: 0, changed: 0 };
  fc.assert(
    fc.property(draws, (numbers) => {
      const choose = chooser(numbers);
      const { writer, reader } = pair(choose);
      const [writerType, readerType] = [known(writer), known(reader)];
      let schema: AvroSchema;
      try {
        schema = parse(reader);
      } catch {
        return; // the change left no valid schema
      }
      if (writerType === undefined || readerType === undefined) return;
      const written = parse(writer);
      const resolver = avscResolver(readerType, writerType);
      let ours: unknown;
      const { avsc: value } = valueTwin(written, choose);
      const bytes = writerType.toBuffer(value);
      try {
        ours = decodeBoth(schema, written, new Uint8Array(bytes));
      } catch (error) {
        assert.ok(error instanceof BadSchemaError, String(error));
        assert.equal(resolver, undefined, `${error.message} ${JSON.stringify(writer)} → ${JSON.stringify(reader)}`);
        count.refused++;
        return;
      }
      if (resolver === undefined)
        return void assert.notEqual(
          avroIncompatibilities(schema, written).length,
          0,
          `${JSON.stringify(writer)} → ${JSON.stringify(reader)}`,
        );
      if (isRefusal(ours) && /UTF-8/.test(String(ours))) return; // bytes read as a string; avsc puts U+FFFD
      let theirs: unknown;
      try {
        theirs = fromAvsc(schema, readerType.fromBuffer(bytes, resolver as never));
      } catch {
        return void assert.ok(isRefusal(ours), `avsc refuses a value of ${JSON.stringify(writer)} → ${JSON.stringify(reader)}`);
      }
      assert.deepStrictEqual(rounded(ours), rounded(theirs));
      count.read++;
      if (JSON.stringify(writer) !== JSON.stringify(reader)) count.changed++;
    }),
    { numRuns: 700, ...RUN },
  );
  assert.ok(count.read > 150 && count.changed > 60 && count.refused > 15, JSON.stringify(count));
});

/** avsc does not round integers that a float takes, and of a union reads bytes as the first that can have them, be it string. */
function rounded(value: unknown): unknown {
  if (typeof value === "number") return Math.fround(value);
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (Array.isArray(value)) return value.map(rounded);
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [key, rounded(each)]));
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).map(([key, each]) => [key, rounded(each)]);
}

test("damaged bytes: generated code and interpreter say the same, and nothing takes long", () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.constantFrom("replace", "insert", "cut"), fc.nat(255)), { minLength: 1, maxLength: 3 });
  let refused = 0;
  fc.assert(
    fc.property(draws, damage, (numbers, changes) => {
      const choose = chooser(numbers);
      const json = schemaJson(choose);
      if (known(json) === undefined) return;
      const schema = parse(json);
      let bytes = [...encodeBoth(schema, valueTwin(schema, choose).ours)];
      for (const [position, kind, byte] of changes) {
        const at = position % (bytes.length + 1);
        if (kind === "replace") bytes[at] = byte;
        else if (kind === "insert") bytes.splice(at, 0, byte);
        else bytes = bytes.slice(0, at);
      }
      if (typeof decodeBoth(schema, schema, Uint8Array.from(bytes)) === "string") refused++;
    }),
    { numRuns: 300, ...RUN },
  );
  assert.ok(refused > 60, `${refused} refused`);
});
