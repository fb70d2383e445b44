// What the compiler makes of schemas of other libraries: the values that a pipeline sees, without type arguments.
import { test } from "node:test";
import { Type as OldType } from "@sinclair/typebox";
import { type as ark } from "arktype";
import { Schema as Effect } from "effect";
import { Type } from "typebox";
import * as v from "valibot";
import * as z from "zod";
import { topic, topicPattern } from "../../connectors/kafka/index.ts";
import { arraySource, collectSink } from "../../connectors/memory/index.ts";
import { mapState, pipeline, schemaFrom, t, valueState, type Schema, type TypeOf } from "../../stream/index.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const expectType =
  <A>() =>
  <B>(value: B, same: Same<A, B>): void =>
    void [value, same];

interface Order {
  id: string;
  count: number;
  state: "new" | "sent";
  note?: string | undefined;
  buyer?: string | undefined;
  tags: string[];
  stock: Map<string, number>;
}
const plain = (order: TypeOf<typeof own>): Order => order;
const own = t.record("Order", {
  id: t.string(),
  count: t.long(),
  state: t.literal("new", "sent"),
  note: t.optional(t.string()),
  buyer: t.optional(t.string()),
  tags: t.array(t.string()),
  stock: t.map(t.string(), t.double()),
});
type Rows = TypeOf<typeof own>;

const zod = z.object({
  id: z.string(),
  count: z.int(),
  state: z.enum(["new", "sent"]),
  note: z.string().optional(),
  buyer: z.string().nullable(),
  tags: z.array(z.string()),
  stock: z.record(z.string(), z.number()),
});
const valibot = v.object({
  id: v.string(),
  count: v.pipe(v.number(), v.integer()),
  state: v.picklist(["new", "sent"]),
  note: v.optional(v.string()),
  buyer: v.nullable(v.string()),
  tags: v.array(v.string()),
  stock: v.record(v.string(), v.number()),
});
const arkType = ark({
  id: "string",
  count: "number.integer",
  state: "'new' | 'sent'",
  "note?": "string",
  buyer: "string | null",
  tags: "string[]",
  stock: { "[string]": "number" },
});
const effect = Effect.Struct({
  id: Effect.String,
  count: Effect.Int,
  state: Effect.Literals(["new", "sent"]),
  note: Effect.optional(Effect.String),
  buyer: Effect.NullOr(Effect.String),
  tags: Effect.Array(Effect.String),
  stock: Effect.Record(Effect.String, Effect.Number),
});
const typeBox = Type.Object({
  id: Type.String(),
  count: Type.Integer(),
  state: Type.Union([Type.Literal("new"), Type.Literal("sent")]),
  note: Type.Optional(Type.String()),
  buyer: Type.Union([Type.String(), Type.Null()]),
  tags: Type.Array(Type.String()),
  stock: Type.Record(Type.String(), Type.Number()),
});
const oldTypeBox = OldType.Object({
  id: OldType.String(),
  count: OldType.Integer(),
  state: OldType.Union([OldType.Literal("new"), OldType.Literal("sent")]),
  note: OldType.Optional(OldType.String()),
  buyer: OldType.Union([OldType.String(), OldType.Null()]),
  tags: OldType.Array(OldType.String()),
  stock: OldType.Record(OldType.String(), OldType.Number()),
});

test("the values of a schema are what a pipeline sees, in all five libraries", () => {
  // Both ways: neither is wider than the other.
  const both = <A, B>(are: [A] extends [B] ? ([B] extends [A] ? true : false) : false): void => void are;
  both<TypeOf<typeof zod>, Order>(true);
  both<TypeOf<typeof valibot>, Order>(true);
  both<TypeOf<typeof arkType>, Order>(true);
  both<TypeOf<typeof effect>, Order>(true);
  both<TypeOf<typeof typeBox>, Order>(true);
  both<TypeOf<typeof oldTypeBox>, Order>(true);
  both<Rows, Order>(true);
  expectType<string | undefined>()(null as unknown as TypeOf<typeof zod>["buyer"], true);
  expectType<Map<string, number>>()(null as unknown as TypeOf<typeof arkType>["stock"], true);
  expectType<string[]>()(null as unknown as TypeOf<typeof effect>["tags"], true);
  void plain;
});

