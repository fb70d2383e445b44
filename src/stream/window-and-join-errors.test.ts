// What is wrong with windows, triggers, evictors and joins is refused when the pipeline is built; and what their types say.
import assert from "node:assert/strict";
import { test } from "node:test";
import { t } from "../schema/t.ts";
import type { Sink, Source } from "./connector.ts";
import { count, maxBy, minBy } from "./aggregates.ts";
import type { DataStream, KeyedStream } from "./data-stream.ts";
import type { ChangeRow } from "./joins.ts";
import { countEvictor, timeEvictor } from "./evictors.ts";
import { pipeline } from "./pipeline.ts";
import { PipelineError, type PipelineErrorCode } from "./pipeline-error.ts";
import { valueState } from "./state.ts";
import {
  continuousEventTimeTrigger,
  countTrigger,
  customTrigger,
  deltaTrigger,
  eventTimeTrigger,
  purging,
  timeoutTrigger,
} from "./triggers.ts";
import { boundedOutOfOrderness } from "./watermarks.ts";
import { countWindow, cumulate, globalWindow, session, sliding, tumbling, type GlobalWindow, type TimeWindow } from "./windows.ts";

const Tx = t.record("Tx", { id: t.string(), amount: t.double(), at: t.timestamp() });
interface Tx {
  readonly id: string;
  readonly amount: number;
  readonly at: number;
}
const create = (): never => assert.fail("never");
const source: Source<Tx> = { connector: "fake", type: Tx.type, describe: () => null, create };
const bare: Source<Tx> = { connector: "fake", type: undefined, describe: () => null, create };
const sink: Sink<unknown> = { connector: "fake", type: undefined, describe: () => null, create };
const timed = { watermarks: boundedOutOfOrderness("5s") };

interface Streams {
  readonly tx: KeyedStream<string, Tx>;
  readonly other: KeyedStream<string, Tx>;
  readonly bare: KeyedStream<string, Tx>;
  readonly timeless: KeyedStream<string, Tx>;
}

function built(build: (streams: Streams) => DataStream<unknown>): ReturnType<ReturnType<typeof pipeline>["graph"]> {
  return pipeline("test", (p) => {
    const streams = {
      tx: p.from("tx", source, timed).keyBy("id"),
      other: p.from("other", source, timed).keyBy("id"),
      bare: p.from("bare", bare, timed).keyBy("id"),
      timeless: p.from("timeless", source).keyBy("id"),
    };
    for (const [name, stream] of Object.entries(streams)) stream.to(`all-${name}`, sink);
    build(streams).to("out", sink);
  }).graph();
}

