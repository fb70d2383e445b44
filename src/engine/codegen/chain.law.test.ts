import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { t } from "../../schema/t.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import type { Sink, Source } from "../../stream/connector.ts";
import type { DataStream } from "../../stream/data-stream.ts";
import { deadLetter } from "../../stream/dead-letter.ts";
import type { StreamGraph } from "../../stream/graph.ts";
import { pipeline, type PipelineBuilder } from "../../stream/pipeline.ts";
import { listState, mapState, valueState } from "../../stream/state.ts";
import { boundedOutOfOrderness, customWatermarks, noWatermarks } from "../../stream/watermarks.ts";
import { count, sum } from "../../stream/aggregates.ts";
import { tumbling } from "../../stream/windows.ts";
import { anyRecord, anyType, valueOf } from "../../schema/fixtures/arbitrary-types.ts";
import { HandDriver } from "../subtask/fixtures/hand-driver.ts";
import { OperatorError } from "../subtask/operator-error.ts";

const seed = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1e9);
const create = (): never => assert.fail("the driver creates no connectors");
const sourceOf = <T>(type: TypeInfo | undefined): Source<T> => ({ connector: "fake", type, describe: () => null, create });
const sink = <T>(): Sink<T> => ({ connector: "fake", type: undefined, describe: () => null, create });
const graphOf = (build: (p: PipelineBuilder) => undefined): StreamGraph => pipeline("law", build).graph();

const Event = t.record("Event", { key: t.string(), n: t.int(), x: t.optional(t.double()), at: t.timestamp() });
interface Event {
  readonly key: string;
  readonly n: number;
  readonly x?: number | undefined;
  readonly at: number;
}

const operator = fc.record({
  kind: fc.constantFrom(
    "map",
    "typed-map",
    "filter",
    "flat-map",
    "process",
    "plain",
    "rules",
    "window",
    "branch",
    "rebalance",
    "custom",
    "shuffle",
  ),
  a: fc.integer({ min: -3, max: 3 }),
  onError: fc.constantFrom("fail", "skip", "dead-letter"),
  throwsAt: fc.option(fc.integer({ min: -9, max: 9 })),
});
type Operator = typeof operator extends fc.Arbitrary<infer T> ? T : never;

/** Element functions that throw at one value of n, or return what does not fit. */
function build(p: PipelineBuilder, operators: readonly Operator[], watermarks: string): undefined {
  const strategy =
    watermarks === "none"
      ? noWatermarks()
      : watermarks === "bounded"
        ? boundedOutOfOrderness(3)
        : customWatermarks(() => ({ onEvent: (e) => ((e as Event).n > 5 ? (e as Event).at : undefined) }));
  let stream: DataStream<Event> = p.from("in", sourceOf<Event>(Event.type), {
    eventTime: (e) => (e.n === 9 ? NaN : e.at),
    watermarks: strategy,
    onError: operators[0]?.onError === "skip" ? "skip" : operators[0]?.onError === "dead-letter" ? deadLetter(sink()) : "fail",
  });
  operators.forEach(({ kind, a, onError, throwsAt }, index) => {
    const policy = onError === "dead-letter" ? deadLetter(sink()) : onError;
    const guard = (e: Event): Event => {
      if (e.n === throwsAt) throw new RangeError(`${index} refuses ${e.n}`);
      return e;
    };
    const options = { onError: policy, name: `op${index}` } as const;
    if (kind === "map") stream = stream.map((e) => ({ ...guard(e), n: e.n + a }), options).returns(Event) as DataStream<Event>;
    if (kind === "typed-map")
      stream = stream
        .map((e) => (guard(e).n === a ? ({ ...e, n: "no" } as unknown as Event) : e), options)
        .returns(Event) as DataStream<Event>;
    if (kind === "filter") stream = stream.filter((e) => guard(e).n !== a, options);
    if (kind === "flat-map")
      stream = stream
        .flatMap((e) => Array.from({ length: Math.abs(a) }, (_, i) => ({ ...guard(e), n: i })), options)
        .returns(Event) as DataStream<Event>;
    if (kind === "branch") stream.filter((e) => e.n > a, { name: `side${index}` }).to(`branch${index}`, sink());
    if (kind === "rebalance") stream = stream.rebalance();
    if (kind === "shuffle") stream = stream.shuffle();
    if (kind === "custom")
      stream = stream.partitionCustom((e, parallelism) => (e.n === throwsAt ? parallelism : Math.abs(e.n) % parallelism));
    if (kind === "plain") {
      const plain = stream.process(options.name, {
        output: Event,
        side: { odd: Event },
        state: { seen: listState(t.int()) },
        onError: policy,
        open: ({ subtask }) => ({ n: subtask.index }),
        onElement(e, ctx) {
          ctx.state.seen.add(guard(e).n);
          if (e.n % 2 !== 0) ctx.side.odd({ ...e, n: ctx.state.seen.get().length });
          ctx.emit({ ...e, n: ctx.local.n + (e.n === a ? 0.5 : 0) });
        },
      });
      plain.side.odd.to(`odd${index}`, sink());
      stream = plain;
    }
    if (kind === "rules") {
      const rules = stream.filter((e) => e.n > 2, { name: `rules${index}` }).broadcast({ most: mapState(t.string(), t.int()) });
      stream = stream
        .keyBy("key")
        .connect(rules)
        .process(options.name, {
          output: Event,
          state: { n: valueState(t.int()) },
          onError: policy,
          onElement(e, ctx) {
            ctx.state.n.set((ctx.state.n.get() ?? 0) + 1);
            ctx.emit({ ...guard(e), n: ctx.broadcast.most.get(e.key) ?? a });
          },
          onBroadcast(e, ctx) {
            ctx.broadcast.most.set(e.key, guard(e).n);
            ctx.applyToKeyedState("n", (key, n) => {
              n.set(n.get()! + a);
              ctx.emit({ key, n: n.get()!, at: e.at });
            });
          },
        });
    }
    if (kind === "process") {
      stream = stream
        .keyBy((e) => (e.n === -9 ? NaN : e.key))
        .process(options.name, {
          output: Event,
          state: { n: valueState(t.int()) },
          onError: policy,
          onElement(e, ctx) {
            ctx.state.n.set((ctx.state.n.get() ?? 0) + 1);
            guard(e);
            ctx.timers.setEventTime(e.at + a);
            ctx.emit({ ...e, n: ctx.state.n.get()! });
          },
          onTimer(at, ctx) {
            ctx.emit({ key: String(ctx.key), n: throwsAt === 0 ? (0.5 as number) : -1, at });
          },
        });
    }
    if (kind === "window") {
      stream
        .keyBy(["key", "n"])
        .window(tumbling(10))
        .allowedLateness(Math.abs(a))
        .aggregate(options.name, { n: count(), total: sum((e) => guard(e).n) })
        .to(`window${index}`, sink());
    }
  });
  stream.to("out", sink());
}

