// The pipeline of the simulation: keyed sums with a hash chain over all records of a key, windows and event-time timers, each to a topic of
// its own, and sessions, joins and asynchronous calls to another, exactly once. checkers/pipeline-checker.ts recomputes what it must write.
import { kafkaSink } from "../../src/connectors/kafka/kafka-sink.ts";
import { kafkaSource } from "../../src/connectors/kafka/kafka-source.ts";
import { topic } from "../../src/connectors/kafka/topic.ts";
import type { TypeOf } from "../../src/schema/foreign/foreign-types.ts";
import { t } from "../../src/schema/t.ts";
import { count, sum } from "../../src/stream/aggregates.ts";
import type { StreamGraph } from "../../src/stream/graph.ts";
import { pipeline } from "../../src/stream/pipeline.ts";
import { valueState } from "../../src/stream/state.ts";
import { boundedOutOfOrderness } from "../../src/stream/watermarks.ts";
import { session, tumbling } from "../../src/stream/windows.ts";

export const IN_TOPIC = "in";
export const SUMS_TOPIC = "sums";
export const WINDOWS_TOPIC = "windows";
export const TIMERS_TOPIC = "timers";
export const EXTRAS_TOPIC = "extras";
export const PIPELINE_TOPICS = [IN_TOPIC, SUMS_TOPIC, WINDOWS_TOPIC, TIMERS_TOPIC, EXTRAS_TOPIC];
export const RULES = { windowMs: 500, timerMs: 250, sessionGapMs: 240, pairMs: 150 } as const;
/** The process function whose state is held against the recomputed one. */
export const SUM_OPERATOR = "sum";
/** How much older than its predecessors an input record may be: never late. */
export const JITTER_MS = 60;

const Input = t.record("Input", { id: t.int(), key: t.string(), amount: t.int(), at: t.timestamp() });
const Sum = t.record("Sum", { key: t.string(), id: t.int(), count: t.int(), sum: t.long(), hash: t.int() });
const Window = t.record("Window", { key: t.string(), start: t.long(), count: t.long(), sum: t.double() });
const Timer = t.record("Timer", { key: t.string(), at: t.long() });
/** What `a`, `b` and `sum` are depends on the kind: see ExtraRow in the checker. */
const Extra = t.record("Extra", { kind: t.string(), key: t.string(), a: t.long(), b: t.long(), sum: t.double() });

/** FNV's prime. */
const HASH_PRIME = 0x01000193;

const simulated = pipeline("simulated", (p) => {
  const input = p.from("in", kafkaSource(topic(IN_TOPIC, Input)), {
    eventTime: (row) => row.at,
    watermarks: boundedOutOfOrderness(JITTER_MS, { idleAfter: "never" }),
  });
  const sums = input.keyBy("key").process(SUM_OPERATOR, {
    output: Sum,
    side: { timers: Timer },
    state: { count: valueState(t.int()), sum: valueState(t.long()), hash: valueState(t.int()) },
    onElement(row, ctx) {
      const count = (ctx.state.count.get() ?? 0) + 1;
      const total = (ctx.state.sum.get() ?? 0) + row.amount;
      const hash = (Math.imul((ctx.state.hash.get() ?? 0) ^ row.id, HASH_PRIME) + row.amount) | 0;
      ctx.state.count.set(count);
      ctx.state.sum.set(total);
      ctx.state.hash.set(hash);
      ctx.timers.setEventTime((Math.floor(row.at / RULES.timerMs) + 1) * RULES.timerMs);
      ctx.emit({ key: row.key, id: row.id, count, sum: total, hash });
    },
    onTimer(at, ctx) {
      ctx.side.timers({ key: String(ctx.key), at });
    },
  });
  sums.to("sums", kafkaSink(topic(SUMS_TOPIC, Sum, { key: "key" })));
  sums.side.timers.to("timers", kafkaSink(topic(TIMERS_TOPIC, Timer, { key: "key" })));
  input
    .keyBy("key")
    .window(tumbling(RULES.windowMs))
    .aggregate("totals", { count: count(), sum: sum("amount") })
    .map((row) => ({ key: row.key, start: row.window.start, count: row.count, sum: row.sum }))
    .to("windows", kafkaSink(topic(WINDOWS_TOPIC, Window, { key: "key" })));
  const sessions = input
    .keyBy("key")
    .window(session(RULES.sessionGapMs))
    .aggregate("sessions", { sum: sum("amount") })
    .map(({ key, window, sum: total }) => ({ kind: "session", key, a: window.start, b: window.end, sum: total }));
  const even = input.filter(({ id }) => id % 2 === 0).keyBy("key");
  const odd = input.filter(({ id }) => id % 2 === 1).keyBy("key");
  const pairs = even.intervalJoin("pairs", odd, { lower: -RULES.pairMs, upper: RULES.pairMs }, (left, right) => ({
    kind: "pair",
    key: left.key,
    a: left.id,
    b: right.id,
    sum: left.amount + right.amount,
  }));
  const versions = even.temporalJoin(
    "versions",
    odd,
    (left, right) => ({ kind: "version", key: left.key, a: left.id, b: right?.id ?? -1, sum: left.amount + (right?.amount ?? 0) }),
    { kind: "left" },
  );
  const answers = input
    .filter(({ id }) => id % 3 === 0)
    .mapAsync("answers", (row) => answer(row.id, answerTo(row)), { capacity: 8, timeout: "30ms", onTimeout: answerTo });
  sessions
    .union(pairs, versions, answers)
    .returns(Extra)
    .to("extras", kafkaSink(topic(EXTRAS_TOPIC, Extra, { key: "key" })));
});

const answerTo = (row: { readonly key: string; readonly id: number; readonly amount: number }): TypeOf<typeof Extra> => ({
  kind: "answer",
  key: row.key,
  a: row.id,
  b: 0,
  sum: row.amount * 2,
});

/** Comes after some turns, other answers after others, and some never: the time-out gives what they would have been. */
async function answer<T>(id: number, row: T): Promise<T> {
  if (id % 4 === 0) return await new Promise<never>(() => {});
  for (let turn = 0; turn < id % 7; turn++) await undefined;
  return row;
}

export function simulatedGraph(): StreamGraph {
  return simulated.graph();
}

/** For the worker thread, which imports this module. */
export default simulated;
