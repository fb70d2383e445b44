// Misspelt options and members of function objects, as plain JavaScript lets them pass: each is refused when the pipeline is built.
import assert from "node:assert/strict";
import { test } from "node:test";
import { t } from "../schema/t.ts";
import { arraySource, generatorSource, printSink } from "../connectors/memory/index.ts";
import { count } from "./aggregates.ts";
import type { Sink, Source } from "./connector.ts";
import type { KeyedStream } from "./data-stream.ts";
import { countEvictor } from "./evictors.ts";
import { pipeline } from "./pipeline.ts";
import { PipelineError } from "./pipeline-error.ts";
import { mapState, valueState } from "./state.ts";
import { countTrigger, customTrigger, timeoutTrigger } from "./triggers.ts";
import { boundedOutOfOrderness } from "./watermarks.ts";
import { session, tumbling } from "./windows.ts";

const Tx = t.record("Tx", { id: t.string(), amount: t.double() });
type Tx = { readonly id: string; readonly amount: number };
const create = (): never => assert.fail("never");
const source: Source<Tx> = { connector: "fake", type: Tx.type, describe: () => null, create };
const sink: Sink<unknown> = { connector: "fake", type: undefined, describe: () => null, create };

/** What the compiler would refuse. */
const js = (value: unknown): never => value as never;

function build(use: (tx: KeyedStream<string, Tx>, other: KeyedStream<string, Tx>) => unknown): void {
  pipeline("test", (p) => {
    const time = { watermarks: boundedOutOfOrderness("5s") };
    const tx = p.from("tx", source, time).keyBy("id");
    const other = p.from("other", source, time).keyBy("id");
    use(tx, other);
    tx.to("out", sink);
    other.to("other-out", sink);
  }).graph();
}

const call = async (): Promise<number> => 1;
const nothing = (): undefined => undefined;
const whole = { output: t.string(), onElement: nothing };
const windowed = (tx: KeyedStream<string, Tx>) => tx.window(tumbling("1m"));

