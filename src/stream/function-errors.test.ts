// Mistakes with functions, state, partitioning, asynchronous calls and alignment that a graph can show: code, place, and what to do.
import assert from "node:assert/strict";
import { test } from "node:test";
import { t } from "../schema/t.ts";
import type { Sink, Source } from "./connector.ts";
import { unionListState } from "./operator-state.ts";
import { pipeline, type PipelineBuilder } from "./pipeline.ts";
import { PipelineError, type PipelineErrorCode } from "./pipeline-error.ts";
import { aggregatingState, listState, mapState, reducingState, valueState } from "./state.ts";
import { monotonousTimestamps } from "./watermarks.ts";

const Tx = t.record("Tx", { id: t.string(), amount: t.double(), at: t.timestamp() });
const create = (): never => assert.fail("never");
const source: Source<{ id: string; amount: number; at: number }> = { connector: "fake", type: Tx.type, describe: () => null, create };
const bare: Source<{ id: string }> = { connector: "fake", type: undefined, describe: () => null, create };
const sink = <T>(): Sink<T> => ({ connector: "fake", type: undefined, describe: () => null, create });
const rules = { rules: mapState(t.string(), t.double()) };
const base = { output: t.string(), onElement: () => undefined };
const limits = { capacity: 10, timeout: "1s" } as const;
/** What a caller without a compiler may pass. */
const any = (value: unknown): never => value as never;

function refuses(title: string, code: PipelineErrorCode, message: RegExp, build: (p: PipelineBuilder) => void): void {
  test(`${code}: ${title}`, () => {
    assert.throws(
      () => pipeline("test", (p) => void build(p)).graph(),
      (error) => {
        assert.ok(error instanceof PipelineError, String(error));
        assert.equal(error.code, code);
        assert.match(error.message, message);
        assert.match(error.calledAt ?? "", /function-errors\.test\.ts:\d+$/);
        return true;
      },
    );
  });
}

// ---------- functions and their state ----------
refuses("state per key without a key", "BAD_STATE", /For state per key add \.keyBy/, (p) =>
  p.from("a", source).process("p", any({ ...base, state: { n: valueState(t.int()) } })),
);
refuses("a list with a ttl without a key", "BAD_STATE", /is not per key and has no ttl/, (p) =>
  p.from("a", source).process("p", { ...base, state: { n: listState(t.int(), { ttl: "1s" }) } }),
);
refuses("a united list with a key", "BAD_STATE", /is a unionListState, which keyed streams do not have/, (p) =>
  p
    .from("a", source)
    .keyBy("id")
    .process("p", { ...base, state: { n: unionListState(t.int()) } }),
);
refuses("a united list without a schema", "BAD_STATE", /a schema is wanted/, () => unionListState(any("text")));
refuses("timers without a key", "BAD_ARGUMENT", /timers are per key: add \.keyBy/, (p) =>
  p.from("a", source).process("p", any({ ...base, onTimer() {} })),
);
refuses("a process function without a name", "BAD_NAME", /process\(name, …\) needs a name/, (p) => p.from("a", source).process("", base));
refuses("an async open", "BAD_ARGUMENT", /open: the function must not be async/, (p) =>
  p.from("a", source).process("p", any({ ...base, open: async () => 1 })),
);
refuses(
  "a close that is no function",
  "BAD_ARGUMENT",
  /close: a function is wanted/,
  (p) =>
  p.from("a", source).keyBy("id").process("p", any({ ...base, close: 1 })), // prettier-ignore
);
refuses("a reducing state without its function", "BAD_STATE", /reduce is a function/, () => reducingState(t.int(), any(undefined)));
refuses("an aggregating state without a part", "BAD_STATE", /result is a function/, () =>
  aggregatingState(t.int(), any({ create: () => 0, add: () => 0 })),
);

// ---------- partitioning and chains ----------
refuses("a partition that is no function", "BAD_ARGUMENT", /partitionCustom\(partition\): a function is wanted/, (p) =>
  p.from("a", source).partitionCustom(any("id")),
);
refuses("parallelism behind keyBy", "BAD_ARGUMENT", /stands right behind the operator/, (p) =>
  p.from("a", source).keyBy("id").parallelism(2),
);
refuses("chaining behind a partitioning", "BAD_ARGUMENT", /stands right behind the operator/, (p) => p.from("a", source).shuffle().startNewChain()); // prettier-ignore
refuses("no subtask at all", "BAD_ARGUMENT", /parallelism is a whole number from 1, not 0/, (p) => p.from("a", source).parallelism(0));

