// Random pairs of types, one often the other with a few changes: a misfit is found only where no value fits, and never between types that are
// the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fieldValue } from "./field-value.ts";
import { anyType, valueOf } from "./fixtures/arbitrary-types.ts";
import { misfit, type Misfit } from "./misfit.ts";
import { mismatchOf } from "./mismatch.ts";
import { t } from "./t.ts";
import type { TypeInfo } from "./type-info.ts";

const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

/** The type with some of its parts exchanged for `other`. */
function mixed(type: TypeInfo, other: TypeInfo, choose: () => number): TypeInfo {
  if (choose() % 6 === 0) return other;
  const inside = (of: TypeInfo): TypeInfo => mixed(of, other, choose);
  switch (type.kind) {
    case "record":
      return { ...type, fields: type.fields.map(({ name, type: of }) => ({ name, type: inside(of) })) };
    case "array":
      return { ...type, of: inside(type.of) };
    case "map":
      return { ...type, value: inside(type.value) };
    default:
      return type;
  }
}

/** Somewhere it has nothing: an empty list or map, a missing optional. */
function isHollow(type: TypeInfo, value: unknown): boolean {
  switch (type.kind) {
    case "optional":
      return value === undefined || value === null || isHollow(type.of, value);
    case "array":
      return (value as unknown[]).length === 0 || (value as unknown[]).some((each) => isHollow(type.of, each));
    case "map": {
      const pairs = [...(value as ReadonlyMap<unknown, unknown>)];
      return pairs.length === 0 || pairs.some(([key, each]) => isHollow(type.key, key) || isHollow(type.value, each));
    }
    case "record":
      return type.fields.some((field) => isHollow(field.type, fieldValue(value as object, field.name)));
    case "union":
      return type.of.some((member) => mismatchOf(member, value) === undefined && isHollow(member, value));
    default:
      return false;
  }
}

/** By mismatch.ts alone bytes would be a record whose fields may all be missing. */
function isBytesAsRecord({ from, to }: Misfit): boolean {
  return /\bbytes\b/.test(from) && /\brecord\b/.test(to);
}

const aChoice = fc.infiniteStream(fc.nat({ max: 1000 }));

test("where there is a misfit no value fits; where some value fits there is none", () => {
  let misfits = 0;
  let fits = 0;
  fc.assert(
    fc.property(
      anyType.chain((schema) => fc.tuple(fc.constant(schema.type), valueOf(schema.type))),
      anyType,
      aChoice,
      fc.boolean(),
      ([from, value], other, choices, unrelated) => {
        const to = unrelated ? other.type : mixed(from, other.type, () => choices.next().value);
        const found = misfit(from, to);
        const doesFit = mismatchOf(to, value) === undefined;
        if (found !== undefined) misfits++;
        else if (doesFit) fits++;
        if (found !== undefined && !isHollow(from, value) && !isBytesAsRecord(found)) assert.ok(!doesFit, JSON.stringify(found));
      },
    ),
    { ...seed, numRuns: 1000 },
  );
  assert.ok(misfits > 50 && fits > 50, `${misfits} misfits, ${fits} fits`);
});

test("a type fits itself, and what may be missing", () => {
  fc.assert(
    fc.property(anyType, ({ type }) => {
      assert.equal(misfit(type, type), undefined);
      if (type.kind !== "optional") assert.equal(misfit(type, { kind: "optional", of: type }), undefined);
    }),
    { ...seed, numRuns: 300 },
  );
});

const Line = t.record("Line", { sku: t.string(), count: t.int() });
const WORDS: readonly [from: TypeInfo, to: TypeInfo, says: string | undefined][] = [
  [t.string().type, t.double().type, " string double"],
  [t.record("A", { id: t.string() }).type, t.record("B", { id: t.long() }).type, "id string long"],
  [t.record("A", { id: t.string() }).type, t.record("B", { id: t.string(), at: t.timestamp() }).type, "at nothing timestamp"],
  [
    t.record("A", { lines: t.array(t.record("L", { sku: t.int() })) }).type,
    t.record("B", { lines: t.array(Line) }).type,
    "lines[].sku int string",
  ],
  [
    t.record("A", { tags: t.map(t.string(), t.string()) }).type,
    t.record("B", { tags: t.array(t.string()) }).type,
    "tags map of string to string array of string",
  ],
  [t.literal("a", "b").type, t.literal("c").type, ' "a" | "b" "c"'],
  [t.long().type, t.bigint().type, " long bigint"],
  [t.record("A", { n: t.double(), more: t.string() }).type, t.record("B", { n: t.int(), note: t.optional(t.string()) }).type, undefined],
  [t.string().type, t.literal("c").type, undefined],
  [t.decimal(5, 2).type, t.string().type, undefined],
];

for (const [from, to, says] of WORDS)
  test(`${JSON.stringify(from).slice(0, 60)} … ${says ?? "may fit"}`, () => {
    const found = misfit(from, to);
    assert.equal(found === undefined ? undefined : `${found.path} ${found.from} ${found.to}`, says);
  });
