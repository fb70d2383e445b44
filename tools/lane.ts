// `npm run test:<lane> [-- --name value …]`: runs the test files of one lane. Each lane's prerequisites are checked first. Options reach
// the tests as MILLRACE_NAME.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { LANES } from "./lane-names.ts";
import { seedOfRun } from "./seed.ts";
import { sourceFiles, ROOT } from "./source-files.ts";
import { missingPrerequisite, runStages } from "./stage.ts";

const lane = process.argv[2] ?? "";
if (!LANES.includes(lane)) {
  console.error(`There is no lane "${lane}". Lanes: ${LANES.join(", ")}.`);
  process.exit(2);
}
const options: Record<string, string> = {};
for (let at = 3; at < process.argv.length; at += 2) {
  const name = /^--([a-z-]+)$/.exec(process.argv[at]!)?.[1];
  const value = process.argv[at + 1];
  if (name === undefined || value === undefined) {
    console.error(`"${process.argv[at]}": options of a lane are pairs, as in --kills 100.`);
    process.exit(2);
  }
  options[`MILLRACE_${name.replaceAll("-", "_").toUpperCase()}`] = value;
}
if (lane === "reference" && !existsSync(join(ROOT, "../shared")))
  missingPrerequisite("test:reference", "it reads ../shared, a folder beside the clone, and there is none");

const files = sourceFiles(["src", "tools", "examples", "bench", "simulation", "conformance", "test"], `.${lane}.test.ts`);
if (files.length === 0) {
  console.error(`The lane "${lane}" has no test files yet.`);
  process.exit(1);
}
runStages([
  {
    name: `test:${lane}`,
    command: "node",
    env: { MILLRACE_SEED: seedOfRun(), ...options },
    args: ["--conditions=source", "--test", "--test-reporter=spec", "--test-concurrency=1", "--test-timeout=900000", ...files],
  },
]);
