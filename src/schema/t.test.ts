import assert from "node:assert/strict";
import { test } from "node:test";
import { checkValue, isDecimal } from "./mismatch.ts";
import { BadSchemaError } from "./schema-error.ts";
import { t } from "./t.ts";
import { typeName } from "./type-names.ts";

const Card = t.record("Card", { kind: t.literal("card"), pan: t.string() });
const Wire = t.record("Wire", { kind: t.literal("wire", "sepa"), iban: t.string() });

test("what t makes is frozen data", () => {
  assert.ok(Object.isFrozen(Card) && Object.isFrozen(Card.type));
  assert.deepEqual(JSON.parse(JSON.stringify(Card.type)), {
    kind: "record",
    name: "Card",
    fields: [
      { name: "kind", type: { kind: "literal", values: ["card"] } },
      { name: "pan", type: { kind: "string" } },
    ],
  });
});

test("optional of optional is one optional, a union of unions one union", () => {
  assert.deepEqual(t.optional(t.optional(t.int())).type, t.optional(t.int()).type);
  assert.equal(typeName(t.union(t.union(t.string(), t.int()), t.boolean()).type), "string or int or boolean");
});

test("types that no codec could tell apart or carry are refused", () => {
  const refused: [() => unknown, RegExp][] = [
    [() => t.union(t.string(), t.literal("a")), /both a JSON string/],
    [() => t.union(t.int(), t.timestamp()), /both a JSON number/],
    [() => t.union(t.record("A", { x: t.int() }), t.record("B", { y: t.int() })), /cannot be told apart; give each a field/],
    [() => t.union(Card, t.map(t.string(), t.int())), /both a JSON object/],
    [() => t.union(t.string(), t.optional(t.int())), /around the union/],
    [() => t.union(t.string()), /two or more/],
    [() => t.literal(), /at least one/],
    [() => t.literal("a", "a"), /twice/],
    [() => t.decimal(3, 4), /scale is 0 to precision/],
    [() => t.decimal(0, 0), /precision is 1/],
    [() => t.map(t.double(), t.int()), /a key is/],
    [() => t.record("no spaces", {}), /the name is letters/],
    [() => t.record("R", { a: "string" as never }), /field "a": a schema is wanted/],
    [() => t.array(undefined as never), /a schema is wanted/],
  ];
  for (const [make, message] of refused) assert.throws(make, (error) => error instanceof BadSchemaError && message.test(error.message));
});

test("records of a union are told apart by their literal field", () => {
  const Payment = t.union(Card, Wire, t.string());
  checkValue(Payment.type, { kind: "sepa", iban: "DE" });
  checkValue(Payment.type, "cash");
  assert.throws(() => checkValue(Payment.type, { kind: "card", iban: "DE" }), /pan: expected string, got nothing/);
  assert.throws(() => checkValue(Payment.type, { kind: "coin" }), /expected record Card or record Wire or string, got an object/);
  assert.throws(() => checkValue(Payment.type, 5), /got an integer/);
});

test("decimals are plain notation within precision and scale", () => {
  for (const good of ["0", "-1", "12.50", "0.05", "123.45"]) assert.ok(isDecimal(good, 5, 2), good);
  for (const bad of ["", "01", "1.", ".5", "1e3", "1.234", "1234", "+1", " 1", "NaN"]) assert.ok(!isDecimal(bad, 5, 2), bad);
});

test("a value that nests too deep is refused before the stack is", () => {
  let type = t.array(t.int()) as ReturnType<typeof t.array<unknown>>;
  let value: unknown = [1];
  for (let level = 0; level < 70; level++) [type, value] = [t.array(type), [value]];
  assert.throws(() => checkValue(type.type, value), /at most 64 levels/);
});
