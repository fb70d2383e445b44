import assert from "node:assert/strict";
import { test } from "node:test";
import { t } from "../../schema/t.ts";
import type { Schema } from "../../schema/type-info.ts";
import { count, sum } from "../../stream/aggregates.ts";
import type { Sink, Source } from "../../stream/connector.ts";
import type { StreamGraph } from "../../stream/graph.ts";
import { pipeline, type PipelineBuilder } from "../../stream/pipeline.ts";
import { listState, mapState, valueState, type StateDescriptors } from "../../stream/state.ts";
import { boundedOutOfOrderness } from "../../stream/watermarks.ts";
import { tumbling } from "../../stream/windows.ts";
import type { StateChunk } from "../subtask/subtask.ts";
import { HandDriver } from "../subtask/fixtures/hand-driver.ts";

const Event = t.record("Event", { key: t.long(), n: t.double(), at: t.timestamp() });
const create = (): never => assert.fail("the driver creates no connectors");
const source = <T>(schema: Schema<T>): Source<T> => ({ connector: "fake", type: schema.type, describe: () => null, create });
const sink = <T>(): Sink<T> => ({ connector: "fake", type: undefined, describe: () => null, create });
const graphOf = (build: (p: PipelineBuilder) => undefined): StreamGraph => pipeline("test", build).graph();
const time = { eventTime: (e: { at: number }) => e.at, watermarks: boundedOutOfOrderness(0) };

const withState = (state: StateDescriptors, onElement: (e: unknown, ctx: never) => undefined = () => undefined, name = "op"): StreamGraph =>
  graphOf((p) => {
    p.from("in", source(Event), time)
      .keyBy("key")
      .process(name, { output: t.string(), state, onElement: onElement as never })
      .to("out", sink());
  });
const stored = (state: StateDescriptors, set: (state: never) => void): StateChunk[] => {
  const driver = new HandDriver(withState(state, (_, ctx) => void set((ctx as { state: never }).state)));
  driver.feed("in", "in-0", [{ value: { key: 1, n: 1, at: 1 } }]);
  return driver.snapshot();
};
const restoring = (chunks: StateChunk[], state: StateDescriptors, name?: string) => (): unknown =>
  new HandDriver(withState(state, undefined, name), { restore: chunks });

test("a state whose type changed is refused: operator, state, old and new type are named", () => {
  const chunks = stored({ n: valueState(t.long()) }, (state: { n: { set(n: number): void } }) => state.n.set(1));
  assert.throws(
    restoring(chunks, { n: valueState(t.string()) }),
    /State 'n' of operator 'op' was a value of long in the checkpoint and is a value of string now/,
  );
  assert.throws(restoring(chunks, { n: listState(t.long()) }), /was a value of long .* is a list of long now/);
  assert.throws(restoring(chunks, { n: mapState(t.string(), t.long()) }), /is a map of string to long now/);
  assert.throws(restoring(chunks, {}), /holds state 'n' of operator 'op', which the operator no longer declares/);
  assert.doesNotThrow(restoring(chunks, { n: valueState(t.long()), extra: valueState(t.string()) }));
});

test("records that differ only inside are refused with their fields, and the path of what does not go", () => {
  const A = t.record("A", { x: t.int() });
  const B = t.record("A", { x: t.int(), y: t.string() });
  const chunks = stored({ a: valueState(A) }, (state: { a: { set(a: unknown): void } }) => state.a.set({ x: 1 }));
  assert.throws(
    restoring(chunks, { a: valueState(B) }),
    /record A \{"x":"int"\} in the checkpoint and is a value of record A \{"x":"int","y":"string"\} now\. At y: it is new/,
  );
  assert.throws(restoring(chunks, { a: valueState(t.record("A", { x: t.string() })) }), /At x: it was int and is string now/);
});

test("a state whose type has grown goes on with what was kept: values, lists and maps, of records and numbers", () => {
  const Old = t.record("Line", { sku: t.string(), n: t.int(), gone: t.string() });
  const New = t.record("Line", { note: t.optional(t.string()), n: t.long(), sku: t.optional(t.string()) });
  type States = Record<"value" | "wide", { set(value: unknown): void }> & {
    list: { add(value: unknown): void };
    map: Record<"set", (key: string, value: unknown) => void>;
    big: Record<"set", (key: string, value: unknown) => void>;
  };
  const line = { sku: "a", n: 7, gone: "x" };
  const before = {
    value: valueState(Old),
    wide: valueState(t.int()),
    list: listState(Old),
    map: mapState(t.string(), Old),
    big: mapState(t.string(), t.int()),
  };
  const chunks = stored(before, (state: States) => {
    state.value.set(line);
    state.wide.set(5);
    state.list.add(line);
    state.list.add({ ...line, n: 8 });
    state.map.set("k", line);
    state.big.set("k", 9);
  });
  const after = {
    value: valueState(New),
    wide: valueState(t.optional(t.bigint())),
    list: listState(New),
    map: mapState(t.string(), New),
    big: mapState(t.string(), t.bigint()),
  };
  const seen: unknown[] = [];
  const graph = withState(after, ((_: unknown, ctx: { state: Record<string, { get(key?: string): unknown }> }): void => {
    const { value, wide, list, map, big } = ctx.state;
    seen.push(value!.get(), wide!.get(), list!.get(), map!.get("k"), big!.get("k"));
  }) as never);
  const driver = new HandDriver(graph, { restore: chunks });
  driver.feed("in", "in-0", [{ value: { key: 1, n: 1, at: 2 } }]);
  const grown = (n: number): object => ({ note: undefined, n, sku: "a" });
  assert.deepEqual(seen, [grown(7), 5n, [grown(7), grown(8)], grown(7), 9n]);
});

