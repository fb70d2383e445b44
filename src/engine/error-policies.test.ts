// onError of what works with more than one element at a time: joins lose the pair and nothing else, sinks the row. And what a failed job says
// of a window, a timer and an aggregate.
import assert from "node:assert/strict";
import { test } from "node:test";
import { arraySource, collectSink, functionSink, generatorSource, type CollectSink } from "../connectors/memory/index.ts";
import { t } from "../schema/t.ts";
import { count, custom, sum } from "../stream/aggregates.ts";
import { deadLetter } from "../stream/dead-letter.ts";
import type { DeadLetter } from "../stream/graph.ts";
import type { KeyedStream } from "../stream/data-stream.ts";
import { pipeline, type PipelineBuilder } from "../stream/pipeline.ts";
import { countTrigger, customTrigger } from "../stream/triggers.ts";
import { boundedOutOfOrderness } from "../stream/watermarks.ts";
import { countWindow, globalWindow, session, sliding, tumbling } from "../stream/windows.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import type { JobStatus } from "./coordinator/job-status.ts";
import { JobFailedError } from "./coordinator/job-failure.ts";
import { runJob } from "./run-job.ts";

const Event = t.record("Event", { k: t.string(), n: t.int(), at: t.timestamp() });
interface Event {
  readonly k: string;
  readonly n: number;
  readonly at: number;
}

const rows: readonly Event[] = Array.from({ length: 40 }, (_, n) => ({ k: n % 3 === 0 ? "a" : "b", n, at: 1000 * n }));
const HOUR = 3_600_000;

interface How {
  readonly parallelism: number;
  readonly codegen: "auto" | "off";
}

const WAYS: readonly How[] = [1, 4].flatMap((parallelism) => (["auto", "off"] as const).map((codegen) => ({ parallelism, codegen })));

async function run(build: (p: PipelineBuilder) => undefined, { parallelism, codegen }: How): Promise<JobStatus> {
  const simulation = createSimulation(11);
  const graph = pipeline("policies", build).graph();
  return await simulation.run(async () => {
    const job = await runJob(simulation.env(), { graph, parallelism, codegen, restart: { kind: "none" } });
    await job.finished;
    return job.status();
  });
}

type Keyed = KeyedStream<string, Event>;

function source(p: PipelineBuilder, name = "in"): Keyed {
  return p.from(name, arraySource(Event, rows), { eventTime: (e) => e.at, watermarks: boundedOutOfOrderness(0) }).keyBy("k");
}

/** Odd partners are refused. */
function pair(left: Event, right: Event | undefined): string {
  if ((left.n + (right?.n ?? 0)) % 5 === 0) throw new RangeError(`no pair of ${left.n} and ${right?.n}`);
  return `${left.n}+${right?.n}`;
}

const bad = (what: string): never => {
  throw new RangeError(what);
};

type Policy = "skip" | ReturnType<typeof deadLetter>;

const JOINS: Readonly<Record<string, (left: Keyed, right: Keyed, onError: Policy, out: CollectSink<unknown>) => undefined>> = {
  interval: (left, right, onError, out) => left.intervalJoin("join", right, { lower: 0, upper: "4s" }, pair, { onError }).to("out", out),
  window: (left, right, onError, out) => left.windowJoin("join", right, tumbling("10s"), pair, { onError }).to("out", out),
  temporal: (left, right, onError, out) => left.temporalJoin("join", right, pair, { onError }).to("out", out),
  regular: (left, right, onError, out) =>
    left
      .join("join", right, pair, { onError })
      .map(({ row }) => row)
      .to("out", out),
};

