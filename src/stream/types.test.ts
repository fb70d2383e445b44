// The types of the public API: types() is compiled, never called. Every @ts-expect-error is a mistake that the compiler must refuse, and
// every expectType is what users get without writing type arguments.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { t } from "../schema/t.ts";
import type { Infer } from "../schema/type-info.ts";
import { avg, collect, collectSet, count, custom, first, last, max, min, sum } from "./aggregates.ts";
import type { Sink, Source } from "./connector.ts";
import type { DataStream, Key, KeyedStream } from "./data-stream.ts";
import { deadLetter } from "./dead-letter.ts";
import type { DeadLetter } from "./graph.ts";
import { processFunction } from "./define-process.ts";
import { pipeline } from "./pipeline.ts";
import { unionListState } from "./operator-state.ts";
import { aggregatingState, listState, mapState, reducingState, valueState } from "./state.ts";
import { boundedOutOfOrderness, customWatermarks, punctuatedWatermarks } from "./watermarks.ts";
import { tumbling, type TimeWindow } from "./windows.ts";

type Equal<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;
declare function expectType<T>(): <A>(value: A, same: Equal<A, T>) => void;

const Tx = t.record("Tx", {
  accountId: t.string(),
  amount: t.double(),
  at: t.timestamp(),
  kind: t.literal("card", "wire"),
  note: t.optional(t.string()),
});
type Tx = Infer<typeof Tx>;
declare const s: DataStream<Tx>;
declare const k: KeyedStream<string, Tx>;
declare const txSource: Source<Tx>;
declare const txSink: Sink<Tx>;
declare const dlq: Sink<DeadLetter>;
declare const dated: DataStream<{ when: Date; inner: { a: number }; maybe: string | undefined; id: bigint }>;

test("the compiler infers every type of the API, and refuses every mistake in this file", () => {
  const compiler = join(import.meta.dirname, "..", "..", "node_modules", "typescript", "bin", "tsc");
  const project = join(import.meta.dirname, "fixtures", "types", "tsconfig.json");
  const { status, stdout } = spawnSync(process.execPath, [compiler, "-p", project, "--pretty", "false"], { encoding: "utf8" });
  assert.equal(stdout, "");
  assert.equal(status, 0);
});