const WRONG: readonly [what: string, use: Parameters<typeof build>[0], says: string][] = [
  ["map", (tx) => tx.map((e) => e, js({ nmae: "a" })), 'map(…): there is no option "nmae": did you mean "name"?'],
  ["flatMap", (tx) => tx.flatMap((e) => [e], js({ onerror: "skip" })), 'flatMap(…): there is no option "onerror": did you mean "onError"?'],
  ["a text for options", (tx) => tx.filter(() => true, js("big")), 'filter(…): the options are an object, not "big".'],
  ["a sink", (tx) => tx.to("o", sink, js({ onerror: "skip" })), 'to("o", sink): there is no option "onerror": did you mean "onError"?'],
  ["sum", (tx) => tx.sum("s", "amount", js({ onerror: "skip" })), 'sum("s", field): there is no option "onerror": did you mean "onError"?'],
  [
    "the errors of an interval join",
    (tx, other) => tx.intervalJoin("j", other, { lower: 0, upper: 1 }, () => 1, js({ onErrors: "skip" })),
    'intervalJoin("j", …): there is no option "onErrors": did you mean "onError"?',
  ],
  [
    "the errors of a temporal join",
    (tx, other) => tx.temporalJoin("j", other, () => 1, js({ onError: "ignore" })),
    'temporalJoin("j", …): onError is "fail", "skip" or deadLetter(…), not "ignore".',
  ],
  [
    "an array source",
    () => arraySource(Tx, [], js({ rate: 5 })),
    'arraySource(schema, rows, options): there is no option "rate"; the options are splits, timestamp, ratePerSecond.',
  ],
  [
    "a generator",
    () => generatorSource(Tx, js({ row: () => ({}), ratePerSec: 5 })),
    'generatorSource(schema, generator): there is no option "ratePerSec": did you mean "ratePerSecond"?',
  ],
  ["a generator of nothing", () => generatorSource(Tx, js({ count: 5 })), "generatorSource(schema, { row }): row is a function"],
  ["a print sink", () => printSink(js({ prefx: "a" })), 'printSink(options): there is no option "prefx": did you mean "prefix"?'],
  [
    "assignWatermarks",
    (tx) => tx.assignWatermarks(js({ eventime: () => 1, watermarks: boundedOutOfOrderness("1s") })),
    'assignWatermarks(time): there is no option "eventime": did you mean "eventTime"?',
  ],
  [
    "aggregate",
    (tx) => windowed(tx).aggregate("n", { n: count() }, js({ allowedLatenes: "1m" })),
    'aggregate("n", …): there is no option "allowedLatenes": did you mean .allowedLateness(…), which is called before?',
  ],
  [
    "nothing near",
    (tx) => windowed(tx).reduce("n", (a) => a, js({ zzz: 1 })),
    'reduce("n", …): there is no option "zzz"; the options are onError, parallelism.',
  ],
  ["allowedLateness", (tx) => windowed(tx).allowedLateness("1m", js({ emits: "final" })), 'no option "emits": did you mean "emit"?'],
  [
    "process",
    (tx) => tx.process("p", js({ output: t.string(), onElemnt: nothing })),
    '"onElemnt" is never called or read: did you mean "onElement"?',
  ],
  [
    "process without a key",
    (tx) => tx.rebalance().process("p", js({ ...whole, opne: nothing })),
    '"opne" is never called or read: did you mean "open"?',
  ],
  [
    "onTimer",
    (tx) => tx.process("p", js({ ...whole, ontimer: nothing })),
    'process("p", …): "ontimer" is never called or read: did you mean "onTimer"?',
  ],
  [
    "options of process",
    (tx) => tx.process("p", whole, js({ paralelism: 2 })),
    'process("p", …): there is no option "paralelism": did you mean "parallelism"?',
  ],
  [
    "window process",
    (tx) => windowed(tx).process("p", js({ output: t.string(), onWindow: nothing, onClaer: nothing })),
    'process("p", …): "onClaer" is never called or read: did you mean "onClear"?',
  ],
  [
    "connect",
    (tx, other) => tx.connect("c", other, js({ output: t.string(), onLeft: nothing, onRigth: nothing })),
    'connect("c", …): "onRigth" is never called or read: did you mean "onRight"?',
  ],
  [
    "broadcast",
    (tx, other) => tx.connect(other.broadcast({ rules: mapState(t.string(), Tx) })).process("b", js({ ...whole, onBroadcats: nothing })),
    'process("b", …): "onBroadcats" is never called or read: did you mean "onBroadcast"?',
  ],
  [
    "interval bounds",
    (tx, other) => tx.intervalJoin("j", other, js({ lower: 0, uper: 5 }), (a) => a),
    'intervalJoin("j", …): there is no option "uper": did you mean "upper"?',
  ],
  [
    "intervalJoin",
    (tx, other) => tx.intervalJoin("j", other, { lower: 0, upper: 5 }, (a) => a, js({ parallel: 2 })),
    'intervalJoin("j", …): there is no option "parallel"',
  ],
  [
    "windowJoin",
    (tx, other) => tx.windowJoin("j", other, tumbling("1m"), (a) => a, js({ knd: "left" })),
    'no option "knd": did you mean "kind"?',
  ],
  [
    "coGroup",
    (tx, other) => tx.coGroup("j", other, tumbling("1m"), () => [1], js({ kind: "left" })),
    'coGroup("j", …): there is no option "kind"',
  ],
  ["temporalJoin", (tx, other) => tx.temporalJoin("j", other, (a) => a, js({ isdeletion: nothing })), 'did you mean "isDeletion"?'],
  ["join", (tx, other) => tx.join("j", other, (a) => a, js({ tll: "1h" })), 'join("j", …): there is no option "tll": did you mean "ttl"?'],
  [
    "sides of join",
    (tx, other) => tx.join("j", other, (a) => a, js({ left: { kep: "latest" } })),
    'join("j", …): left: there is no option "kep": did you mean "keep"?',
  ],
  [
    "mapAsync",
    (tx) => tx.mapAsync("a", call, js({ capacity: 1, timeout: "1s", orderd: false })),
    'mapAsync("a", …): there is no option "orderd": did you mean "ordered"?',
  ],
  [
    "retries",
    (tx) => tx.mapAsync("a", call, js({ capacity: 1, timeout: "1s", retries: { attempts: 1, backof: "1s" } })),
    'mapAsync("a", …): retries: there is no option "backof": did you mean "backoff"?',
  ],
  [
    "lookupJoin",
    (tx) => tx.lookupJoin("l", js({ key: nothing, lookup: call, capacity: 1, timeout: "1s", cahce: { ttl: "1m" } }), (a) => a),
    'lookupJoin("l", …): there is no option "cahce": did you mean "cache"?',
  ],
  ["a window", (tx) => tx.window(tumbling("1m", js({ offest: "1s" }))), 'tumbling(…): there is no option "offest": did you mean "offset"?'],
  [
    "a session",
    (tx) => tx.window(session("1m", js({ tiem: "processing-time" }))),
    'session(…): there is no option "tiem": did you mean "time"?',
  ],
  ["a trigger", () => timeoutTrigger(countTrigger(2), "1s", js({ resetAtElemnt: true })), 'did you mean "resetAtElement"?'],
  ["a custom trigger", () => customTrigger(js({ onElement: () => "fire", onEventtime: nothing })), 'did you mean "onEventTime"?'],
  ["an evictor", () => countEvictor(2, js({ aftr: true })), 'countEvictor(…): there is no option "aftr": did you mean "after"?'],
  [
    "watermarks",
    () => boundedOutOfOrderness("1s", js({ idleafter: "1s" })),
    'boundedOutOfOrderness(…): there is no option "idleafter": did you mean "idleAfter"?',
  ],
  ["state", () => valueState(t.string(), js({ TTL: "1h" })), 'valueState(…): there is no option "TTL": did you mean "ttl"?'],
];

