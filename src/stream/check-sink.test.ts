// A sink that can never take what its stream has is refused when the pipeline is built.
import assert from "node:assert/strict";
import { test } from "node:test";
import { t } from "../schema/t.ts";
import type { Schema } from "../schema/type-info.ts";
import type { Sink, Source } from "./connector.ts";
import { pipeline } from "./pipeline.ts";
import { PipelineError } from "./pipeline-error.ts";

const Order = t.record("Order", { id: t.string(), amount: t.double(), lines: t.array(t.record("Line", { sku: t.string() })) });
type Order = { readonly id: string; readonly amount: number; readonly lines: readonly { readonly sku: string }[] };
const create = (): never => assert.fail("never");
const source: Source<Order> = { connector: "fake", type: Order.type, describe: () => null, create };
const sinkOf = (schema: Schema<unknown> | undefined): Sink<unknown> => ({
  connector: "fake",
  type: schema?.type,
  describe: () => null,
  create,
});
const built = (schema: Schema<unknown> | undefined, returns = true): unknown =>
  pipeline("test", (p) => {
    const orders = p.from("orders", source);
    (returns ? orders : orders.map((order) => order)).to("out", sinkOf(schema));
  }).graph();

const REFUSED: readonly [schema: Schema<unknown>, says: string][] = [
  [
    t.record("Alert", { id: t.long() }),
    'to("out", sink): "id" is string in the elements (record Order), and long in what the sink writes (record Alert): map the elements',
  ],
  [t.record("Alert", { id: t.string(), reason: t.string() }), '"reason" is nothing in the elements (record Order), and string in what'],
  [t.record("Alert", { lines: t.array(t.record("L", { sku: t.int() })) }), '"lines[].sku" is string in the elements'],
  [t.string(), "the elements are record Order, and the sink writes string: map the elements to that"],
];

for (const [schema, says] of REFUSED)
  test(`refused: ${says}`, () =>
    assert.throws(
      () => built(schema),
      (error: unknown) => {
        assert.ok(error instanceof PipelineError && error.code === "BAD_ARGUMENT");
        assert.ok(error.message.includes(says), error.message);
        assert.match(error.message, /check-sink\.test\.ts:\d+/);
        return true;
      },
    ));

test("what can fit passes: fewer fields, another name, optional ones, wider and narrower numbers, and types that nobody knows", () => {
  built(t.record("Alert", { amount: t.int(), note: t.optional(t.string()) }));
  built(t.record("Order", { id: t.literal("a", "b"), amount: t.timestamp() }));
  built(undefined);
  built(t.string(), false);
});
