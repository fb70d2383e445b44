import assert from "node:assert/strict";
import { test } from "node:test";
import { t } from "../schema/t.ts";
import { lineDifference, typeIdentifier, typeScriptOf } from "./schema-source.ts";

test("a type becomes the TypeScript that one would write", () => {
  const Item = t.record("shop.Item", { sku: t.string(), "unit price": t.decimal(9, 2) });
  const Order = t.record("Order", {
    id: t.string(),
    items: t.array(Item),
    kinds: t.array(t.literal("a", "b")),
    note: t.optional(t.string()),
    counts: t.map(t.string(), t.bigint()),
    raw: t.bytes(),
    first: Item,
  });
  assert.equal(
    typeScriptOf(Order.type, "orders-value"),
    [
      'export interface Item {\n  readonly sku: string;\n  readonly "unit price": string;\n}\n\n',
      "export interface Order {\n  readonly id: string;\n  readonly items: readonly Item[];\n",
      '  readonly kinds: readonly ("a" | "b")[];\n  readonly note?: string | undefined;\n',
      "  readonly counts: ReadonlyMap<string, bigint>;\n  readonly raw: Uint8Array;\n  readonly first: Item;\n}\n",
    ].join(""),
  );
});

test("records of one name that differ get numbers; what is no record gets the subject's name", () => {
  const type = t.record("A", { x: t.record("B", { p: t.int() }), y: t.record("B", { q: t.int() }) });
  assert.match(
    typeScriptOf(type.type, "s"),
    /interface B \{\n {2}readonly p.*interface B2 \{\n {2}readonly q.*x: B;\n {2}readonly y: B2;/s,
  );
  assert.equal(typeScriptOf(t.string().type, "shop.order-ids-value"), "export type OrderIdsValue = string;\n");
  assert.equal(typeIdentifier("1st"), "T1st");
});

test("a difference keeps what both have", () => {
  assert.deepEqual(lineDifference("a\nb\nc", "a\nc\nd"), [" a", "-b", " c", "+d"]);
  assert.deepEqual(lineDifference("a", "a"), [" a"]);
});