for (const [what, use, says] of WRONG)
  test(`refused: ${what}`, () =>
    assert.throws(
      () => build(use),
      (error: unknown) => {
        assert.ok(error instanceof PipelineError);
        assert.equal(error.code, "BAD_ARGUMENT");
        assert.ok(error.message.includes(says), error.message);
        assert.match(error.message, /misspelt-options\.test\.ts:\d+/);
        return true;
      },
    ));

test("function objects may have members of their own, and be of classes, with names near to ours", () => {
  class Base {
    readonly output = t.string();
    closed = false;
    opened = 0;
    onElement(): undefined {
      this.opened++;
      return undefined;
    }
  }
  class Own extends Base {
    helper(): void {}
  }
  build((tx) => {
    tx.process("class", new Own()).to("class-out", sink);
    tx.process("literal", { ...whole, limit: 5, onElements: nothing } as typeof whole).to("literal-out", sink);
  });
  class Wrong extends Base {
    onTimr(): void {}
  }
  assert.throws(() => build((tx) => tx.process("class", new Wrong())), /"onTimr" is never called or read: did you mean "onTimer"\?/);
});

test("every option that there is passes", () =>
  build((tx, other) => {
    const common = { onError: "skip", parallelism: 1 } as const;
    tx.map((e) => e, { name: "m", ...common }).to("m-out", sink);
    tx.mapAsync("a", call, {
      capacity: 1,
      timeout: "1s",
      onTimeout: "fail",
      ordered: true,
      retries: { attempts: 1, backoff: "1s", maxBackoff: "1m" },
      ...common,
    }).to("a-out", sink);
    tx.lookupJoin(
      "l",
      {
        key: (e) => e.id,
        lookup: call,
        kind: "left",
        cache: { ttl: "1m", maxEntries: 5, missing: true },
        capacity: 1,
        timeout: "1s",
        ...common,
      },
      (e) => e,
    ).to("l-out", sink);
    tx.windowJoin("w", other, session("1m", { mergedOrder: "arrival" }), (a) => a, {
      kind: "left",
      allowedLateness: "1s",
      parallelism: 1,
    }).to("w-out", sink);
    tx.coGroup("g", other, tumbling("1m", { offset: "1s", time: "event-time" }), () => [1], {
      trigger: countTrigger(2),
      evictor: countEvictor(2, { after: true }),
    }).to("g-out", sink);
    tx.temporalJoin("t", other, (a) => a, { kind: "left", isDeletion: () => false, parallelism: 1 }).to("t-out", sink);
    tx.join("j", other, (a) => a, {
      kind: "full",
      left: { keep: "latest", isDeletion: () => false },
      ttl: "1h",
      ttlDomain: "event-time",
    }).to("j-out", sink);
    tx.intervalJoin("i", other, { lower: 0, upper: 5, lowerExclusive: true, upperExclusive: true, lateOutputs: false }, (a) => a, {
      parallelism: 1,
    }).to("i-out", sink);
    windowed(tx).allowedLateness("1m", { emit: "updates" }).aggregate("n", { n: count() }, common).to("n-out", sink);
  }));
