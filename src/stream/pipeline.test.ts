import assert from "node:assert/strict";
import { test } from "node:test";
import { t } from "../schema/t.ts";
import type { Schema } from "../schema/type-info.ts";
import { collect, count, max, sum } from "./aggregates.ts";
import type { Json, Sink, Source } from "./connector.ts";
import { deadLetter } from "./dead-letter.ts";
import type { StreamGraph, StreamNode } from "./graph.ts";
import { asPipeline, pipeline, type PipelineBuilder } from "./pipeline.ts";
import { valueState } from "./state.ts";
import { boundedOutOfOrderness } from "./watermarks.ts";
import { tumbling } from "./windows.ts";

const Tx = t.record("Tx", { id: t.string(), amount: t.double(), at: t.timestamp() });
const create = (): never => assert.fail("a graph never creates connectors");
const source = <T>(schema: Schema<T>, data: Json = { topic: "tx" }): Source<T> => ({
  connector: "fake",
  type: schema.type,
  describe: () => data,
  create,
});
const sink = <T>(data: Json = { topic: "out" }): Sink<T> => ({ connector: "fake", type: undefined, describe: () => data, create });
const time = { eventTime: (e: { at: number }) => e.at, watermarks: boundedOutOfOrderness("5s") };
const graphOf = (build: (p: PipelineBuilder) => undefined): StreamGraph => pipeline("test", build).graph();
const node = (graph: StreamGraph, name: string): StreamNode => graph.nodes.find((candidate) => candidate.name === name)!;

const whole = (p: PipelineBuilder): undefined => {
  const tx = p.from("tx", source(Tx), { ...time, onError: deadLetter(sink({ topic: "dlq" })) });
  const big = tx.filter((e) => e.amount > 10).map((e) => ({ id: e.id, n: e.amount }));
  const checked = tx.keyBy("id").process("check", {
    output: t.string(),
    side: { risky: Tx },
    state: { n: valueState(t.long(), { ttl: "1d" }) },
    onElement() {},
    onTimer() {},
  });
  checked.union(checked.side.risky.map((e) => e.id)).to("out", sink());
  tx.keyBy(["id", "at"])
    .window(tumbling("1h", { offset: "15m" }))
    .allowedLateness("1m")
    .aggregate("hourly", { n: count(), total: sum("amount"), newest: max("at"), ids: collect("id") })
    .to("hours", sink());
  big.rebalance().to("bigs", sink());
};

test("a pipeline becomes a frozen graph in topological order, edges carrying their partitioning", () => {
  const graph = graphOf(whole);
  assert.deepEqual(
    graph.nodes.map((n) => [n.id, n.name, n.kind, n.inputs.map((edge) => `${edge.from}.${edge.output}:${edge.partitioning.kind}`)]),
    [
      [0, "tx", "source", []],
      [1, "tx-dead-letters", "sink", ["0.errors:forward"]],
      [2, "filter-2", "filter", ["0.main:forward"]],
      [3, "map-3", "map", ["2.main:forward"]],
      [4, "check", "process", ["0.main:keyed"]],
      [5, "map-5", "map", ["4.risky:forward"]],
      [6, "out", "sink", ["4.main:forward", "5.main:forward"]],
      [7, "hourly", "window", ["0.main:keyed"]],
      [8, "hours", "sink", ["7.main:forward"]],
      [9, "bigs", "sink", ["3.main:rebalance"]],
    ],
  );
  assert.ok(
    Object.isFrozen(graph) && Object.isFrozen(graph.nodes) && graph.nodes.every((n) => Object.isFrozen(n) && Object.isFrozen(n.inputs)),
  );
});

test("types follow the stream: kept by filter, unknown after map, declared by returns and process, derived by windows", () => {
  const graph = graphOf(whole);
  assert.equal(node(graph, "filter-2").output, Tx.type);
  assert.equal(node(graph, "map-3").output, undefined);
  assert.equal(node(graph, "check").output, t.string().type);
  const one = graphOf((p) => {
    p.from("tx", source(Tx), time)
      .keyBy("id")
      .window(tumbling("1m"))
      .aggregate("w", { n: count(), newest: max("at"), ids: collect("id") })
      .to("o", sink());
  });
  assert.deepEqual(JSON.parse(JSON.stringify(node(one, "w").output)), {
    kind: "record",
    name: "w",
    fields: [
      { name: "key", type: { kind: "string" } },
      {
        name: "window",
        type: {
          kind: "record",
          name: "TimeWindow",
          fields: [
            { name: "start", type: { kind: "timestamp" } },
            { name: "end", type: { kind: "timestamp" } },
          ],
        },
      },
      { name: "n", type: { kind: "long" } },
      { name: "newest", type: { kind: "timestamp" } },
      { name: "ids", type: { kind: "array", of: { kind: "string" } } },
    ],
  });
});

