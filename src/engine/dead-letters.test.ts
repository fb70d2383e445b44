// An element that the function of any operator throws on becomes a dead letter with its operator, key, record and place, and only it:
// at parallelism 1 and 4, behind exchanges, too.
import assert from "node:assert/strict";
import { test } from "node:test";
import { arraySource, collectSink, type CollectSink } from "../connectors/memory/index.ts";
import { t } from "../schema/t.ts";
import { count, sum } from "../stream/aggregates.ts";
import { deadLetter } from "../stream/dead-letter.ts";
import type { DeadLetter } from "../stream/graph.ts";
import { pipeline, type PipelineBuilder } from "../stream/pipeline.ts";
import { valueState } from "../stream/state.ts";
import { boundedOutOfOrderness } from "../stream/watermarks.ts";
import { tumbling } from "../stream/windows.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { runJob } from "./run-job.ts";

const Event = t.record("Event", { k: t.string(), n: t.int(), at: t.timestamp(), bad: t.string() });
interface Event {
  readonly k: string;
  readonly n: number;
  readonly at: number;
  readonly bad: string;
}

const ONE = ["time", "map", "filter", "flat-map", "assign", "unkeyed", "async", "keyed", "reduce", "sums", "reduced", "left"];
/** Functions of nine operators see it, or what keys them does. */
const KEYED = ["keyed", "reduce", "sums", "reduced", "whole", "left"];
const rows = ["fine", ...ONE, "key", "whole", "fine"].flatMap((bad, index) =>
  ["a", "b"].map((k, of) => ({ k, n: 2 * index + of, at: 1000 * index, bad })),
);

function check(where: string, event: Event): Event {
  if (event.bad === where) throw new RangeError(`bad for ${where}`);
  return event;
}

function build(p: PipelineBuilder, letters: CollectSink<DeadLetter>): undefined {
  const onError = deadLetter(letters);
  const watermarks = boundedOutOfOrderness("1s");
  const stateless = p
    .from("in", arraySource(Event, rows), { eventTime: (e) => check("time", e).at, watermarks, onError })
    .rebalance()
    .map((e) => check("map", e), { name: "map", onError })
    .returns(Event)
    .filter((e) => check("filter", e).n >= 0, { name: "filter", onError })
    .flatMap((e) => [check("flat-map", e)], { name: "flat-map", onError })
    .returns(Event)
    .rebalance()
    .assignWatermarks({ eventTime: (e) => check("assign", e).at, watermarks }, { name: "assign", onError })
    .process("unkeyed", { output: Event, onElement: (e, { emit }) => emit(check("unkeyed", e)), onError })
    .mapAsync("async", async (e) => check("async", e), { capacity: 4, timeout: "5s", onError })
    .returns(Event);
  const keyed = stateless.keyBy((e) => check("key", e).k, t.string());
  const windows = keyed.window(tumbling("1h"));
  const state = { n: valueState(t.int()) };
  const sink = (): CollectSink<unknown> => collectSink();
  keyed.process("keyed", { output: Event, state, onElement: (e, { emit }) => emit(check("keyed", e)), onError }).to("out-1", sink());
  keyed.reduce("reduce", (_, e) => check("reduce", e), { onError }).to("out-2", sink());
  windows.aggregate("sums", { n: count(), all: sum((e: Event) => check("sums", e).n) }, { onError }).to("out-3", sink());
  windows.reduce("reduced", (_, e) => check("reduced", e), { onError }).to("out-4", sink());
  windows
    .process("whole", { output: Event, onWindow: (all) => void all.forEach((e) => check("whole", e)) }, { onError })
    .to("out-5", sink());
  keyed
    .connect("left", keyed, { output: Event, state, onLeft: (e, { emit }) => emit(check("left", e)), onRight: () => undefined, onError })
    .to("out-6", sink());
}

for (const parallelism of [1, 4])
  for (const codegen of ["auto", "off"] as const)
    test(`dead letters of every kind of operator at parallelism ${parallelism}, code generation ${codegen}`, async () => {
      const letters = collectSink<DeadLetter>();
      const made = pipeline("letters", (p) => build(p, letters));
      const simulation = createSimulation(7);
      await simulation.run(async () => {
        const job = await runJob(simulation.env(), { graph: made.graph(), parallelism, codegen, restart: { kind: "none" } });
        await job.finished;
      });
      for (const { place } of letters.rows) assert.match(place!, /dead-letters\.test\.ts:\d+:\d+$/);
      const of = (operator: string, where: string): readonly DeadLetter[] =>
        letters.rows.filter((one) => one.operator === operator && one.error === `RangeError: bad for ${where}`);
      for (const where of ONE) {
        const own = of(where === "time" ? "in" : where, where);
        assert.deepEqual(
          own.map(({ offset, value }) => [offset, (JSON.parse(value) as Event).n]).toSorted((a, b) => a[0]! - b[0]!),
          rows.flatMap((row, offset) => (row.bad === where ? [[offset, row.n]] : [])),
          where,
        );
        if (KEYED.includes(where)) for (const { key, value } of own) assert.equal(key, JSON.stringify((JSON.parse(value) as Event).k));
      }
      for (const operator of KEYED) assert.ok(of(operator, "key").length >= 2, `the key of ${operator}`);
      // A window comes from no single record.
      assert.deepEqual(
        of("whole", "whole")
          .map(({ key, offset }) => [key, offset])
          .toSorted(),
        [['"a"', -1], ['"b"', -1]], // prettier-ignore
      );
    });
