// `npm run conformance [-- DIR] [--only ID,ID]`: builds every case of a folder, runs it at parallelism 1 and 4 and once with a kill and a
// restore in the middle, and compares all rows with Apache Flink's. Ends with "N passed, M failed"; exit code 1 if any failed, 2 if nothing could be run.
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { difference } from "./canonical-rows.ts";
import { readConformance, unknownProperties, type Case, type Expected } from "./case.ts";
import { Inputs } from "./inputs.ts";
import { runKilled, runWhole, type CaseRows } from "./run-case.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const { values, positionals } = sure(() => parseArgs({ allowPositionals: true, options: { only: { type: "string" } } }));
const folder = resolve(positionals[0] ?? join(ROOT, "../shared/conformance"));
const only = values.only?.split(",");

const { cases, expected } = sure(() => readConformance(folder));
const inputs = new Inputs([join(folder, "../data"), join(ROOT, "../shared/data")]);
const counts = { passed: 0, failed: 0, skipped: 0 };

for (const one of cases) {
  if (only !== undefined && !only.includes(one.id) && !only.includes(one.group)) continue;
  if (one.kind === "cep" || one.group.startsWith("cep-")) {
    counts.skipped++;
    continue;
  }
  const started = performance.now();
  const found = await problemOf(one, expected.get(one.id));
  const unknown = unknownProperties(one);
  const problem = found === undefined || unknown.length === 0 ? found : `${found}; not known here: ${unknown.join(", ")}`;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  counts[problem === undefined ? "passed" : "failed"]++;
  console.log(
    `${problem === undefined ? "ok    " : "FAILED"} ${one.id} (${one.group}) ${one.text}, ${seconds} s${problem === undefined ? "" : `\n       ${problem}`}`,
  );
}
if (counts.skipped > 0) console.log(`${counts.skipped} skipped: patterns (groups cep-…)`);
if (counts.passed + counts.failed + counts.skipped === 0) {
  const groups = [...new Set(cases.map(({ group }) => group))].join(", ");
  console.error(`No case of ${folder} is named so, nor a group${only === undefined ? "" : `: ${only.join(", ")}`}. Groups: ${groups}.`);
  process.exit(2);
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed > 0 ? 1 : 0;

/** What is wrong with the call or the folder is one sentence. */
function sure<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  }
}

/** undefined: all runs gave what was expected. */
async function problemOf(one: Case, wanted: Expected | undefined): Promise<string | undefined> {
  if (wanted === undefined) return "the folder's index.json has no results for it";
  try {
    const input = inputs.get(one.input);
    const runs: readonly (readonly [string, () => Promise<CaseRows>])[] = [
      ["parallelism 1", () => runWhole(one, input, 1)],
      ["parallelism 4", () => runWhole(one, input, 4)],
      ["killed and restored", () => runKilled(one, input, 2)],
    ];
    for (const [how, run] of runs) {
      const rows = await run();
      const late = wanted.late === undefined ? undefined : difference(`${how}, late`, rows.late, wanted.late, folder);
      const problem = difference(how, rows.main, wanted.main, folder) ?? late;
      if (problem !== undefined) return problem;
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}
