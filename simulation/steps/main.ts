// `npm run simulate:steps [-- --seed S]`: every operation times every fault, none drawn, none skipped: the log's and the job's stories in parts,
// and the test files that enumerate (MILLRACE_STEPS=all). Two processes at a time; exit code 1 if one failed.
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { STORIES } from "./stories.ts";

const PROCESSES = 2;
const PARTS = 2;
const TESTS = ["src/client/client-crash.test.ts", "src/engine/simulated-worker.test.ts"];

const { values } = parseArgs({ options: { seed: { type: "string", default: "5" } } });
if (!/^[0-9]{1,9}$/.test(values.seed)) {
  console.error(`--seed ${values.seed} is not a whole number.`);
  process.exit(2);
}

const tell = new URL("tell.ts", import.meta.url).pathname;
const root = new URL("../..", import.meta.url).pathname;
const parts = Object.keys(STORIES).flatMap((story) =>
  Array.from({ length: PARTS }, (_, part) => [tell, story, values.seed, String(PARTS), String(part)]),
);
const tests = TESTS.map((file) => ["--test", "--test-reporter=spec", file]);
const waiting = [...parts, ...tests].map((args) => ["--conditions=source", ...args]);

/** Its output when it has ended, so that two do not mix. */
function run(args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, MILLRACE_STEPS: "all", MILLRACE_SEED: values.seed } });
    const output: Buffer[] = [];
    child.stdout.on("data", (bytes: Buffer) => output.push(bytes));
    child.stderr.on("data", (bytes: Buffer) => output.push(bytes));
    child.on("close", (code) => {
      process.stdout.write(Buffer.concat(output));
      resolve(code === 0);
    });
  });
}

let failed = 0;
async function work(): Promise<void> {
  for (let args = waiting.shift(); args !== undefined; args = waiting.shift()) if (!(await run(args))) failed++;
}

const began = process.hrtime.bigint();
await Promise.all(Array.from({ length: PROCESSES }, work));
console.log(`${failed} of ${parts.length + tests.length} processes failed, ${Math.round(Number(process.hrtime.bigint() - began) / 1e9)} s`);
process.exitCode = failed === 0 ? 0 : 1;
