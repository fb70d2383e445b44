// `npm test`: types, lint, format, then every test that needs nothing outside the clone. `npm test -- PATTERN…` runs only the test
// files whose path contains one of the patterns. Lanes that need more have names of their own (tools/lane.ts).
import { seedOfRun } from "./seed.ts";
import { runStages } from "./stage.ts";
import { sourceFiles } from "./source-files.ts";
import { LANES } from "./lane-names.ts";

const patterns = process.argv.slice(2).filter((argument) => !argument.startsWith("-"));
const laneFile = new RegExp(`\\.(${LANES.join("|")})\\.test\\.ts$`);
const files = sourceFiles(["src", "tools", "examples", "bench", "simulation", "conformance", "test"], ".test.ts")
  .filter((path) => !laneFile.test(path))
  .filter((path) => patterns.length === 0 || patterns.some((pattern) => path.includes(pattern)));
if (files.length === 0) {
  console.error(`No test file's path contains ${patterns.join(" or ")}.`);
  process.exit(2);
}

const tests = {
  name: "tests",
  command: "node",
  env: { MILLRACE_SEED: seedOfRun() },
  args: ["--conditions=source", "--test", "--test-reporter=spec", "--test-concurrency=2", "--test-timeout=120000", ...files],
};
const checks = [
  { name: "types", command: "tsc", args: ["-p", "tsconfig.json"] },
  { name: "lint", command: "oxlint", args: ["--deny-warnings"] },
  { name: "format", command: "oxfmt", args: ["--check"] },
];
runStages(patterns.length > 0 ? [tests] : [...checks, tests]);