for (const [kind, join] of Object.entries(JOINS))
  test(`a pair that the function of a ${kind} join throws on is lost, and no other`, async () => {
    const all = collectSink();
    for (const how of WAYS) {
      const letters = collectSink<DeadLetter>();
      const [kept, skipped] = [collectSink(), collectSink()];
      await run((p) => join(source(p), source(p, "other"), deadLetter(letters), kept), how);
      const status = await run((p) => join(source(p), source(p, "other"), "skip", skipped), how);
      assert.deepEqual(kept.rows.toSorted(), skipped.rows.toSorted());
      assert.equal(status.operators.find(({ name }) => name === "join")!.skipped, letters.rows.length);
      assert.ok(letters.rows.length > 0 && kept.rows.length > 0);
      const sumOf = (text: unknown): number => String(text).split("+").reduce((total, n) => total + Number(n), 0); // prettier-ignore
      assert.ok(kept.rows.every((text) => sumOf(text) % 5 !== 0));
      for (const { operator, error, key, value, place } of letters.rows) {
        const { left, right } = JSON.parse(value) as { left: Event; right: Event };
        assert.equal(operator, "join");
        assert.equal(error, `RangeError: no pair of ${left.n} and ${right.n}`);
        assert.equal(key, JSON.stringify(left.k));
        assert.match(place!, /error-policies\.test\.ts:\d+:\d+$/);
      }
      if (all.rows.length === 0) (all.rows as unknown[]).push(...kept.rows.toSorted());
      assert.deepEqual(kept.rows.toSorted(), all.rows, "the same at every parallelism");
    }
  });

test("what a coGroup throws on is the group, whose window its dead letter tells", async () => {
  for (const how of WAYS) {
    const letters = collectSink<DeadLetter>();
    const out = collectSink();
    await run(
      (p) =>
        source(p)
          .coGroup(
            "groups",
            source(p, "other"),
            tumbling("10s"),
            ({ key, left }) => {
              if (key === "a") throw new RangeError("no group");
              return [left.length];
            },
            { onError: deadLetter(letters) },
          )
          .to("out", out),
      how,
    );
    assert.equal(out.rows.length, 4);
    assert.deepEqual(
      letters.rows.map(({ key, value }) => [key, value]).toSorted(),
      [0, 1, 2, 3].map((n) => ['"a"', `{"window":{"start":${n * 10_000},"end":${n * 10_000 + 10_000}}}`]),
    );
  }
});

test("a window whose function throws loses that result and nothing else, and its state ends with it", async () => {
  for (const how of WAYS) {
    const out = collectSink<number>();
    const cleared: number[] = [];
    const letters = collectSink<DeadLetter>();
    const status = await run(
      (p) =>
        source(p)
          .window(countWindow(4, 2))
          .process("x", {
            output: t.int(),
            onError: deadLetter(letters),
            onWindow: (all, { emit }) => {
              if (all.some(({ n }) => n === 10)) bad("ten");
              emit(all.at(-1)!.n);
            },
          })
          .to("out", out),
      how,
    );
    // Key "b" has 1 2 4 5 7 8 10 11 13 14 …: every second element fires, with the last four of them.
    const ofB = rows.filter(({ k }) => k === "b").map(({ n }) => n); // prettier-ignore
    const ofA = rows.filter(({ k }) => k === "a").map(({ n }) => n); // prettier-ignore
    const fires = [ofA, ofB].flatMap((all) => all.filter((_, at) => at % 2 === 1));
    assert.deepEqual(
      out.rows.toSorted((a, b) => a - b),
      fires.filter((n) => n !== 11 && n !== 14).toSorted((a, b) => a - b),
    );
    assert.deepEqual(letters.rows.map(({ value, offset, key }) => [value, offset, key]), [11, 14].map((n) => ['{"window":{"global":true}}', n, '"b"'])); // prettier-ignore
    assert.equal(status.operators.find(({ name }) => name === "x")!.deadLettered, 2);
    const kept = await run(
      (p) =>
        source(p)
          .window(tumbling("10s"))
          .process("x", {
            output: t.int(),
            onError: "skip",
            onWindow: () => bad("never"),
            onClear: ({ window }) => void cleared.push(window.start),
          })
          .to("out", out),
      how,
    );
    const { skipped, keptKeys } = kept.operators.find(({ name }) => name === "x")!;
    assert.deepEqual([skipped, keptKeys], [8, 0]);
    assert.equal(cleared.length, 8);
  }
});