test("topics, states, sources, sinks and streams take them, and refuse what does not fit", () => {
  const check = (): void => {
    for (const orders of [topic("a", zod, { key: "id" }), topic("b", valibot, { key: "id" }), topic("c", arkType, { key: "count" })])
      void orders;
    topic("d", effect, { key: "id" });
    topic("e", typeBox, { key: "id" });
    topic("f", oldTypeBox, { key: "id" });
    topicPattern(/^a/, valibot);
    // @ts-expect-error a field that may be absent is no key
    topic("g", zod, { key: "buyer" });
    // @ts-expect-error there is no such field
    topic("h", typeBox, { key: "nope" });
    // @ts-expect-error no schema
    topic("i", { id: "string" });
    // @ts-expect-error the key of a map is text, a number, a bigint or a boolean
    mapState(zod, valibot);
    const state = { last: valueState(effect), seen: mapState(z.string(), arkType) };
    const seen = collectSink(valibot);
    expectType<string | undefined>()(seen.rows[0]!.buyer, true);
    pipeline("types", (p) => {
      p.from("orders", arraySource(zod, []))
        .keyBy("id")
        .process("keep", {
          output: schemaFrom(typeBox),
          state,
          onElement(order, ctx) {
            expectType<string | undefined>()(ctx.state.last.get()?.note, true);
            expectType<number | undefined>()(ctx.state.seen.get("x")?.count, true);
            ctx.state.last.set(order);
            ctx.emit(order);
          },
        })
        .map((order) => order.count)
        .returns(z.number())
        .to("out", collectSink(z.number()));
    });
    // @ts-expect-error a row that lacks a field
    arraySource(typeBox, [{ id: "o1" }]);
  };
  void check;
});

test("unions, bytes, maps, brands, literals and nesting, in all five libraries", () => {
  const both = <A, B>(are: [A] extends [B] ? ([B] extends [A] ? true : false) : false): void => void are;
  type Kinds = { k: "a"; n: number } | { k: "b" };
  const variants = [
    z.discriminatedUnion("k", [z.object({ k: z.literal("a"), n: z.int() }), z.object({ k: z.literal("b") })]),
    v.variant("k", [v.object({ k: v.literal("a"), n: v.number() }), v.object({ k: v.literal("b") })]),
    ark({ k: "'a'", n: "number" }).or({ k: "'b'" }),
    Effect.Union([Effect.Struct({ k: Effect.Literal("a"), n: Effect.Int }), Effect.Struct({ k: Effect.Literal("b") })]),
    Type.Union([Type.Object({ k: Type.Literal("a"), n: Type.Integer() }), Type.Object({ k: Type.Literal("b") })]),
    OldType.Union([OldType.Object({ k: OldType.Literal("a"), n: OldType.Integer() }), OldType.Object({ k: OldType.Literal("b") })]),
  ] as const;
  both<TypeOf<(typeof variants)[0]>, Kinds>(true);
  both<TypeOf<(typeof variants)[1]>, Kinds>(true);
  both<TypeOf<(typeof variants)[2]>, Kinds>(true);
  both<TypeOf<(typeof variants)[3]>, Kinds>(true);
  both<TypeOf<(typeof variants)[4]>, Kinds>(true);
  both<TypeOf<(typeof variants)[5]>, Kinds>(true);
  void variants;

  interface Rest<B extends ArrayBufferLike = ArrayBuffer> {
    raw: Uint8Array<B>;
    pairs: Map<number, string>;
    deep: { list: { x?: number | undefined }[] };
    one: 1 | 2;
    big: bigint;
  }
  const [ofZod, ofValibot, ofEffect] = [
    z.object({ raw: z.instanceof(Uint8Array), pairs: z.map(z.int(), z.string()), deep: z.object({ list: z.array(z.object({ x: z.int().nullish() })) }), one: z.literal([1, 2]), big: z.bigint() }),
    v.object({ raw: v.instance(Uint8Array), pairs: v.map(v.number(), v.string()), deep: v.object({ list: v.array(v.object({ x: v.nullish(v.number()) })) }), one: v.picklist([1, 2]), big: v.bigint() }),
    Effect.Struct({ raw: Effect.Uint8Array, pairs: Effect.ReadonlyMap(Effect.Int, Effect.String), deep: Effect.Struct({ list: Effect.NonEmptyArray(Effect.Struct({ x: Effect.optional(Effect.NullOr(Effect.Int)) })) }), one: Effect.Literals([1, 2]), big: Effect.BigInt }),
  ]; // prettier-ignore
  both<TypeOf<typeof ofZod>, Rest>(true);
  both<TypeOf<typeof ofValibot>, Rest>(true);
  both<TypeOf<typeof ofEffect>, Rest<ArrayBufferLike>>(true);
  const branded = z.object({ id: z.string().brand<"Id">() });
  const id: string = null as unknown as TypeOf<typeof branded>["id"];
  // @ts-expect-error a plain text is no such id
  const wrong: TypeOf<typeof branded>["id"] = "plain";
  void [ofZod, ofValibot, ofEffect, id, wrong, branded];
});

test("what is generic stays generic", () => {
  const kept = <T>(schema: Schema<T>, value: T): T => {
    const state = valueState(schema);
    const source = arraySource(schema, [value]);
    void state;
    void source;
    return value;
  };
  void kept;
});
