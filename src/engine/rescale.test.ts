// The pipeline oracle: run at parallelism 1 to the end; then checkpoint and kill at 2, and finish at 3 (and back at 1): equal output.
import assert from "node:assert/strict";
import { test } from "node:test";
import { collectSink } from "../connectors/memory/collect-sink.ts";
import { generatorSource } from "../connectors/memory/generator-source.ts";
import { t } from "../schema/t.ts";
import { count, first, last, max, sum } from "../stream/aggregates.ts";
import type { Sink } from "../stream/connector.ts";
import { pipeline, type Pipeline, type PipelineBuilder } from "../stream/pipeline.ts";
import { listState, mapState, valueState } from "../stream/state.ts";
import { monotonousTimestamps } from "../stream/watermarks.ts";
import { tumbling } from "../stream/windows.ts";
import { createSimulation, type Simulation } from "../testing/simulation/simulation.ts";
import { runJob } from "./run-job.ts";

const SEED = Number(process.env["MILLRACE_SEED"] ?? 5);
const SPLITS = 4;
const ROWS = 150;
const BASE = 1_700_000_000_000;

const Event = t.record("Event", { key: t.string(), user: t.long(), amount: t.double(), at: t.timestamp() });

/** Keys belong to one split each, so per-key order does not depend on how splits interleave. */
function events(p: PipelineBuilder) {
  const row = (index: number, split: number) => ({
    key: `k${split}-${(index * 7) % 11}`,
    user: split * 1000 + ((index * 13) % 17),
    amount: ((index * 31 + split) % 97) / 4,
    at: BASE + index * 40 + split,
  });
  return p.from("events", generatorSource(Event, { count: ROWS, splits: SPLITS, ratePerSecond: 500, row }), {
    eventTime: (event) => event.at,
    watermarks: monotonousTimestamps(),
  });
}

const Result = t.record("Result", { key: t.string(), text: t.string() });

const CASES: Readonly<Record<string, (p: PipelineBuilder, out: (name: string) => Sink<unknown>) => void>> = {
  "value state, running totals": (p, out) =>
    events(p)
      .keyBy("key")
      .process("totals", {
        output: Result,
        state: { total: valueState(t.double()), last: valueState(Event) },
        onElement(event, ctx) {
          const total = (ctx.state.total.get() ?? 0) + event.amount;
          const before = ctx.state.last.get()?.at ?? 0;
          ctx.state.total.set(total);
          ctx.state.last.set(event);
          ctx.emit({ key: event.key, text: `${event.at} after ${before}: ${total}` });
        },
      })
      .to("out", out("out")),
  "list and map state": (p, out) =>
    events(p)
      .map((event) => event, { name: "same" })
      .returns(Event)
      .keyBy("user")
      .process("history", {
        output: Result,
        state: { amounts: listState(t.double()), byKey: mapState(t.string(), t.long()) },
        onElement(event, ctx) {
          ctx.state.amounts.add(event.amount);
          ctx.state.byKey.set(event.key, (ctx.state.byKey.get(event.key) ?? 0) + 1);
          const keys = [...ctx.state.byKey.entries()].map(([key, n]) => `${key}:${n}`).sort();
          ctx.emit({ key: event.key, text: `${event.user} ${[...ctx.state.amounts.get()].join(",")} ${keys.join(" ")}` });
          if (ctx.state.amounts.get().length >= 5) ctx.state.amounts.clear();
        },
      })
      .to("out", out("out")),
  "event-time timers": (p, out) =>
    events(p)
      .keyBy("key")
      .process("silence", {
        output: Result,
        state: { last: valueState(t.timestamp()), n: valueState(t.long()) },
        onElement(event, ctx) {
          const before = ctx.state.last.get();
          if (before !== undefined) ctx.timers.deleteEventTime(before + 300);
          ctx.state.last.set(event.at);
          ctx.state.n.set((ctx.state.n.get() ?? 0) + 1);
          ctx.timers.setEventTime(event.at + 300);
          ctx.timers.setEventTime(event.at + 5000);
        },
        onTimer(at, ctx) {
          ctx.emit({ key: ctx.key, text: `${at} ${ctx.state.last.get()} ${ctx.state.n.get()}` });
        },
      })
      .to("out", out("out")),
  "tumbling windows": (p, out) =>
    events(p)
      .keyBy("key")
      .window(tumbling("1s"))
      .aggregate("per-second", { n: count(), total: sum("amount"), most: max("amount"), opening: first("at"), closing: last("at") })
      .to("out", out("out")),
  "two keyed steps with a side output": (p, out) => {
    const split = events(p)
      .keyBy("key")
      .process("numbered", {
        output: t.record("Numbered", { user: t.long(), at: t.timestamp(), n: t.long() }),
        side: { large: Result },
        state: { n: valueState(t.long()) },
        onElement(event, ctx) {
          const n = (ctx.state.n.get() ?? 0) + 1;
          ctx.state.n.set(n);
          if (event.amount > 20) ctx.side.large({ key: event.key, text: `${event.at}` });
          ctx.emit({ user: event.user, at: event.at, n });
        },
      });
    split.side.large.to("large", out("large"));
    split
      .keyBy("user")
      .window(tumbling("2s"))
      .aggregate("per-user", { n: count(), most: max("n") })
      .to("out", out("out"));
  },
  "a union of two branches": (p, out) => {
    const all = events(p);
    const small = all.filter((event) => event.amount < 8);
    const large = all.filter((event) => event.amount >= 12);
    small
      .union(large)
      .keyBy("key")
      .window(tumbling("1s"))
      .aggregate("both", { n: count(), total: sum("amount") })
      .to("out", out("out"));
  },
};