const one = { n: count() };
const mistakes: readonly (readonly [string, PipelineErrorCode, RegExp, (streams: Streams) => DataStream<unknown>])[] = [
  ["a slide of 0", "BAD_DURATION", /sliding\(size, slide\)/, ({ tx }) => tx.window(sliding("1h", 0)).aggregate("w", one)],
  [
    "an offset over the slide",
    "BAD_DURATION",
    /less than the slide/,
    ({ tx }) => tx.window(sliding("1h", "1m", { offset: "2m" })).aggregate("w", one),
  ],
  ["a session without a gap", "BAD_DURATION", /session\(gap\)/, ({ tx }) => tx.window(session(0)).aggregate("w", one)],
  [
    "half a count window",
    "BAD_ARGUMENT",
    /countWindow\(size, slide\): whole numbers/,
    ({ tx }) => tx.window(countWindow(2.5)).aggregate("w", one),
  ],
  [
    "a trigger at every 0 elements",
    "BAD_ARGUMENT",
    /countTrigger/,
    ({ tx }) => tx.window(tumbling("1h")).trigger(countTrigger(0)).aggregate("w", one),
  ],
  [
    "a continuous trigger without an interval",
    "BAD_DURATION",
    /continuousEventTimeTrigger/,
    ({ tx }) => tx.window(tumbling("1h")).trigger(continuousEventTimeTrigger(0)).aggregate("w", one),
  ],
  [
    "an evictor that keeps nothing",
    "BAD_ARGUMENT",
    /countEvictor/,
    ({ tx }) => tx.window(tumbling("1h")).evictor(countEvictor(0)).aggregate("w", one),
  ],
  ["a global window without a trigger", "BAD_ARGUMENT", /never fire/, ({ tx }) => tx.window(globalWindow()).aggregate("w", one)],
  [
    "a global window at the end of event time, without watermarks",
    "NO_WATERMARKS",
    /no watermarks/,
    ({ timeless }) => timeless.window(globalWindow()).trigger(purging(eventTimeTrigger())).aggregate("w", one),
  ],
  [
    "sessions with a delta trigger",
    "BAD_ARGUMENT",
    /its windows merge, and a delta trigger cannot/,
    ({ tx }) =>
      tx
        .window(session("1m"))
        .trigger(deltaTrigger(1, () => 2))
        .aggregate("w", one),
  ],
  [
    "sessions with a custom trigger that cannot merge",
    "BAD_ARGUMENT",
    /the custom trigger has no merge function/,
    ({ tx }) =>
      tx
        .window(session("1m"))
        .trigger(purging(customTrigger({ onElement: () => "fire" })))
        .aggregate("w", one),
  ],
  [
    "sessions with a timeout that stays",
    "BAD_ARGUMENT",
    /clearOnTimeout: false/,
    ({ tx }) =>
      tx
        .window(session("1m"))
        .trigger(timeoutTrigger(countTrigger(3), "5s", { clearOnTimeout: false }))
        .aggregate("w", one),
  ],
  [
    "a final result of a window with a trigger",
    "BAD_ARGUMENT",
    /emit: "final" is for event-time windows without a trigger/,
    ({ tx }) => tx.window(tumbling("1m")).allowedLateness("1m", { emit: "final" }).trigger(countTrigger(2)).aggregate("w", one),
  ],
  [
    "a final result by the machine's clock",
    "BAD_ARGUMENT",
    /emit: "final"/,
    ({ tx }) =>
      tx
        .window(tumbling("1m", { time: "processing-time" }))
        .allowedLateness("1m", { emit: "final" })
        .aggregate("w", one),
  ],
  [
    "cumulated windows of half a step",
    "BAD_DURATION",
    /multiple of the step/,
    ({ tx }) => tx.window(cumulate("1h", "25m")).aggregate("w", one),
  ],
  [
    "window state of a session",
    "BAD_STATE",
    /windows that merge have no state of their own/,
    ({ tx }) =>
      tx.window(session("1m")).process("w", { output: t.long(), windowState: { n: valueState(t.long()) }, onWindow: () => undefined }),
  ],
  [
    "window state with a ttl",
    "BAD_STATE",
    /takes no ttl/,
    ({ tx }) =>
      tx.window(tumbling("1m")).process("w", {
        output: t.long(),
        windowState: { n: valueState(t.long(), { ttl: "1h" }) },
        onWindow: () => undefined,
      }),
  ],
  [
    "an evictor without a schema",
    "SCHEMA_REQUIRED",
    /add \.returns\(Schema\)/,
    ({ bare: b }) => b.window(tumbling("1h")).evictor(timeEvictor("1m")).aggregate("w", one),
  ],
  ["a reduce without a schema", "SCHEMA_REQUIRED", /"r" keeps elements/, ({ bare: b }) => b.reduce("r", (a) => a)],
  [
    "a window's reduce without a schema",
    "SCHEMA_REQUIRED",
    /"r" keeps elements/,
    ({ bare: b }) => b.window(tumbling("1h")).reduce("r", (a) => a),
  ],
  ["a session without watermarks", "NO_WATERMARKS", /never fire/, ({ timeless }) => timeless.window(session("1h")).aggregate("w", one)],
  [
    "a join of a stream without watermarks",
    "NO_WATERMARKS",
    /both streams/,
    ({ tx, timeless }) => tx.windowJoin("j", timeless, tumbling("1h"), () => 1),
  ],
  [
    "a join of a stream without a schema",
    "SCHEMA_REQUIRED",
    /right stream/,
    ({ tx, bare: b }) => tx.intervalJoin("j", b, { lower: 0, upper: 1 }, () => 1),
  ],
  [
    "bounds that hold nothing",
    "BAD_DURATION",
    /between the bounds/,
    ({ tx, other }) => tx.intervalJoin("j", other, { lower: "1m", upper: "-1m" }, () => 1),
  ],
  [
    "a bound that is no duration",
    "BAD_DURATION",
    /upper/,
    ({ tx, other }) => tx.intervalJoin("j", other, { lower: 0, upper: "soon" }, () => 1),
  ],
  ["a join in global windows", "BAD_ARGUMENT", /tumbling, sliding/, ({ tx, other }) => tx.coGroup("j", other, countWindow(2), () => [])],
  [
    "a join with a stream that is not keyed",
    "BAD_ARGUMENT",
    /must be keyed/,
    ({ tx, other }) => tx.coGroup("j", other.map((e) => e) as never, tumbling("1h"), () => []),
  ],
  [
    "a window join of an unknown kind",
    "BAD_ARGUMENT",
    /kind is one of inner, left, right, full/,
    ({ tx, other }) => tx.windowJoin("j", other, tumbling("1m"), () => 1, { kind: "outer" as never }),
  ],
  [
    "a temporal join of missing versions",
    "BAD_ARGUMENT",
    /kind is one of inner, left/,
    ({ tx, other }) => tx.temporalJoin("j", other, () => 1, { kind: "full" as never }),
  ],
  [
    "a join that keeps some",
    "BAD_ARGUMENT",
    /keep is "all" or "latest"/,
    ({ tx, other }) => tx.join("j", other, () => 1, { left: { keep: "some" as never } }),
  ],
  [
    "a join of a stream without a schema, which is kept",
    "SCHEMA_REQUIRED",
    /the right stream is kept/,
    ({ tx, bare: schemaless }) => tx.join("j", schemaless, () => 1),
  ],
  [
    "a lookup without an answer",
    "BAD_ARGUMENT",
    /key and lookup are functions/,
    ({ tx }) => tx.lookupJoin("j", { key: (e) => e.id, lookup: undefined as never, capacity: 1, timeout: "1s" }, () => 1),
  ],
  [
    "a cache for nothing",
    "BAD_ARGUMENT",
    /cache\.maxEntries/,
    ({ tx }) =>
      tx.lookupJoin(
        "j",
        { key: (e) => e.id, lookup: async () => 1, cache: { ttl: "1s", maxEntries: 0 }, capacity: 1, timeout: "1s" },
        () => 1,
      ),
  ],
  ["the sum of text", "BAD_ARGUMENT", /no number/, ({ tx }) => tx.sum("s", "id" as never)],
];
for (const [title, code, message, build] of mistakes) {
  test(`${code}: ${title}`, () => {
    assert.throws(
      () => built(build),
      (error) => {
        assert.ok(error instanceof PipelineError, String(error));
        assert.equal(error.code, code, error.message);
        assert.match(error.message, message);
        assert.match(error.calledAt ?? "", /window-and-join-errors\.test\.ts:\d+$/);
        return true;
      },
    );
  });
}

