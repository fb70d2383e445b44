// Random types, values of them, and their JSON in random but valid writing: what the laws of the codecs are tried on.
import fc from "fast-check";
import { t, type Decimal } from "./t.ts";
import type { Schema, TypeInfo } from "./type-info.ts";

/** Names that are awkward somewhere: inherited, quoted, not ASCII. */
const NAMES = ["a", "id", "amount", "__proto__", "constructor", "toString", "with space", 'qu"ote', "ünï", "\\", "line\nbreak", "a.b", "0"];

export const anyName: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 5 }) },
);

const scalar: fc.Arbitrary<Schema<unknown>> = fc.constantFrom<Schema<unknown>>(
  t.string(),
  t.int(),
  t.long(),
  t.bigint(),
  t.double(),
  t.boolean(),
  t.timestamp(),
  t.bytes(),
  t.decimal(10, 3),
  t.literal("card", "wire", "ünï", ""),
  t.literal("only"),
);

function record(fields: fc.Arbitrary<Schema<unknown>>, maxFields: number): fc.Arbitrary<Schema<object>> {
  return fc
    .uniqueArray(fc.tuple(anyName, fields), { selector: ([name]) => name, maxLength: maxFields })
    .map((pairs) => t.record("R", Object.fromEntries(pairs.map(([name, type]) => [name, type] as const)) as {}))
    .map((schema) => schema as Schema<object>);
}

const kinds = t.union(
  t.record("Card", { kind: t.literal("card"), pan: t.string() }),
  t.record("Wire", { kind: t.literal("wire", "sepa"), n: t.int() }),
  t.long(),
);

export const { type: anyType, flat: scalarType } = fc.letrec<{ type: Schema<unknown>; flat: Schema<unknown> }>((tie) => ({
  flat: scalar,
  type: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    tie("type").map((of) => t.array(of)),
    tie("type").map((of) => t.optional(of)),
    fc
      .tuple(fc.constantFrom<Schema<unknown>>(t.string(), t.int(), t.boolean(), t.literal("x", "y")), tie("type"))
      .map(([key, value]) => t.map(key, value)),
    record(tie("type"), 4),
    fc.constant(kinds),
  ),
}));

export const anyRecord: fc.Arbitrary<Schema<object>> = record(
  fc.oneof(
    { weight: 3, arbitrary: scalarType },
    { weight: 1, arbitrary: scalarType.map((of) => t.optional(of)) },
    { weight: 1, arbitrary: anyType },
  ),
  7,
);

const text = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom("", "\u0000", "\ud800", "😀", "\\u0041", "a\u2028"),
);
const double = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.integer({ min: -1e6, max: 1e6 }).map((cents) => cents / 100),
  fc.constantFrom(0, -0, 1e21, 1e-7, 5e-324, 1.7976931348623157e308),
);

/** A value of the type, in the form in which decoders give it back: optional fields are there, as undefined. */
export function valueOf(type: TypeInfo): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case "string":
      return text.map((value) => value.toWellFormed());
    case "int":
      return fc.oneof(fc.integer(), fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, 0));
    case "long":
    case "timestamp":
      return fc.oneof(
        fc.maxSafeInteger(),
        fc.integer({ min: 1.6e12, max: 1.9e12 }),
        fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
      );
    case "bigint":
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case "double":
      return double;
    case "boolean":
      return fc.boolean();
    case "bytes":
      return fc.uint8Array({ maxLength: 9 });
    case "decimal":
      return fc.integer({ min: -9_999_999, max: 9_999_999 }).map((n) => (n / 1000).toFixed(3) as Decimal);
    case "literal":
      return fc.constantFrom(...type.values);
    case "optional":
      return fc.oneof(fc.constant(undefined), valueOf(type.of));
    case "array":
      return fc.array(valueOf(type.of), { maxLength: 4 });
    case "map":
      return fc.array(fc.tuple(valueOf(type.key), valueOf(type.value)), { maxLength: 4 }).map((pairs) => new Map(pairs));
    case "record":
      return fc
        .tuple(...type.fields.map((field) => valueOf(field.type)))
        .map((values) => makeObject(type.fields.map(({ name }, index) => [name, values[index]])));
    case "union":
      return fc.oneof(...type.of.map(valueOf));
  }
}

export function makeObject(entries: readonly (readonly [string, unknown])[]): object {
  const object = {};
  for (const [name, value] of entries) Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  return object;
}
