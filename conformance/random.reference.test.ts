// 700 random cases of windows, joins and process functions, computed by Apache Flink 2.2.1 (flink/RandomCases.java; random-cases.ts draws
// the same cases from seed 21), give the same rows here: whole, and some of them over a kill and at parallelism 4.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { randomCases } from "./random-cases.ts";
import { problemOfRandom, type RandomResult } from "./random-input.ts";

const SEED = 21;

const file = new URL("flink/random-21.results.json.gz", import.meta.url);
const results = JSON.parse(gunzipSync(readFileSync(file)).toString("utf8")) as readonly RandomResult[];
const cases = randomCases(SEED, results.length);

test("random cases of windows, joins and process functions give the rows that Flink gives", async () => {
  for (const [index, one] of cases.entries()) {
    assert.equal(one.id, results[index]!.id);
    const problem = await problemOfRandom(one, results[index]!, index % 10 === 0 ? ["whole", "parallel", "killed"] : ["whole"]);
    assert.equal(problem, undefined, `${one.id} (${one.text})`);
  }
  assert.equal(cases.length, 700);
});
