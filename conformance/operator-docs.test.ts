// Every operator has a page in docs/operators with a picture and an example; each example runs and gives the rows that the page shows.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { test } from "node:test";
import type { CollectSink } from "../src/connectors/memory/index.ts";
import { runJob } from "../src/engine/run-job.ts";
import type { Pipeline } from "../src/stream/index.ts";
import { BroadcastConnectedHandle } from "../src/stream/broadcast-handle.ts";
import * as api from "../src/stream/index.ts";
import { KeyedHandle, StreamHandle } from "../src/stream/stream-handle.ts";
import { WindowedHandle } from "../src/stream/windowed-handle.ts";
import { createSimulation } from "../src/testing/simulation/simulation.ts";

const PAGES = new URL("../docs/operators/", import.meta.url);
const ENTRIES: Readonly<Record<string, string>> = {
  millrace: "../src/stream/index.ts",
  "millrace/connectors/memory": "../src/connectors/memory/index.ts",
};

function block(page: string, language: string): string {
  const [, text] = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\\n\`\`\``).exec(page) ?? [];
  assert.ok(text !== undefined, `the page has no ${language} block`);
  return text;
}

async function load(example: string): Promise<{ readonly default: Pipeline; readonly result: CollectSink<unknown> }> {
  const code = stripTypeScriptTypes(example).replace(/from "(millrace[^"]*)"/g, (_, entry: string) => {
    assert.ok(ENTRIES[entry] !== undefined, `an example imports ${entry}`);
    return `from ${JSON.stringify(new URL(ENTRIES[entry], import.meta.url).href)}`;
  });
  return (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as never;
}

const sorted = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).toSorted();

/** Where a method of a stream is told; what only routes or names stands with its kind. */
const PAGE_OF: Readonly<Record<string, string>> = {
  map: "map",
  filter: "map",
  flatMap: "map",
  returns: "map",
  keyBy: "partitioning",
  union: "union",
  assignWatermarks: "assign-watermarks",
  windowAll: "window",
  window: "window",
  allowedLateness: "window",
  lateOutput: "window",
  aggregate: "window",
  trigger: "triggers",
  evictor: "evictors",
  process: "process",
  mapAsync: "map-async",
  lookupJoin: "lookup-join",
  connect: "connect",
  broadcast: "broadcast-state",
  rebalance: "partitioning",
  rescale: "partitioning",
  shuffle: "partitioning",
  global: "partitioning",
  forward: "partitioning",
  partitionCustom: "partitioning",
  parallelism: "partitioning",
  startNewChain: "partitioning",
  disableChaining: "partitioning",
  to: "to",
  reduce: "reduce",
  sum: "reduce",
  min: "reduce",
  max: "reduce",
  minBy: "reduce",
  maxBy: "reduce",
  intervalJoin: "interval-join",
  windowJoin: "window-join",
  coGroup: "window-join",
  temporalJoin: "temporal-join",
  join: "join",
};
/** Of handles, and not for users. */
const INSIDE = new Set(["constructor", "routedOutlets", "inOneSubtask"]);

const pageOf = (name: string): string => readFileSync(new URL(`${name}.md`, PAGES), "utf8");

test("every method of every kind of stream has its page", () => {
  const methods = [StreamHandle, KeyedHandle, WindowedHandle, BroadcastConnectedHandle].flatMap(({ prototype }) =>
    Object.getOwnPropertyNames(prototype).filter((name) => !INSIDE.has(name)),
  );
  assert.ok(methods.length > 40);
  for (const method of new Set(methods)) {
    const page = PAGE_OF[method];
    assert.ok(page !== undefined, `docs/operators has no page for .${method}(…)`);
    assert.match(pageOf(page), new RegExp(`\\b${method}\\(`), `docs/operators/${page}.md does not show ${method}(…)`);
  }
});

test("every assigner, trigger, evictor, aggregate, state and watermark strategy is told on a page", () => {
  const all = readdirSync(PAGES)
    .map((file) => readFileSync(new URL(file, PAGES), "utf8"))
    .join("\n");
  const isClass = (value: object): boolean => /^class\b/.test(Function.prototype.toString.call(value));
  const names = Object.entries(api).filter(([, value]) => typeof value === "function" && !isClass(value));
  assert.ok(names.length > 40);
  // Of schemas: docs/types.md tells it.
  for (const [name] of names) if (name !== "schemaFrom") assert.match(all, new RegExp(`\\b${name}\\(`), `no page shows ${name}(…)`);
});

test("every page has a picture of the timing before its example", () => {
  for (const file of readdirSync(PAGES)) {
    const [before, after] = readFileSync(new URL(file, PAGES), "utf8").split("## Example");
    assert.match(before!, /^```\n[^`]+\n```$/m, `docs/operators/${file} has no picture`);
    assert.ok(after !== undefined, `docs/operators/${file} has no example`);
  }
});

for (const name of readdirSync(PAGES).filter((file) => file.endsWith(".md"))) {
  test(`the example of docs/operators/${name} gives what the page says`, async () => {
    const page = readFileSync(new URL(name, PAGES), "utf8");
    const { default: made, result } = await load(block(page, "ts"));
    const simulation = createSimulation(1);
    await simulation.run(async () => {
      const job = await runJob(simulation.env(), { graph: made.graph(), parallelism: 2 });
      await job.finished;
    });
    assert.deepEqual(sorted(result.rows), sorted(JSON.parse(block(page, "json")) as unknown[]));
  });
}
