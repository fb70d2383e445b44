// The decoders against JSON.parse and a naive conversion: the generated reader, the interpreter and the value reader agree with it on
// what is valid, what is not, and on every value.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BatchBuilder } from "../batch-builder.ts";
import { anyRecord, anyType, valueOf } from "../fixtures/arbitrary-types.ts";
import { rowAt } from "../columns.ts";
import { mismatchOf } from "../mismatch.ts";
import { SchemaError } from "../schema-error.ts";
import { t } from "../t.ts";
import type { Schema, TypeInfo } from "../type-info.ts";
import { writeAnyhow, type Choose } from "../fixtures/arbitrary-json.ts";
import { decodeJson, jsonDecoder, type JsonDecoder } from "./decoder.ts";

const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };
const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The same document many times over, then by the interpreter: what each gives, or the error it throws. */
function decodeBoth(type: TypeInfo, bytes: Uint8Array): { fast: unknown; slow: unknown; values: unknown } {
  const padded = new Uint8Array(bytes.length + 10).fill(0x31);
  padded.set(bytes, 3);
  const run = (codegen: "auto" | "off", strings: "bytes" | "values"): unknown => {
    const builder = new BatchBuilder(type, 3, strings);
    try {
      decoderOf(type, codegen).decodeInto(builder, padded, 3, 3 + bytes.length, 7);
    } catch (error) {
      assert.equal(builder.rows, 0);
      return errorOf(error);
    }
    assert.equal(builder.rows, 1);
    return rowAt(builder.finish(), 0);
  };
  return { fast: run("auto", "bytes"), slow: run("off", "bytes"), values: run("auto", "values") };
}

const decoders = new WeakMap<TypeInfo, Record<"auto" | "off", JsonDecoder>>();

function decoderOf(type: TypeInfo, codegen: "auto" | "off"): JsonDecoder {
  let both = decoders.get(type);
  if (both === undefined) decoders.set(type, (both = { auto: jsonDecoder(type), off: jsonDecoder(type, { codegen: "off" }) }));
  return both[codegen];
}