test("the graph hash sees assigners, triggers, evictors, lateness and bounds", () => {
  const graphs = [
    ({ tx }: Streams) => tx.window(sliding("1h", "1m")).aggregate("x", one),
    ({ tx }: Streams) => tx.window(sliding("1h", "2m")).aggregate("x", one),
    ({ tx }: Streams) => tx.window(session("1m")).aggregate("x", one),
    ({ tx }: Streams) => tx.window(session("1m")).trigger(countTrigger(2)).aggregate("x", one),
    ({ tx }: Streams) =>
      tx
        .window(session("1m"))
        .trigger(purging(countTrigger(2)))
        .aggregate("x", one),
    ({ tx }: Streams) => tx.window(session("1m")).evictor(countEvictor(2)).aggregate("x", one),
    ({ tx }: Streams) =>
      tx
        .window(session("1m"))
        .evictor(countEvictor(2, { after: true }))
        .aggregate("x", one),
    ({ tx, other }: Streams) => tx.intervalJoin("x", other, { lower: 0, upper: 5 }, () => 1),
    ({ tx, other }: Streams) => tx.intervalJoin("x", other, { lower: 0, upper: 5, upperExclusive: true }, () => 1),
    ({ tx, other }: Streams) => tx.windowJoin("x", other, tumbling(5), () => 1),
    ({ tx, other }: Streams) => tx.coGroup("x", other, tumbling(5), () => []),
    ({ tx, other }: Streams) => tx.coGroup("x", other, tumbling(5), () => [], { allowedLateness: "1s" }),
    ({ tx, other }: Streams) => tx.temporalJoin("x", other, () => 1),
    ({ tx, other }: Streams) => tx.temporalJoin("x", other, () => 1, { kind: "left" }),
    ({ tx, other }: Streams) => tx.join("x", other, () => 1),
    ({ tx, other }: Streams) => tx.join("x", other, () => 1, { kind: "full" }),
    ({ tx, other }: Streams) => tx.join("x", other, () => 1, { left: { keep: "latest" } }),
    ({ tx, other }: Streams) => tx.join("x", other, () => 1, { ttl: "1h" }),
    ({ tx }: Streams) => tx.window(tumbling("1m", { time: "processing-time" })).aggregate("x", one),
    ({ tx }: Streams) => tx.window(cumulate("1m", "1s")).aggregate("x", one),
    ({ tx }: Streams) => tx.window(tumbling("1m")).allowedLateness("1s").aggregate("x", one),
    ({ tx }: Streams) => tx.window(tumbling("1m")).allowedLateness("1s", { emit: "final" }).aggregate("x", one),
    ({ tx }: Streams) => tx.window(tumbling("1m")).aggregate("x", { n: minBy("amount") }),
    ({ tx }: Streams) => tx.window(tumbling("1m")).aggregate("x", { n: maxBy("amount") }),
  ];
  assert.equal(new Set(graphs.map((build) => built(build).hash)).size, graphs.length);
  const dynamic = (gap: number) => built(({ tx }) => tx.window(session(() => gap)).aggregate("x", one)).hash;
  assert.equal(dynamic(1), dynamic(2), "functions are not in the hash");
});

