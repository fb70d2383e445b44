// `node compare-random.ts CASES.json RESULTS.json`: runs random cases (random-cases.ts) at parallelism 1 and 4 and over a kill, and
// compares all rows with those that Apache Flink gave (flink/RandomCases.java). Ends with "N passed, M failed".
import { readFileSync } from "node:fs";
import { argv } from "node:process";
import { problemOfRandom, type RandomResult } from "./random-input.ts";
import type { RandomCase } from "./random-cases.ts";

const [casesFile, resultsFile] = argv.slice(2) as [string, string];
const cases = JSON.parse(readFileSync(casesFile, "utf8")) as readonly RandomCase[];
const results = new Map((JSON.parse(readFileSync(resultsFile, "utf8")) as readonly RandomResult[]).map((one) => [one.id, one]));
let failed = 0;
for (const one of cases) {
  const problem = await problemOfRandom(one, results.get(one.id)!, ["whole", "parallel", "killed"]);
  if (problem === undefined) continue;
  failed++;
  const { rows, ...rest } = one;
  console.log(`FAILED ${JSON.stringify(rest)} (${rows.length} rows)\n       ${problem}`);
}
console.log(`${cases.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