test("damaged, foreign and misdirected state is refused", () => {
  const chunks = stored({ n: valueState(t.long()) }, (state: { n: { set(n: number): void } }) => state.n.set(1));
  const keyed = chunks.find(({ address }) => address.kind === "key-group")!;
  const cut = { ...keyed, bytes: keyed.bytes.slice(0, -3) };
  assert.throws(restoring([cut], { n: valueState(t.long()) }), { code: "STATE_CORRUPT" });
  const newer = { ...keyed, bytes: Uint8Array.from(keyed.bytes, (byte, at) => (at === 0 ? 9 : byte)) };
  assert.throws(restoring([newer], { n: valueState(t.long()) }), { code: "STATE_VERSION" });
  const elsewhere = { ...keyed, address: { kind: "key-group", group: (keyed.address as { group: number }).group ^ 1 } as const };
  assert.throws(restoring([elsewhere], { n: valueState(t.long()) }), { code: "WRONG_KEY_GROUP" });
});

test("windows of another size are refused", () => {
  const graph = (size: number): StreamGraph =>
    graphOf((p) => {
      p.from("in", source(Event), time)
        .keyBy("key")
        .window(tumbling(size))
        .aggregate("w", { n: count(), total: sum("n") })
        .to("out", sink());
    });
  const driver = new HandDriver(graph(10));
  driver.feed("in", "in-0", [{ value: { key: 1, n: 1, at: 1 } }]);
  const restore = driver.snapshot();
  assert.throws(() => new HandDriver(graph(20), { restore }), /windows of 'w' were .*"sizeMs":10.* are .*"sizeMs":20/);
});

test("what is kept after a value was refused is what was there before", () => {
  const seen: unknown[] = [];
  const graph = withState({ n: valueState(t.int()), list: listState(t.string()), map: mapState(t.string(), t.int()) }, ((
    e: { n: number },
    ctx: {
      state: {
        n: { get(): unknown; set(n: unknown): void };
        list: { get(): unknown; update(v: unknown[]): void; add(v: unknown): void };
        map: { get(k: string): unknown; set(k: unknown, v: unknown): void };
      };
    },
  ): void => {
    const { n, list, map } = ctx.state;
    if (e.n === 1) {
      n.set(7);
      list.add("a");
      map.set("k", 1);
      for (const wrong of [
        (): void => n.set(1.5),
        (): void => list.update(["b", 3]),
        (): void => list.add(null),
        (): void => map.set("k", "x"),
        (): void => map.set(4, 1),
      ]) {
        assert.throws(wrong, { name: "SchemaError" });
      }
    }
    seen.push([n.get(), list.get(), map.get("k"), map.get("4")]);
  }) as never);
  const driver = new HandDriver(graph);
  driver.feed("in", "in-0", [{ value: { key: 1, n: 1, at: 1 } }, { value: { key: 1, n: 2, at: 2 } }]);
  assert.deepEqual(seen, [
    [7, ["a"], 1, undefined],
    [7, ["a"], 1, undefined],
  ]);
});

test("any number of keys passing through windows keeps the state small", () => {
  const graph = graphOf((p) => {
    p.from("in", source(Event), time)
      .keyBy("key")
      .window(tumbling(100))
      .aggregate("w", { n: count(), total: sum("n") })
      .to("out", sink());
  });
  const driver = new HandDriver(graph);
  let largest = 0;
  for (let window = 0; window < 30; window++) {
    driver.feed(
      "in",
      "in-0",
      Array.from({ length: 1000 }, (_, at) => ({ value: { key: window * 1000 + at, n: at, at: window * 100 + at / 10 } })),
    );
    const bytes = driver.snapshot().reduce((sum, chunk) => sum + chunk.bytes.length, 0);
    largest = Math.max(largest, bytes);
  }
  driver.end();
  assert.equal(driver.rows("out").length, 30_000);
  assert.ok(largest < 100_000, `${largest} bytes`);
});
