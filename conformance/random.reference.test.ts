// 700 random cases of windows, joins and process functions and 600 of the harder ones (hard-cases.ts), computed by Apache Flink 2.2.1
// (flink/*.java; the same seeds draw the same cases), give the same rows here: whole, and some of them over a kill and at parallelism 4.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { hardCases } from "./hard-cases.ts";
import { randomCases, type RandomCase } from "./random-cases.ts";
import { problemOfRandom, type RandomResult } from "./random-input.ts";

async function compare(name: string, draw: (count: number) => readonly RandomCase[], count: number): Promise<void> {
  const file = new URL(`flink/${name}.results.json.gz`, import.meta.url);
  const results = JSON.parse(gunzipSync(readFileSync(file)).toString("utf8")) as readonly RandomResult[];
  const cases = draw(results.length);
  for (const [index, one] of cases.entries()) {
    assert.equal(one.id, results[index]!.id);
    const problem = await problemOfRandom(one, results[index]!, index % 10 === 0 ? ["whole", "parallel", "killed"] : ["whole"]);
    assert.equal(problem, undefined, `${one.id} (${one.text})`);
  }
  assert.equal(cases.length, count);
}

test("random cases of windows, joins and process functions give the rows that Flink gives", async () => {
  await compare("random-21", (count) => randomCases(21, count), 700);
});

test("so do those of merging sessions, late elements, custom triggers, joins with late sides and timers that are deleted", async () => {
  await compare("hard-31", (count) => hardCases(31, count), 600);
});