export function types(): void {
  expectType<{ accountId: string; amount: number; at: number; kind: "card" | "wire"; note?: string | undefined }>()(null! as Tx, true);

  // ---------- stateless ----------
  expectType<DataStream<number>>()(
    s.map((e) => e.amount),
    true,
  );
  expectType<DataStream<{ id: string; big: boolean }>>()(
    s.map((e) => ({ id: e.accountId, big: e.amount > 5 })),
    true,
  );
  expectType<DataStream<string>>()(
    s.flatMap((e) => [e.accountId]),
    true,
  );
  expectType<DataStream<string>>()(
    s.flatMap(function* (e) {
      yield e.accountId;
    }),
    true,
  );
  expectType<DataStream<Tx & { kind: "wire" }>>()(
    s.filter((e): e is Tx & { kind: "wire" } => e.kind === "wire"),
    true,
  );
  expectType<DataStream<Tx>>()(
    s.filter((e) => e.amount > 1),
    true,
  );
  expectType<DataStream<Tx | number>>()(s.union(s.map((e) => e.amount)), true);
  // @ts-expect-error async map
  s.map(async (e) => e.amount);
  // @ts-expect-error async filter
  s.filter(async (e) => e.amount > 1);
  // @ts-expect-error async flatMap
  s.flatMap(async (e) => [e.amount]);
  // @ts-expect-error async generator
  s.flatMap(async function* (e) {
    yield e.amount;
  });
  // @ts-expect-error not a boolean
  s.filter((e) => e.amount);
  // @ts-expect-error no such field
  s.map((e) => e.amout);
  expectType<DataStream<{ n: number }>>()(s.map((e) => ({ n: e.amount })).returns(t.record("N", { n: t.double() })), true);
  // @ts-expect-error elements do not fit
  s.map((e) => ({ n: e.accountId })).returns(t.record("N", { n: t.double() }));

  // ---------- keys ----------
  expectType<KeyedStream<string, Tx>>()(s.keyBy("accountId"), true);
  expectType<KeyedStream<"card" | "wire", Tx>>()(s.keyBy("kind"), true);
  expectType<KeyedStream<readonly [string, number], Tx>>()(s.keyBy(["accountId", "at"]), true);
  expectType<KeyedStream<string, Tx>>()(
    s.keyBy((e) => e.accountId.toUpperCase()),
    true,
  );
  expectType<KeyedStream<number, Tx>>()(
    s.keyBy((e) => Math.floor(e.amount), t.long()),
    true,
  );
  dated.keyBy("id");
  // @ts-expect-error no such field
  s.keyBy("account");
  // @ts-expect-error no such field in a composite
  s.keyBy(["accountId", "nope"]);
  // @ts-expect-error a Date is no key
  dated.keyBy("when");
  // @ts-expect-error an object is no key
  dated.keyBy("inner");
  // @ts-expect-error an optional field is no key
  dated.keyBy("maybe");
  // @ts-expect-error a selector of a Date
  dated.keyBy((e) => e.when);
  // @ts-expect-error a selector of an object
  s.keyBy((e) => ({ a: e.accountId }));
  // @ts-expect-error an async selector
  s.keyBy(async (e) => e.accountId);

  // ---------- windows ----------
  const w = k
    .window(tumbling("5m"))
    .allowedLateness("1m")
    .aggregate("a", {
      total: sum("amount"),
      mean: avg((r) => r.amount),
      n: count(),
      low: min("amount"),
      high: max((r) => r.at),
      ids: collect("accountId"),
      kinds: collectSet("kind"),
      opening: first("at"),
      closing: last(t.string(), (r) => r.accountId),
    });
  expectType<
    DataStream<{
      readonly key: string;
      readonly window: TimeWindow;
      readonly total: number;
      readonly mean: number;
      readonly n: number;
      readonly low: number;
      readonly high: number;
      readonly ids: string[];
      readonly kinds: ("card" | "wire")[];
      readonly opening: number;
      readonly closing: string;
    }>
  >()(w, true);
  const late = k
    .window(tumbling("5m", { offset: "1m" }))
    .lateOutput()
    .aggregate("b", { n: count() });
  expectType<DataStream<Tx>>()(late.side.late, true);
  // @ts-expect-error no late output was declared
  void w.side.late;
  k.window(tumbling("1h")).aggregate("c", {
    spread: custom({
      accumulator: t.array(t.double()),
      output: t.double(),
      create: () => [],
      add: (acc, e) => [...acc, e.amount],
      result: (acc) => acc.length,
    }),
  });
  // @ts-expect-error no such field in an aggregate
  k.window(tumbling("5m")).aggregate("a", { mean: avg((r) => r.nope) });
  // @ts-expect-error no such field by name
  k.window(tumbling("5m")).aggregate("a", { mean: avg("nope") });
  // @ts-expect-error not a number
  k.window(tumbling("5m")).aggregate("a", { mean: avg("accountId") });
  // @ts-expect-error an aggregate named key
  k.window(tumbling("5m")).aggregate("a", { key: count() });
  // @ts-expect-error an aggregate named window
  k.window(tumbling("5m")).aggregate("a", { window: count() });
  // @ts-expect-error what is kept needs a schema
  k.window(tumbling("5m")).aggregate("a", { ids: collect((r) => r.accountId) });
  // @ts-expect-error not a duration
  tumbling("5 minutes");
  // @ts-expect-error a negative duration
  tumbling("-5s");
  // @ts-expect-error a negative duration
  boundedOutOfOrderness("-5s");
  // @ts-expect-error a negative duration
  k.window(tumbling("5m")).allowedLateness("-1m");

  // ---------- process ----------
  const r = k.process("p", {
    output: t.string(),
    side: { risky: Tx },
    state: {
      n: valueState(t.double()),
      tags: listState(t.record("Tag", { a: t.array(t.int()) })),
      seen: mapState(t.string(), t.boolean()),
    },
    onElement(e, { key, state, emit, side, timers, timestamp }) {
      expectType<Tx>()(e, true);
      expectType<string>()(key, true);
      expectType<number | undefined>()(state.n.get(), true);
      expectType<boolean | undefined>()(state.seen.get("x"), true);
      emit("x");
      side.risky(e);
      state.n.set((state.n.get() ?? 0) + 1);
      for (const tag of state.tags.get()) state.tags.add(tag);
      timers.setEventTime(timestamp + 1);
      if (e.amount > 5) return;
      // @ts-expect-error what state gives is read-only
      state.tags.get()[0]!.a.push(1);
      // @ts-expect-error wrong output
      emit(1);
      // @ts-expect-error undeclared state
      void state.m;
      // @ts-expect-error undeclared side output
      side.other(e);
      // @ts-expect-error wrong type in a side output
      side.risky("x");
      // @ts-expect-error wrong type in state
      state.n.set("x");
    },
    onTimer(at, ctx) {
      expectType<number>()(at, true);
      expectType<"event-time" | "processing-time">()(ctx.domain, true);
      ctx.emit(ctx.key);
    },
  });
  expectType<DataStream<Tx>>()(r.side.risky, true);
  r.to("out", null! as Sink<string>);
  // @ts-expect-error nobody declared it
  void r.side.other;
  k.process("arrow", { output: t.double(), onElement: (e, { emit }) => emit(e.amount) });
  k.process("passes a stored record on", {
    output: Tx,
    state: { last: valueState(Tx) },
    onElement(_e, { emit, state }) {
      const last = state.last.get();
      if (last) emit(last);
    },
  });
  // @ts-expect-error async onElement
  k.process("p", { output: t.string(), async onElement() {} });
  // @ts-expect-error async onTimer
  k.process("p", { output: t.string(), onElement() {}, async onTimer() {} });
  // @ts-expect-error no output schema
  k.process("p", { onElement() {} });
  // @ts-expect-error state per key needs a key
  s.process("p", { output: t.string(), state: { n: valueState(t.int()) }, onElement() {} });
  s.process("p", {
    output: t.string(),
    onElement(_e, ctx) {
      // @ts-expect-error no key without keyBy
      void ctx.key;
      // @ts-expect-error no timers without keyBy
      void ctx.timers;
    },
  });

  // ---------- functions without a key, with a lifecycle ----------
  const plain = s.process("plain", {
    output: t.double(),
    side: { odd: Tx },
    state: { seen: listState(t.double()), all: unionListState(Tx) },
    open(ctx) {
      expectType<number>()(ctx.subtask.index, true);
      return { failed: ctx.metrics.counter("failed") };
    },
    onElement(e, { state, local, emit, side }) {
      expectType<Tx>()(e, true);
      local.failed.inc();
      // @ts-expect-error nobody made it
      void local.passed;
      state.seen.add(e.amount);
      // @ts-expect-error another type
      state.all.add(3);
      side.odd(e);
      emit(e.amount);
    },
    close(local) {
      expectType<number>()(local.failed.count, true);
    },
  });
  expectType<DataStream<number>>()(plain, false as never);
  expectType<DataStream<Tx>>()(plain.side.odd, true);
  // @ts-expect-error an async open
  s.process("p", { output: t.string(), open: async () => 1, onElement() {} });
  k.process("p", { output: t.int(), open: () => 5, onElement: (_e, { local, emit }) => emit(local) });

  // ---------- folding state ----------
  k.process("fold", {
    output: t.double(),
    state: {
      largest: reducingState(t.double(), (a, b) => Math.max(a, b)),
      mean: aggregatingState(t.record("Mean", { sum: t.double(), n: t.int() }), {
        create: () => ({ sum: 0, n: 0 }),
        add: ({ sum: total, n }, value: number) => ({ sum: total + value, n: n + 1 }),
        result: ({ sum: total, n }) => total / n,
      }),
    },
    onElement(e, { state, emit }) {
      state.largest.add(e.amount);
      state.mean.add(e.amount);
      // @ts-expect-error a number is added
      state.mean.add(e.accountId);
      expectType<number | undefined>()(state.largest.get(), true);
      emit(state.mean.get() ?? 0);
    },
  });
  // @ts-expect-error reduce gives the type that is kept
  reducingState(t.double(), (a, b) => `${a}${b}`);

  // ---------- partitioning ----------
  expectType<DataStream<Tx>>()(s.shuffle().rescale().global().forward(), true);
  s.partitionCustom((e, parallelism) => e.amount % parallelism);
  // @ts-expect-error a partition is a number
  s.partitionCustom((e) => e.accountId);
  expectType<DataStream<number>>()(
    s
      .map((e) => e.amount)
      .parallelism(2)
      .startNewChain()
      .disableChaining(),
    true,
  );
  expectType<DataStream<Tx>>()(plain.parallelism(3).side.odd, true);

  // ---------- broadcast state ----------
  const Limit = t.record("Limit", { kind: t.string(), most: t.double() });
  const limits = (null! as DataStream<Infer<typeof Limit>>).broadcast({ limits: mapState(t.string(), t.double()) });
  k.connect(limits).process("limited", {
    output: Tx,
    state: { total: valueState(t.double()) },
    onElement(e, { broadcast, state, key, emit }) {
      expectType<string>()(key, true);
      expectType<number | undefined>()(broadcast.limits.get(e.kind), true);
      // @ts-expect-error elements only read
      broadcast.limits.set("card", 1);
      state.total.set(1);
      emit(e);
    },
    onBroadcast(limit, { broadcast, applyToKeyedState }) {
      broadcast.limits.set(limit.kind, limit.most);
      applyToKeyedState("total", (key, total) => {
        expectType<string>()(key, true);
        total.set((total.get() ?? 0) + 1);
      });
      // @ts-expect-error no such state
      applyToKeyedState("sum", () => {});
    },
  });
  s.connect(limits).process("limited", {
    output: Tx,
    onElement: (e, { broadcast, emit }) => (e.amount < (broadcast.limits.get(e.kind) ?? 0) ? emit(e) : undefined),
    onBroadcast: (limit, { broadcast }) => broadcast.limits.set(limit.kind, limit.most),
  });
  // @ts-expect-error broadcast state is a map
  s.broadcast({ n: valueState(t.int()) });
  // @ts-expect-error not a broadcast stream
  s.connect(s);

  // ---------- mapAsync ----------
  const asked = s.mapAsync("ask", async (e, { signal, attempt }) => ({ id: e.accountId, aborted: signal.aborted, attempt }), {
    capacity: 10,
    timeout: "5s",
  });
  expectType<DataStream<{ id: string; aborted: boolean; attempt: number }>>()(asked, true);
  s.mapAsync("ask", async (e) => e.amount, {
    capacity: 10,
    timeout: "5s",
    onTimeout: (e) => e.amount,
    retries: { attempts: 2, backoff: "1s" },
  });
  // @ts-expect-error the timeout's value is no result
  s.mapAsync("ask", async (e) => e.amount, { capacity: 10, timeout: "5s", onTimeout: () => "none" });
  // @ts-expect-error without a capacity
  s.mapAsync("ask", async (e) => e.amount, { timeout: "5s" });
  // @ts-expect-error not async
  s.mapAsync("ask", (e) => e.amount, { capacity: 10, timeout: "5s" });
  // @ts-expect-error the output of one is not the input of another
  r.to("bad", txSink);

  // ---------- process functions in files of their own ----------
  const own = processFunction(Tx, {
    output: t.string(),
    side: { late: Tx },
    state: { n: valueState(t.int()) },
    onElement(e, { key, emit, state, side }) {
      expectType<Tx>()(e, true);
      expectType<Key>()(key, true);
      if (state.n.get() === 1) side.late(e);
      emit(e.accountId);
    },
  });
  expectType<DataStream<Tx>>()(k.process("own", own).side.late, true);
  s.keyBy("at").process("own", own);
  const others = s.map((e) => ({ id: e.accountId })).keyBy("id");
  // @ts-expect-error elements of another type
  others.process("own", own);
  const Both = t.record("Both", { id: t.string(), tx: t.optional(Tx), n: t.optional(t.int()) });
  const left = s.map((e) => ({ id: e.accountId, tx: e, n: undefined })).returns(Both);
  const both = s
    .map((e) => ({ id: e.accountId, tx: undefined, n: 1 }))
    .returns(Both)
    .union(left);
  expectType<DataStream<Infer<typeof Both>>>()(both, true);

  // ---------- sources and sinks ----------
  s.to("ok", txSink);
  // @ts-expect-error wrong element type
  s.map((x) => x.amount).to("bad", txSink);
  // @ts-expect-error a sink has a name
  s.to(txSink);
  const wide: DataStream<{ amount: number }> = s;
  // @ts-expect-error not contravariant
  const narrow: DataStream<Tx> = wide;
  void narrow;
  pipeline("x", (p) => {
    const a = p.from("t", txSource, {
      eventTime: (e) => {
        expectType<Tx>()(e, true);
        return e.at;
      },
      watermarks: boundedOutOfOrderness("5s", { idleAfter: "5s" }),
      onError: deadLetter(dlq),
    });
    expectType<DataStream<Tx>>()(a, true);
    expectType<DataStream<Tx>>()(p.from("u", txSource), true);
    a.map((e) => e.amount, { onError: "skip" });
    p.from("punctuated", txSource, {
      eventTime: (e) => e.at,
      watermarks: punctuatedWatermarks((e) => {
        expectType<Tx>()(e, true);
        return e.kind === "wire" ? e.at : undefined;
      }),
    });
    // @ts-expect-error a watermark is a number
    p.from("v", txSource, { eventTime: (e) => e.at, watermarks: punctuatedWatermarks((e) => e.kind) });
    a.assignWatermarks({ watermarks: customWatermarks(() => ({ onEvent: (e) => (expectType<Tx>()(e, true), e.at) })) });
    // @ts-expect-error misspelt field in eventTime
    p.from("v", txSource, { eventTime: (e) => e.att, watermarks: boundedOutOfOrderness("5s") });
    // @ts-expect-error no such policy
    a.map((e) => e.amount, { onError: "ignore" });
    const [left, right] = [a.keyBy("accountId"), a.keyBy("accountId")];
    left.intervalJoin("j", right, { lower: 0, upper: "1m" }, (x, y) => x.amount - y.amount, { onError: deadLetter(dlq) });
    left
      .join("r", right, (x) => x, { onError: "skip" })
      .map(({ row }) => row)
      .to("r-out", txSink, { onError: deadLetter(dlq) });
    left.minBy("least", "amount", { onError: "skip" });
    // @ts-expect-error no such policy of a join
    left.temporalJoin("t", right, (x) => x, { onError: "ignore" });
    // @ts-expect-error no such policy of a sink
    a.to("a-out", txSink, { onError: "ignore" });
    // @ts-expect-error a sink's name stands in front
    a.to("b-out", txSink, { name: "b" });
    // @ts-expect-error a sink of another type as dead-letter target
    deadLetter(txSink);
    // @ts-expect-error watermarks are a strategy
    p.from("w", txSource, { eventTime: (e) => e.at, watermarks: "5s" });
  });
  // @ts-expect-error an async build
  pipeline("x", async () => {});
}
