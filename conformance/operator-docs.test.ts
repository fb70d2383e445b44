// The example of every page of docs/operators runs and gives the rows that the page shows.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { test } from "node:test";
import type { CollectSink } from "../src/connectors/memory/index.ts";
import { runJob } from "../src/engine/run-job.ts";
import type { Pipeline } from "../src/stream/index.ts";
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
