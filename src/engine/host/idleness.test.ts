// Idleness by position: a split stops holding event time back only after its reader has stood at the end of its log for idleAfterMs,
// and never because the host does not read.
import assert from "node:assert/strict";
import { test } from "node:test";
import { collectSink, type CollectSink } from "../../connectors/memory/collect-sink.ts";
import { generatorSource } from "../../connectors/memory/generator-source.ts";
import type { Env } from "../../env/env.ts";
import { t } from "../../schema/t.ts";
import { count } from "../../stream/aggregates.ts";
import type { Json, Sink, Source, SourceBatch, SplitReader } from "../../stream/connector.ts";
import { pipeline } from "../../stream/pipeline.ts";
import { boundedOutOfOrderness, type Duration } from "../../stream/watermarks.ts";
import { tumbling } from "../../stream/windows.ts";
import { createSimulation } from "../../testing/simulation/simulation.ts";
import type { JobStatus } from "../coordinator/job-status.ts";
import { Ledger } from "../e2e/ledger.ts";
import { runJob } from "../run-job.ts";

const SEED = Number(process.env["MILLRACE_SEED"] ?? 9);
const Row = t.record("Row", { id: t.int() });

/** A lively source (1,000 rows a second) and a quiet one (a row a minute) in windows of 100 ms. */
function twoSources(out: Sink<unknown>, idleAfter: Duration) {
  const time = { watermarks: boundedOutOfOrderness("0s", { idleAfter }) };
  return pipeline("two-sources", (p) => {
    const lively = p.from("lively", generatorSource(Row, { ratePerSecond: 1000, row: (id) => ({ id }) }), time);
    const quiet = p.from("quiet", generatorSource(Row, { ratePerSecond: 1 / 60, row: (id) => ({ id }) }), time);
    lively
      .union(quiet)
      .keyBy(() => 1)
      .window(tumbling("100ms"))
      .aggregate("counts", { n: count() })
      .to("out", out);
  });
}

async function observe(env: Env, out: CollectSink<unknown>, idleAfter: Duration, ms: number): Promise<{ rows: number; status: JobStatus }> {
  const job = await runJob(env, {
    graph: twoSources(out, idleAfter).graph(),
    checkpoints: { dir: "/data/cp", everyMs: 50 },
    restart: { kind: "none" },
    statusIntervalMs: 20,
  });
  await env.timers.sleep(ms);
  const result = { rows: out.rows.length, status: job.status() };
  await job.cancel();
  return result;
}

async function inWorld(body: (env: Env) => Promise<void>): Promise<void> {
  const simulation = createSimulation(SEED);
  simulation.files.provideDirectory("/data");
  await simulation.run(() => body(simulation.env()));
}

test("a quiet split at the end of its log falls idle after its time, and event time moves on without it", () =>
  inWorld(async (env) => {
    const { rows, status } = await observe(env, collectSink(), "200ms", 1000);
    assert.ok(rows >= 5, `${rows} windows`);
    assert.deepEqual(
      status.splits.map(({ source, status: state }) => [source, state]),
      [
        ["lively", "active"],
        ["quiet", "idle"],
      ],
    );
  }));

test("before that it holds event time back", () =>
  inWorld(async (env) => {
    const { rows } = await observe(env, collectSink(), "10s", 1000);
    assert.equal(rows, 0);
  }));

/** As over a network: what the reader knows of its log's end is as old as its last poll. */
function knowsByPolling<T>(source: Source<T>): Source<T> {
  return {
    ...source,
    create(context) {
      const connector = source.create(context);
      return {
        discover: () => connector.discover(),
        close: () => connector.close(),
        open: async (split, position) => new PollingReader(await connector.open(split, position)),
      };
    },
  };
}

class PollingReader implements SplitReader {
  readonly #reader: SplitReader;
  #atEnd = false;

  constructor(reader: SplitReader) {
    this.#reader = reader;
  }

  poll(maxRows: number): SourceBatch | undefined {
    const rows = this.#reader.poll(maxRows);
    this.#atEnd = this.#reader.atEnd;
    return rows;
  }

  get atEnd(): boolean {
    return this.#atEnd;
  }

  get finished(): boolean {
    return this.#reader.finished;
  }

  get pending(): number {
    return NaN;
  }

  available(): Promise<void> {
    return this.#reader.available();
  }

  position(): Json {
    return this.#reader.position();
  }

  stopAtEnd(): Promise<void> {
    return this.#reader.stopAtEnd();
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}

test("a sink that blocks reading makes no split idle", () =>
  inWorld(async (env) => {
    const ledger = new Ledger();
    ledger.faults = { readyAfter: { rows: 1, wait: () => env.timers.sleep(3000) } };
    const steady = pipeline("steady", (p) => {
      const time = { watermarks: boundedOutOfOrderness("0s", { idleAfter: "500ms" }) };
      // The map's output is sent when the reader has nothing more: the sink blocks right after the reader said "end".
      p.from("rows", knowsByPolling(generatorSource(Row, { ratePerSecond: 10, row: (id) => ({ id }) })), time)
        .map((row) => ({ id: row.id }))
        .to("out", ledger.sink());
    });
    const job = await runJob(env, {
      graph: steady.graph(),
      checkpoints: { dir: "/data/cp" },
      restart: { kind: "none" },
      statusIntervalMs: 100,
    });
    const seen = new Set<string>();
    job.onStatus((status) => status.splits.forEach((split) => seen.add(split.status)));
    await env.timers.sleep(20_000);
    await job.cancel();
    assert.deepEqual([...seen], ["active"]);
  }));