// ---------- broadcast state ----------
refuses("broadcast state that is no map", "BAD_STATE", /"n" is a mapState\(key, value\) without ttl/, (p) =>
  p.from("a", source).broadcast(any({ n: valueState(t.int()) })),
);
refuses("broadcast state with a ttl", "BAD_STATE", /without ttl/, (p) =>
  p.from("a", source).broadcast({ n: mapState(t.string(), t.int(), { ttl: "1s" }) }),
);
refuses("no broadcast state", "BAD_STATE", /at least one mapState/, (p) => p.from("a", source).broadcast({}));
refuses("connect with a stream that is not broadcast", "BAD_ARGUMENT", /is connected with a broadcast one/, (p) =>
  p.from("a", source).connect(any(p.from("b", source))),
);
refuses(
  "a broadcast stream without its function",
  "BAD_ARGUMENT",
  /onBroadcast: a function is wanted/,
  (p) =>
  p.from("a", source).connect(p.from("b", source).broadcast(rules)).process("p", any(base)), // prettier-ignore
);

// ---------- mapAsync ----------
refuses("waiting elements without a schema", "SCHEMA_REQUIRED", /elements that wait for their answers are state/, (p) =>
  p.from("a", bare).mapAsync("ask", async (e) => e, limits),
);
refuses("no capacity", "BAD_ARGUMENT", /capacity is a whole number from 1 to 100000, not 0/, (p) =>
  p.from("a", source).mapAsync("ask", async (e) => e, { ...limits, capacity: 0 }),
);
refuses("no timeout", "BAD_DURATION", /mapAsync\("ask", …\): timeout/, (p) =>
  p.from("a", source).mapAsync("ask", async (e) => e, any({ capacity: 1 })),
);
refuses("an onTimeout of another kind", "BAD_ARGUMENT", /onTimeout is "fail" or a function/, (p) =>
  p.from("a", source).mapAsync("ask", async (e) => e, { ...limits, onTimeout: any("skip") }),
);
refuses("half an attempt", "BAD_ARGUMENT", /retries\.attempts is a whole number from 0/, (p) =>
  p.from("a", source).mapAsync("ask", async (e) => e, { ...limits, retries: { attempts: 0.5, backoff: 1 } }),
);
refuses("no function to ask", "BAD_ARGUMENT", /a function that returns a promise is wanted/, (p) =>
  p.from("a", source).mapAsync("ask", any(undefined), limits),
);

// ---------- alignment ----------
refuses("alignment in mid-stream", "BAD_ARGUMENT", /only splits of a source can be aligned/, (p) =>
  p.from("a", source).assignWatermarks({ watermarks: monotonousTimestamps({ alignment: { group: "g", maxDrift: "1s" } }) }),
);
refuses("a group without a name", "BAD_NAME", /alignment\.group needs a name/, () =>
  monotonousTimestamps({ alignment: { group: "", maxDrift: "1s" } }),
);
refuses("no drift", "BAD_DURATION", /alignment\.maxDrift/, () => monotonousTimestamps({ alignment: { group: "g", maxDrift: any("far") } }));

test("the plan has the partitioning of every edge, alignment and what an asynchronous call may take", () => {
  const { plan } = pipeline("planned", (p) => {
    const watermarks = monotonousTimestamps({ alignment: { group: "g", maxDrift: "1m" } });
    const rows = p.from("a", source, { watermarks });
    rows.rescale().union(rows.filter(() => true).shuffle()).mapAsync("ask", async (e) => e, limits).global().to("out", sink()); // prettier-ignore
    rows
      .connect(rows.broadcast(rules))
      .process("checked", { ...base, onBroadcast() {} })
      .to("checked-out", sink());
  }).graph();
  const { nodes } = plan as unknown as {
    nodes: { name: string; inputs: { partitioning: string }[]; time?: unknown; capacity?: number; broadcast?: { name: string }[] }[];
  };
  const node = (name: string) => nodes.find((one) => one.name === name)!;
  const ways = (name: string) => node(name).inputs.map(({ partitioning }) => partitioning);
  assert.deepEqual(ways("ask"), ["rescale", "shuffle"]);
  assert.deepEqual(ways("out"), ["forward"]);
  assert.deepEqual(nodes[Number((node("out").inputs[0] as unknown as { from: number }).from)]!.inputs, [{ from: 2, output: "main", partitioning: "global" }]); // prettier-ignore
  assert.deepEqual(ways("checked"), ["forward", "broadcast"]);
  assert.equal(node("ask").capacity, 10);
  assert.deepEqual((node("a").time as { alignment: unknown }).alignment, { group: "g", maxDriftMs: 60_000 });
  assert.equal(node("checked").broadcast![0]!.name, "rules");
});