test("an element that a trigger throws on is not in its window; sessions that it merged stay merged", async () => {
  const events = [1, 3, 9, 6, 5, 30].map((at, n) => ({ k: "a", n, at }));
  const picky = customTrigger({
    onElement: ({ at }: Event) => (at === 6 ? bad("six") : "continue"),
    onEventTime: () => "continue",
    merge: (a) => a,
    onMerge: () => undefined,
  });
  for (const how of WAYS) {
    const [out, letters] = [collectSink(), collectSink<DeadLetter>()];
    const fires = customTrigger({
      onElement: (e: Event, { window, timers }) => {
        timers.setEventTime((window as { end: number }).end - 1);
        return picky.trigger.kind === "custom" ? (picky.trigger.onElement(e, undefined) as "continue") : "continue";
      },
      onEventTime: () => "fire",
      merge: (a: unknown) => a,
      onMerge: ({ window, timers }) => void timers.setEventTime((window as { end: number }).end - 1),
    });
    await run(
      (p) =>
        p
          .from("in", arraySource(Event, events), { eventTime: (e) => e.at, watermarks: boundedOutOfOrderness(20) })
          .keyBy("k")
          .window(session(4))
          .trigger(fires)
          .process("x", {
            output: t.string(),
            onError: deadLetter(letters),
            onWindow: (all, { window, emit }) => emit(`${window.start}-${window.end}: ${all.map(({ at }) => at).join(" ")}`),
          })
          .to("out", out),
      how,
    );
    assert.deepEqual(out.rows.toSorted(), ["1-13: 1 3 9 5", "30-34: 30"]);
    assert.deepEqual(letters.rows.map(({ error, offset }) => [error, offset]), [["RangeError: six", 3]]); // prettier-ignore
  }
});

test("a key that a rolling aggregate cannot use goes by the aggregate's policy", async () => {
  for (const method of ["sum", "min", "max", "minBy", "maxBy"] as const) {
    const letters = collectSink<DeadLetter>();
    const out = collectSink();
    const keyed = (p: PipelineBuilder) =>
      p.from("in", arraySource(Event, rows)).keyBy((e) => {
        if (e.n === 7) throw new RangeError("no key");
        return e.k;
      }, t.string());
    const best = (p: PipelineBuilder) => keyed(p)[method]("best", "n", { onError: deadLetter(letters) });
    await run((p) => best(p).to("out", out), WAYS[2]!);
    assert.deepEqual(
      letters.rows.map(({ operator, error, offset }) => [operator, error, offset]),
      [["best", "RangeError: no key", 7]],
    );
    assert.equal(out.rows.length, rows.length - 1);
  }
});

test("rows of an array or a generator that are not of the schema go by the source's policy, and the others keep their offsets", async () => {
  const odd = (n: number): Event => (n % 4 === 1 ? { k: "a", n: "odd" as never, at: n } : { k: "a", n, at: n });
  const all = Array.from({ length: 3000 }, (_, n) => odd(n));
  const sources = { array: arraySource(Event, all), generator: generatorSource(Event, { count: all.length, row: odd }) };
  for (const [name, made] of Object.entries(sources)) {
    const [letters, later] = [collectSink<DeadLetter>(), collectSink<DeadLetter>()];
    const out = collectSink<number>();
    const check = ({ n }: Event): number => (n % 4 === 2 ? bad("later") : n);
    await run(
      (p) =>
        p
          .from("in", made, { onError: deadLetter(letters) })
          .map(check, { onError: deadLetter(later) })
          .to("out", out),
      WAYS[0]!,
    );
    assert.deepEqual(
      out.rows,
      all.map((_, n) => n).filter((n) => n % 4 === 0 || n % 4 === 3),
    );
    const offsets = (of: CollectSink<DeadLetter>): number[] => of.rows.map(({ offset }) => offset);
    assert.deepEqual(offsets(letters), all.map((_, n) => n).filter((n) => n % 4 === 1)); // prettier-ignore
    assert.deepEqual(offsets(later), all.map((_, n) => n).filter((n) => n % 4 === 2)); // prettier-ignore
    for (const { error, topic, partition, value } of letters.rows) {
      assert.deepEqual([error, topic, partition], ["n: expected int, got a string of 3 characters", name, 0]);
      assert.equal((JSON.parse(value) as Event).n, "odd");
    }
  }
});