interface Outputs {
  readonly made: Pipeline;
  rows(): string[];
}

function build(name: string): Outputs {
  const sinks = new Map<string, ReturnType<typeof collectSink>>();
  const out = (sink: string) => {
    const made = collectSink();
    sinks.set(sink, made);
    return made;
  };
  const made = pipeline("oracle", (p) => {
    CASES[name]!(p, out);
  });
  made.graph();
  return { made, rows: () => [...sinks].flatMap(([sink, { rows }]) => rows.map((row) => `${sink} ${JSON.stringify(row)}`)).sort() };
}

const options = (parallelism: number, codegen: "auto" | "off") => ({
  parallelism,
  codegen,
  checkpoints: { dir: "/data/checkpoints", everyMs: 20 },
  restart: { kind: "none" } as const,
});

async function uninterrupted(name: string, codegen: "auto" | "off"): Promise<string[]> {
  const simulation = createSimulation(SEED);
  simulation.files.provideDirectory("/data");
  const { made, rows } = build(name);
  await simulation.run(async () => {
    const job = await runJob(simulation.env(), { graph: made.graph(), ...options(1, codegen) });
    await job.finished;
  });
  return rows();
}

/** Runs until `checkpoints` are complete, then kills the process. */
async function runAndKill(
  simulation: Simulation,
  made: Pipeline,
  parallelism: number,
  checkpoints: number,
  codegen: "auto" | "off",
): Promise<void> {
  const env = simulation.env();
  await simulation.run(async () => {
    const job = await runJob(env, { graph: made.graph(), ...options(parallelism, codegen) });
    await new Promise<void>((resolve, reject) => {
      job.onStatus((status) => status.checkpoints.completed >= checkpoints && resolve());
      job.finished.catch(reject);
    });
  });
  simulation.kill();
}

async function interrupted(name: string, lives: readonly number[], codegen: "auto" | "off"): Promise<string[]> {
  const simulation = createSimulation(SEED + 1);
  simulation.files.provideDirectory("/data");
  const { made, rows } = build(name);
  for (const parallelism of lives.slice(0, -1)) await runAndKill(simulation, made, parallelism, 3, codegen);
  await simulation.run(async () => {
    const job = await runJob(simulation.env(), { graph: made.graph(), ...options(lives.at(-1)!, codegen) });
    assert.ok(job.status().checkpoints.restoredFrom !== undefined);
    await job.finished;
  });
  return rows();
}

for (const name of Object.keys(CASES)) {
  test(`${name}: parallelism 1 = killed at 2, finished at 3 = killed at 3 and 1, finished at 2`, async () => {
    const expected = await uninterrupted(name, "auto");
    assert.ok(expected.length > 50, `${expected.length} rows`);
    assert.deepEqual(await interrupted(name, [2, 3], "auto"), expected);
    assert.deepEqual(await interrupted(name, [3, 1, 2], "off"), expected);
  });
}