test("results of count windows say that their window is global", () => {
  const graph = built(({ tx }) => {
    const rows: DataStream<{ readonly key: string; readonly window: GlobalWindow; readonly n: number }> = tx
      .window(countWindow(3))
      .aggregate("c", one);
    const pairs: DataStream<readonly [number, string]> = tx.windowJoin("j", tx, tumbling(5), (a, b) => [a.amount, b.id] as const);
    // @ts-expect-error the right side has no field of that name
    tx.intervalJoin("i", tx, { lower: 0, upper: 1 }, (a, b) => a.amount + b.nope).to("i-out", sink);
    // @ts-expect-error only fields with numbers can be summed up
    assert.throws(() => tx.sum("s", "id"), PipelineError);
    pairs.to("pairs", sink);
    return rows;
  });
  const window = graph.nodes.find(({ name }) => name === "c")!.output;
  assert.deepEqual(window?.kind === "record" && window.fields.map(({ name }) => name), ["key", "window", "n"]);
});

test("the kind of a join says which side may be missing", () => {
  const graph = built(({ tx, other }) => {
    const inner: DataStream<number> = tx.windowJoin("inner", other, tumbling(5), (a, b) => a.amount + b.amount);
    // @ts-expect-error the right side may be missing
    tx.windowJoin("left", other, tumbling(5), (a, b) => a.amount + b.amount, { kind: "left" }).to("left-out", sink);
    // @ts-expect-error the left side may be missing
    tx.join("right", other, (a, b) => a.amount + b.amount, { kind: "right" }).to("right-out", sink);
    // @ts-expect-error a version may be missing
    tx.temporalJoin("versions", other, (a, b) => a.amount + b.amount, { kind: "left" }).to("versions-out", sink);
    const changes: DataStream<ChangeRow<readonly [string, number | undefined]>> = tx.join(
      "full",
      other,
      (a, b) => [a?.id ?? b!.id, b?.amount] as const,
      { kind: "full" },
    );
    const best: DataStream<{ readonly key: string; readonly window: TimeWindow; readonly most: Tx }> = tx
      .window(tumbling("1m"))
      .aggregate("best", { most: maxBy("amount") });
    const near = tx.intervalJoin("near", other, { lower: 0, upper: 1 }, () => 1);
    // @ts-expect-error only with lateOutputs there is a side output
    assert.equal(near.side, undefined);
    near.to("near-out", sink);
    changes.to("changes", sink);
    best.to("best-out", sink);
    const late = tx.intervalJoin("late", other, { lower: 0, upper: 1, lateOutputs: true }, () => 1);
    late.side.lateLeft.to("late-left", sink);
    late.side.lateRight.to("late-right", sink);
    late.to("late-out", sink);
    return inner;
  });
  assert.ok(graph.nodes.length > 0);
});