test("a row that a sink's function throws on is skipped and counted, or becomes a dead letter", async () => {
  for (const how of WAYS) {
    const taken: number[] = [];
    const picky = functionSink((row: Event) => {
      if (row.n % 10 === 3) throw new RangeError(`not ${row.n}`);
      taken.push(row.n);
    });
    const letters = collectSink<DeadLetter>();
    const lenient = (p: PipelineBuilder, onError: Policy): undefined =>
      source(p)
        .rebalance()
        .filter((e) => e.n >= 0)
        .to("out", picky, { onError });
    const status = await run((p) => lenient(p, "skip"), how);
    const sink = status.operators.find(({ name }) => name === "out")!;
    assert.equal(sink.skipped, 4);
    assert.match(sink.lastError!, /^RangeError: not \d+ \(\/.*error-policies\.test\.ts:\d+:\d+\)$/);
    assert.equal(taken.length, 36);
    const again = await run((p) => lenient(p, deadLetter(letters)), how);
    assert.equal(again.operators.find(({ name }) => name === "out")!.deadLettered, 4);
    assert.equal(again.operators.find(({ name }) => name === "out-dead-letters")!.recordsIn, 4);
    assert.deepEqual(
      letters.rows
        .map(({ operator, error, offset, timestamp, value }) => [operator, error, offset, timestamp, (JSON.parse(value) as Event).n])
        .toSorted((a, b) => Number(a[2]) - Number(b[2])),
      [3, 13, 23, 33].map((n) => ["out", `RangeError: not ${n}`, n, 1000 * n, n]),
    );
    for (const { place } of letters.rows) assert.match(place!, /error-policies\.test\.ts:\d+:\d+$/);
  }
});

async function failure(build: (p: PipelineBuilder) => undefined, how: How): Promise<JobFailedError> {
  try {
    await run(build, how);
  } catch (error) {
    assert.ok(error instanceof JobFailedError, String(error));
    return error;
  }
  return assert.fail("the job did not fail");
}

