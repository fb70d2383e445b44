// Random types, changed at random in the ways that are allowed: every kept value fits the type of now, and what did not change is the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { evolution } from "./evolve-type.ts";
import { anyType, valueOf } from "./fixtures/arbitrary-types.ts";
import { mismatchOf } from "./mismatch.ts";
import { t } from "./t.ts";
import type { Schema, TypeInfo } from "./type-info.ts";

const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

/** Draws from `choose` what happens at each place. */
function changed(type: TypeInfo, choose: () => number): TypeInfo {
  const inside = (of: TypeInfo): TypeInfo => changed(of, choose);
  const what = choose() % 4;
  switch (type.kind) {
    case "record": {
      const kept = type.fields.filter(() => choose() % 5 !== 0).map(({ name, type: of }) => ({ name, type: inside(of) }));
      if (what === 0) kept.reverse();
      const added = { name: "a field that is new", type: { kind: "optional", of: { kind: "string" } } as const };
      return { ...type, fields: what < 2 ? [...kept, added] : kept };
    }
    case "array":
      return { ...type, of: inside(type.of) };
    case "map":
      return { ...type, value: inside(type.value) };
    case "optional":
      return { ...type, of: inside(type.of) };
    case "int":
      if (type.logical !== undefined || what === 0) return type;
      return { kind: (["long", "double", "bigint"] as const)[what - 1]! };
    case "literal":
      return what === 0 ? { kind: "string" } : { ...type, values: [...type.values, "a value that is new"] };
    case "decimal":
      return what === 0 ? { kind: "decimal", precision: type.precision + 3, scale: type.scale + 2 } : type;
    case "boolean":
      return what === 0 ? { kind: "optional", of: type } : type;
    default:
      return type;
  }
}

test("every value of a type fits each type that may come after it", () => {
  const cases = anyType.chain(({ type }) =>
    fc.tuple(fc.constant(type), valueOf(type), fc.array(fc.nat(99), { minLength: 40, maxLength: 40 })),
  );
  let evolved = 0;
  fc.assert(
    fc.property(cases, ([stored, value, draws]) => {
      let at = 0;
      const declared = changed(stored, () => draws[at++ % draws.length]!);
      const result = evolution(stored, declared);
      assert.equal(result.refusal, undefined, JSON.stringify([result.refusal, stored, declared]));
      if (result.refusal !== undefined) return;
      const now = result.convert(value);
      assert.equal(mismatchOf(declared, now), undefined, JSON.stringify(declared));
      if (JSON.stringify(stored) === JSON.stringify(declared)) assert.deepEqual(now, value);
      else evolved++;
    }),
    { numRuns: 400, ...seed },
  );
  assert.ok(evolved > 40, `${evolved} changed`);
});

test("what would lose or invent values is refused, with its path", () => {
  const refusal = (stored: Schema<unknown>, declared: Schema<unknown>): unknown => {
    const { path, reason } = evolution(stored.type, declared.type).refusal ?? { path: undefined, reason: "" };
    return [path, reason];
  };
  const order = (fields: Readonly<Record<string, Schema<unknown>>>): Schema<unknown> => t.record("Order", { id: t.string(), ...fields });
  assert.deepEqual(refusal(order({}), order({ n: t.int() })), [
    "n",
    "it is new (int), and what was kept has none: declare it as t.optional(…)",
  ]);
  assert.deepEqual(refusal(order({ n: t.long() }), order({ n: t.int() })), ["n", "it was long and is int now"]);
  assert.deepEqual(refusal(order({ n: t.optional(t.int()) }), order({ n: t.int() })), ["n", "it was int or nothing and is int now"]);
  const lines = (of: Schema<unknown>): Schema<unknown> => order({ lines: t.array(t.record("Line", { price: of })) });
  assert.deepEqual(refusal(lines(t.string()), lines(t.double())), ["lines[].price", "it was string and is double now"]);
  for (const [stored, declared] of [
    [t.timestamp(), t.long()],
    [t.literal("a", "b"), t.literal("a")],
    [t.string(), t.literal("a")],
    [t.date(), t.int()],
    [t.double(), t.float()],
    [t.decimal(9, 2), t.decimal(9, 3)],
    [t.map(t.string(), t.int()), t.map(t.int(), t.int())],
    [t.union(t.string(), t.int()), t.union(t.string(), t.boolean())],
    [t.bytes(), t.fixed(3)],
  ] as const)
    assert.notEqual(evolution(stored.type, declared.type).refusal, undefined, JSON.stringify([stored.type, declared.type]));
  assert.equal(evolution(t.int().type, t.union(t.string(), t.long()).type).refusal, undefined);
});
