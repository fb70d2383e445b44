// The benchmark's pipelines for event time: sliding and session windows, joins of two streams, timers, broadcast rules. Rows and keys are
// those of cases.ts; each key comes every 100 ms of event time on average.
import {
  count,
  mapState,
  monotonousTimestamps,
  pipeline,
  session,
  sliding,
  sum,
  t,
  valueState,
  type PipelineBuilder,
  type Sink,
} from "millrace";
import { generatorSource } from "../../src/connectors/memory/index.ts";
import { intKeyed, type EngineCase, type Load } from "./keyed-rows.ts";

const Pair = t.record("Pair", { key: t.long(), sum: t.double() });
const Rule = t.record("Rule", { id: t.long(), limit: t.double() });
const RULES = 100;
const time = { watermarks: monotonousTimestamps() };

function half(load: Load): Load {
  return { ...load, events: load.events / 2, ratePerSecond: load.ratePerSecond === undefined ? undefined : load.ratePerSecond / 2 };
}

function rows(p: PipelineBuilder, name: string, load: Load) {
  return p.from(name, intKeyed(load), time).keyBy("key");
}

function newCase(
  name: string,
  goal: number,
  events: number,
  build: (p: PipelineBuilder, load: Load, sink: Sink<unknown>) => void,
): EngineCase {
  return { name, goal, events, build: (load, sink) => pipeline(name, (p) => void build(p, load, sink)) };
}

export const EVENT_TIME_CASES: readonly EngineCase[] = [
  newCase("sliding-window", 1.5e6, 20e6, (p, load, sink) => {
    rows(p, "rows", load)
      .window(sliding("10s", "2s"))
      .aggregate("per-10s", { n: count(), total: sum("value") })
      .to("out", sink);
  }),
  newCase("session-window", 1e6, 5e6, (p, load, sink) => {
    rows(p, "rows", load)
      .window(session("100ms"))
      .aggregate("sessions", { n: count(), total: sum("value") })
      .to("out", sink);
  }),
  newCase("interval-join", 0.7e6, 5e6, (p, load, sink) => {
    rows(p, "left", half(load))
      .intervalJoin("near", rows(p, "right", half(load)), { lower: -100, upper: 100 }, (a, b) => ({ key: a.key, sum: a.value + b.value }))
      .returns(Pair)
      .to("out", sink);
  }),
  newCase("co-process", 1.5e6, 6e6, (p, load, sink) => {
    rows(p, "left", half(load))
      .connect("both", rows(p, "right", half(load)), {
        output: Pair,
        state: { sum: valueState(t.double()) },
        onLeft(e, ctx) {
          ctx.state.sum.set((ctx.state.sum.get() ?? 0) + e.value);
        },
        onRight(e, ctx) {
          ctx.emit({ key: e.key, sum: ctx.state.sum.get() ?? 0 });
        },
      })
      .to("out", sink);
  }),
  newCase("timer-per-event", 1e6, 5e6, (p, load, sink) => {
    rows(p, "rows", load)
      .process("ring", {
        output: Pair,
        onElement(_, ctx) {
          ctx.timers.setEventTime(Math.floor(ctx.timestamp) + 100);
        },
        onTimer(at, ctx) {
          ctx.emit({ key: ctx.key, sum: at });
        },
      })
      .to("out", sink);
  }),
  newCase("broadcast-rules", 1e6, 5e6, (p, load, sink) => {
    const rules = p
      .from("rules", generatorSource(Rule, { count: RULES, row: (id) => ({ id, limit: id * 655 }), timestamp: () => 0 }), time)
      .broadcast({ limits: mapState(t.long(), t.double()) });
    rows(p, "rows", load)
      .connect(rules)
      .process("over", {
        output: Pair,
        state: { over: valueState(t.long()) },
        onElement(e, ctx) {
          const limit = ctx.broadcast.limits.get(e.key % RULES);
          if (limit === undefined || e.value <= limit) return;
          ctx.state.over.set((ctx.state.over.get() ?? 0) + 1);
          ctx.emit({ key: e.key, sum: e.value });
        },
        onBroadcast(rule, ctx) {
          ctx.broadcast.limits.set(rule.id, rule.limit);
        },
      })
      .to("out", sink);
  }),
];
