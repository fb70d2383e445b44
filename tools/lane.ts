// `npm run test:<lane>`: runs the test files of one lane. Each lane's prerequisites are checked first.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { LANES } from "./lane-names.ts";
import { sourceFiles, ROOT } from "./source-files.ts";
import { missingPrerequisite, runStages } from "./stage.ts";

const lane = process.argv[2] ?? "";
if (!LANES.includes(lane)) {
  console.error(`There is no lane "${lane}". Lanes: ${LANES.join(", ")}.`);
  process.exit(2);
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
    env: { MILLRACE_SEED: process.env["MILLRACE_SEED"] ?? "20261123" },
    args: ["--conditions=source", "--test", "--test-reporter=spec", "--test-concurrency=1", "--test-timeout=900000", ...files],
  },
]);