class Refused {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function errorOf(error: unknown): Refused {
  if (!(error instanceof SchemaError)) throw error;
  return new Refused(`${error.path} ${error.expected} ${error.got} ${error.at}`);
}

function same(actual: unknown, expected: unknown, message: string): void {
  assert.deepStrictEqual(actual, expected, message);
}

function chooser(draws: readonly number[]): Choose {
  let at = 0;
  return (n) => draws[at++ % draws.length]! % n;
}

const draws = fc.array(fc.nat(1000), { minLength: 20, maxLength: 60 });

test("whatever way a record is written, generated code and interpreter read it as it was meant", () => {
  const arbitrary = anyRecord.chain((schema) => fc.tuple(fc.constant(schema), valueOf(schema.type), draws));
  fc.assert(
    fc.property(arbitrary, ([schema, value, numbers]) => {
      const text = writeAnyhow(schema.type, value, chooser(numbers));
      JSON.parse(text);
      const { fast, slow, values } = decodeBoth(schema.type, encoder.encode(text));
      same(fast, value, text);
      same(slow, value, text);
      same(values, value, text);
    }),
    { numRuns: 1500, ...seed },
  );
});

test("a value of any type is read as it was meant", () => {
  const arbitrary = anyType.chain((schema) => fc.tuple(fc.constant(schema), valueOf(schema.type), draws));
  fc.assert(
    fc.property(arbitrary, ([schema, value, numbers]) => {
      const text = writeAnyhow(schema.type, value, chooser(numbers));
      same(decodeJson(schema, encoder.encode(text)), value, text);
    }),
    { numRuns: 800, ...seed },
  );
});

const Plain = t.record("Plain", {
  id: t.string(),
  amount: t.double(),
  n: t.int(),
  at: t.timestamp(),
  ok: t.boolean(),
  kind: t.literal("card", "wire"),
  note: t.optional(t.string()),
  rate: t.optional(t.double()),
  inner: t.optional(t.record("Inner", { a: t.array(t.double()) })),
});

/** What JSON.parse and the type say of these bytes: the row, or undefined. */
function naive(schema: Schema<unknown>, bytes: Uint8Array): unknown {
  let parsed: unknown;
  try {
    parsed = JSON.parse(strict.decode(bytes));
  } catch {
    return undefined;
  }
  return mismatchOf(schema.type, parsed) === undefined ? shape(schema.type, parsed) : undefined;
}

/** Only what the type names; absent is undefined; integers have no −0. */
function shape(type: TypeInfo, value: unknown): unknown {
  if (type.kind === "optional") return value === null || value === undefined ? undefined : shape(type.of, value);
  if (type.kind === "array") return (value as unknown[]).map((item) => shape(type.of, item));
  if (type.kind === "string") return (value as string).toWellFormed();
  if (type.kind === "record")
    return Object.fromEntries(type.fields.map((field) => [field.name, shape(field.type, (value as Record<string, unknown>)[field.name])]));
  return type.kind === "double" || typeof value !== "number" ? value : value + 0;
}

test("of damaged documents exactly those are read that JSON.parse reads and the type allows, with equal errors from both readers", () => {
  const damage = fc.array(
    fc.tuple(
      fc.nat(),
      fc.constantFrom("replace", "insert", "delete", "swap", "cut"),
      fc.oneof(fc.nat(255), fc.constantFrom(...encoder.encode('{}[]",:0123456789.-+eE truefalsn\\u'))),
    ),
    { minLength: 1, maxLength: 3 },
  );
  let read = 0;
  let refused = 0;
  fc.assert(
    fc.property(valueOf(Plain.type), draws, damage, (value, numbers, changes) => {
      let bytes = [...encoder.encode(writeAnyhow(Plain.type, value, chooser(numbers)))];
      for (const [position, kind, byte] of changes) {
        const at = position % (bytes.length + 1);
        if (kind === "replace") bytes[at] = byte;
        else if (kind === "insert") bytes.splice(at, 0, byte);
        else if (kind === "delete") bytes.splice(at, 1);
        else if (kind === "cut") bytes = bytes.slice(0, at);
        else [bytes[at], bytes[0]] = [bytes[0] ?? 0, bytes[at] ?? 0];
      }
      const input = Uint8Array.from(bytes);
      const { fast, slow } = decodeBoth(Plain.type, input);
      same(fast, slow, Buffer.from(input).toString());
      const expected = naive(Plain, input);
      if (expected === undefined) {
        refused++;
        assert.ok(fast instanceof Refused, Buffer.from(input).toString());
      } else {
        read++;
        same(fast, expected, Buffer.from(input).toString());
      }
    }),
    { numRuns: 5000, ...seed },
  );
  assert.ok(read > 100 && refused > 100, `${read} read, ${refused} refused`);
});

test("numbers are exactly those of JSON.parse", () => {
  const digits = fc.array(fc.nat(9), { minLength: 1, maxLength: 20 }).map((list) => list.join(""));
  const literal = fc
    .tuple(fc.boolean(), digits, fc.option(digits), fc.option(fc.tuple(fc.constantFrom("e", "E", "e+", "E-"), fc.nat(330))))
    .map(
      ([minus, whole, fraction, exponent]) =>
        `${minus ? "-" : ""}${whole}${fraction === null ? "" : `.${fraction}`}${exponent === null ? "" : exponent.join("")}`,
    );
  const One = t.record("One", { v: t.double() });
  fc.assert(
    fc.property(literal, (text) => {
      const bytes = encoder.encode(`{"v":${text}}`);
      const { fast, slow } = decodeBoth(One.type, bytes);
      const expected = naive(One, bytes);
      same(fast, slow, text);
      if (expected === undefined) assert.ok(fast instanceof Refused, text);
      else same(fast, expected, text);
    }),
    { numRuns: 3000, ...seed },
  );
});