test("returns sets the type of the map before it, and adds an identity where there is none", () => {
  const graph = graphOf((p) => {
    const s = p.from("tx", source(Tx));
    s.map((e) => ({ a: e.amount }))
      .returns(t.record("A", { a: t.double() }))
      .to("a", sink());
    s.filter(() => true)
      .returns(Tx)
      .to("b", sink());
  });
  assert.deepEqual(
    graph.nodes.map((n) => n.name),
    ["tx", "map-1", "a", "filter-3", "map-4", "b"],
  );
  assert.equal(node(graph, "map-1").output?.kind, "record");
});

test("a union of streams of one type keeps it, of several types has none", () => {
  const graph = graphOf((p) => {
    const a = p.from("a", source(Tx));
    const b = p.from("b", source(t.record("Tx", { id: t.string(), amount: t.double(), at: t.timestamp() })));
    a.union(b)
      .filter(() => true)
      .to("same", sink());
    a.union(p.from("c", source(t.string())))
      .filter(() => true)
      .to("mixed", sink());
  });
  assert.equal(node(graph, "filter-2").output, Tx.type);
  assert.equal(node(graph, "filter-5").output, undefined);
});

test("a node knows where the user called, as file:line", () => {
  const graph = graphOf((p) => {
    p.from("tx", source(Tx)).to("out", sink());
  });
  for (const n of graph.nodes) assert.match(n.calledAt!, /src\/stream\/pipeline\.test\.ts:\d+$/);
});

test("the hash is equal for equal pipelines and changes with names, schemas, options, edges and keys, not with functions", () => {
  const base = graphOf(whole).hash;
  assert.match(base, /^[0-9a-f]{64}$/);
  assert.equal(graphOf(whole).hash, base);
  const simple = (
    over: {
      name?: string;
      schema?: Schema<{ at: number; id: string }>;
      size?: "1h" | "2h";
      key?: "id" | "at";
      data?: Json;
      fn?: () => boolean;
    } = {},
  ) =>
    graphOf((p) => {
      p.from(
        "s",
        source(over.schema ?? t.record("R", { id: t.string(), at: t.timestamp() }), over.data ?? { topic: "a", start: "earliest" }),
        time,
      )
        .filter(over.fn ?? (() => true))
        .keyBy(over.key ?? "id")
        .window(tumbling(over.size ?? "1h"))
        .aggregate(over.name ?? "w", { n: count() })
        .to("o", sink());
    }).hash;
  const one = simple();
  assert.equal(simple({ fn: () => false }), one);
  assert.equal(simple({ data: { start: "earliest", topic: "a" } }), one);
  const others = [
    simple({ name: "w2" }),
    simple({ schema: t.record("R", { at: t.timestamp(), id: t.string() }) }),
    simple({ size: "2h" }),
    simple({ key: "at" }),
    simple({ data: { topic: "b", start: "earliest" } }),
  ];
  assert.equal(new Set([one, ...others]).size, 6);
});

test("the plan is plain JSON without functions", () => {
  const { plan } = graphOf(whole);
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
  assert.equal(JSON.stringify(plan).includes("pipeline.test.ts"), false);
});

test("build runs once, when the graph is asked for", () => {
  let runs = 0;
  const p = pipeline("once", (b) => {
    runs++;
    b.from("tx", source(Tx)).to("o", sink());
  });
  assert.equal(runs, 0);
  assert.equal(p.graph(), p.graph());
  assert.equal(runs, 1);
});

test("asPipeline takes pipelines only and tells another major version from anything else", () => {
  const p = pipeline("x", () => {});
  assert.equal(asPipeline(p, "x.ts"), p);
  assert.throws(() => asPipeline({ [Symbol.for("millrace/2")]: "pipeline" }, "x.ts"), { code: "OTHER_VERSION" });
  for (const other of [undefined, null, {}, () => {}])
    assert.throws(() => asPipeline(other, "x.ts"), { code: "NOT_A_PIPELINE", message: /^x\.ts: / });
});