const events = fc.array(
  fc.record({
    key: fc.constantFrom("a", "b", ""),
    n: fc.integer({ min: -9, max: 9 }),
    x: fc.option(fc.double(), { nil: undefined }),
    at: fc.nat(50),
  }),
  { maxLength: 40 },
);

/** Stacks are cut at ten frames, and the interpreter's are deeper: the user's frame may be among them in one way only. */
function withoutPlaces(sinks: ReadonlyMap<string, readonly { readonly row: unknown }[]>): unknown {
  const bare = (row: unknown): unknown => (typeof row === "object" && row !== null && "place" in row ? { ...row, place: undefined } : row);
  return Object.fromEntries([...sinks].map(([name, rows]) => [name, rows.map((one) => ({ ...one, row: bare(one.row) }))]));
}

/** Everything that can be seen of a run. */
function observe(graph: StreamGraph, all: readonly unknown[], codegen: "auto" | "off", parallelism: number): unknown {
  const driver = new HandDriver(graph, { codegen, parallelism });
  let failure: unknown;
  try {
    driver.split("in", "in-3", "active");
    driver.feed(
      "in",
      "in-3",
      all.slice(0, 15).map((value) => ({ value })),
    );
    driver.feed(
      "in",
      "in-3",
      all.slice(15).map((value) => ({ value })),
    );
    driver.end();
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    failure = { operator: error.operator, key: error.key, split: error.split, offset: error.offset, cause: String(error.cause) };
  }
  const metrics = driver.graph.tasks.map((task) => {
    const {
      numRecordsIn,
      numRecordsOut,
      numLateRecordsDropped,
      numRecordsSkipped,
      numRecordsDeadLettered,
      currentOutputWatermark,
      operators,
    } = driver.subtask(task.id).metrics;
    return [
      numRecordsIn,
      numRecordsOut,
      numLateRecordsDropped,
      numRecordsSkipped,
      numRecordsDeadLettered,
      currentOutputWatermark,
      operators.map((o) => [o.name, o.numRecordsIn, o.numRecordsOut]),
    ];
  });
  // After a failure the counters of the frame that failed may differ: nobody reads them, the subtask is gone.
  return { sinks: withoutPlaces(driver.sinks), failure, metrics: failure === undefined ? metrics : undefined };
}

test("generated loops and the interpreter do the same on any chain and input, failures included", () => {
  fc.assert(
    fc.property(
      fc.array(operator, { maxLength: 14 }),
      events,
      fc.constantFrom("bounded", "custom", "none"),
      fc.constantFrom(1, 1, 3),
      (operators, all, watermarks, parallelism) => {
        const graph = graphOf((p) => build(p, operators, watermarks));
        assert.deepEqual(observe(graph, all, "auto", parallelism), observe(graph, all, "off", parallelism));
      },
    ),
    { seed, numRuns: 120 },
  );
});

test("rows of any type go into columns and come out of them as they were, on both ways", () => {
  const typed = fc
    .oneof(anyRecord, anyType)
    .chain(({ type }) => fc.tuple(fc.constant(type), fc.array(valueOf(type), { maxLength: 6 }), fc.array(fc.anything(), { maxLength: 2 })));
  fc.assert(
    fc.property(typed, ([type, values, others]) => {
      const graph = graphOf((p) => {
        p.from("in", sourceOf<number>(undefined))
          .map((i) => [...values, ...others][i], { onError: "skip" })
          .returns({ type } as never)
          .to("out", sink());
      });
      const input = [...values, ...others].map((_, index) => index);
      const generated = observe(graph, input, "auto", 1);
      assert.deepEqual(generated, observe(graph, input, "off", 1));
      assert.ok(((generated as { sinks: { out?: unknown[] } }).sinks.out ?? []).length >= values.length);
    }),
    { seed, numRuns: 150 },
  );
});