const PLACE = /\(\/.*error-policies\.test\.ts:\d+:\d+\)$/;
/** Build, and what the message says behind the operator's name. */
const FAILURES: Readonly<Record<string, readonly [(stream: Keyed) => undefined, RegExp]>> = {
  "a sink's function": [
    (s) => s.to("x", functionSink((e: Event) => void (e.n === 5 && bad("oh")))), // prettier-ignore
    /^Job "policies" failed in "x", record array-0@5: oh /,
  ],
  "an aggregate of a tumbling window": [
    (s) =>
      s
        .window(tumbling("1h"))
        .aggregate("x", { n: count(), s: sum((e: Event) => (e.n === 5 ? bad("oh") : e.n)) })
        .to("out", collectSink()),
    /^Job "policies" failed in "x" at key "b", record array-0@5: oh /,
  ],
  "an aggregate of a sliding window": [
    (s) =>
      s
        .window(sliding("1h", "10m"))
        .aggregate("x", { s: sum((e: Event) => (e.n === 6 ? bad("oh") : e.n)) })
        .to("out", collectSink()),
    /^Job "policies" failed in "x" at key "a", record array-0@6: oh /,
  ],
  "an aggregate of a session": [
    (s) =>
      s
        .window(session("1m"))
        .aggregate("x", { s: sum((e: Event) => (e.n === 6 ? bad("oh") : e.n)) })
        .to("out", collectSink()),
    /^Job "policies" failed in "x" at key "a", record array-0@6: oh /,
  ],
  "an aggregate's field that holds no number": [
    (s) =>
      s
        .map((e) => (e.n === 5 ? { k: e.k, n: "five" as unknown as number } : { k: e.k, n: e.n }))
        .keyBy((e) => e.k, t.string())
        .window(tumbling("1h"))
        .aggregate("x", { s: sum("n") })
        .to("out", collectSink()),
    /^Job "policies" failed in "x" at key "b", record array-0@5: Aggregate 's' wants a number/,
  ],
  "an aggregate's result": [
    (s) =>
      s
        .window(tumbling("1h"))
        .aggregate("x", {
          c: custom({ accumulator: t.long(), output: t.long(), create: () => 0, add: (n: number) => n + 1, result: () => bad("oh") }),
        })
        .to("out", collectSink()),
    /^Job "policies" failed in "x" at key "[ab]", window 1970-01-01T00:00:00\.000Z to 1970-01-01T01:00:00\.000Z: oh /,
  ],
  "a window's function": [
    (s) =>
      s
        .window(tumbling("10s"))
        .process("x", { output: t.int(), onWindow: (_, { window }) => void (window.start === 10_000 && bad("oh")) })
        .to("out", collectSink()),
    /^Job "policies" failed in "x" at key "[ab]", window 1970-01-01T00:00:10\.000Z to 1970-01-01T00:00:20\.000Z: oh /,
  ],
  "the function of a global window": [
    (s) =>
      s
        .window(globalWindow())
        .trigger(countTrigger(4))
        .process("x", { output: t.int(), onWindow: () => bad("oh") })
        .to("out", collectSink()),
    /^Job "policies" failed in "x" at key "b", the global window, record array-0@5: oh /,
  ],
  "a window's onClear": [
    (s) =>
      s
        .window(tumbling("10s"))
        .process("x", { output: t.int(), onWindow: () => undefined, onClear: () => bad("oh") })
        .to("out", collectSink()),
    /^Job "policies" failed in "x" at key "[ab]", window 1970-01-01T00:00:00\.000Z to 1970-01-01T00:00:10\.000Z: oh /,
  ],
  "a window join": [
    (s) => s.windowJoin("x", s, tumbling("1h"), () => bad("oh")).to("out", collectSink()),
    /^Job "policies" failed in "x" at key "[ab]", window 1970-01-01T00:00:00\.000Z to 1970-01-01T01:00:00\.000Z: oh /,
  ],
  "an interval join": [
    (s) => s.intervalJoin("x", s, { lower: 0, upper: HOUR }, (l) => (l.n === 3 ? bad("oh") : 1)).to("out", collectSink()),
    /^Job "policies" failed in "x" at key "a", record array-0@\d+: oh /,
  ],
  "a timer": [
    (s) =>
      s
        .process("x", {
          output: t.int(),
          onElement: (e, { timers }) => timers.setEventTime(e.at + 500),
          onTimer: () => bad("oh"),
        })
        .to("out", collectSink()),
    /^Job "policies" failed in "x" at key "[ab]", event-time timer 1970-01-01T00:00:0[0-9]\.500Z: oh /,
  ],
  "a timer that nobody waits for": [
    (s) => s.process("x", { output: t.int(), onElement: (e, { timers }) => timers.setEventTime(e.at) }).to("out", collectSink()),
    /^Job "policies" failed in "x" at key "a", record array-0@0: A timer was set, and the function has no onTimer\(at, ctx\)/,
  ],
  "a flatMap that returns nothing": [
    (s) => s.flatMap((e) => (e.n === 4 ? (undefined as never) : [e]), { name: "x" }).to("out", collectSink()),
    /^Job "policies" failed in "x", record array-0@4: flatMap\(fn\): the function returns an array or another iterable \(\[\] for no element\), not undefined/,
  ],
  open: [
    (s) => s.process("x", { output: t.int(), open: () => bad("oh"), onElement: () => undefined }).to("out", collectSink()),
    /^Job "policies" failed in "x": oh /,
  ],
  "a rolling reduce": [
    (s) => s.reduce("x", (a, e) => (e.n === 7 ? bad("oh") : a)).to("out", collectSink()),
    /^Job "policies" failed in "x" at key "b", record array-0@7: oh /,
  ],
};

for (const [what, [build, message]] of Object.entries(FAILURES))
  test(`a job that fails in ${what} says where`, async () => {
    for (const how of WAYS) {
      const { message: text, operator } = await failure((p) => build(source(p)), how);
      assert.equal(operator, "x");
      assert.match(text, message);
      if (!/wants a number|flatMap/.test(text)) assert.match(text, PLACE);
    }
  });
