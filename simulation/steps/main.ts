// `npm run simulate:steps [-- --all] [--seed S]`: every operation times every fault: the log's and the jobs' stories in parts, and the test files
// that enumerate. With --all every point is told; without, every fifth one, which ones by the seed, so that every run sees others and none takes
// long. Two processes at a time; exit code 1 if one failed.
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { ALL_STORIES } from "./stories.ts";

const PROCESSES = 2;
/** Processes per story, when all is told. */
const PARTS = 2;
/** One point of so many, when not all is told: prime to the number of faults per operation, so that a run sees each kind. */
const SHARE = 5;
const TESTS = ["src/client/client-crash.test.ts", "src/engine/simulated-worker.test.ts"];

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: process.env["MILLRACE_SEED"] ?? String(randomInt(1, 1e9)) },
    all: { type: "boolean", default: false },
  },
});
if (!/^[0-9]{1,10}$/.test(values.seed)) {
  console.error(`--seed ${values.seed} is not a whole number.`);
  process.exit(2);
}
const repeat = `npm run simulate:steps -- --seed ${values.seed}${values.all ? " --all" : ""} repeats this run`;
console.log(repeat);

const tell = new URL("tell.ts", import.meta.url).pathname;
const root = new URL("../..", import.meta.url).pathname;
const of = values.all ? PARTS : SHARE;
const told = values.all ? Array.from({ length: PARTS }, (_, part) => part) : [Number(values.seed) % SHARE];
const parts = ALL_STORIES.flatMap((story) => told.map((part) => [tell, story, values.seed, String(of), String(part)]));
const tests = TESTS.map((file) => ["--test", "--test-reporter=spec", file]);
const waiting = [...parts, ...tests].map((args) => ["--conditions=source", ...args]);

/** Its output when it has ended, so that two do not mix. */
function run(args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const env = { ...process.env, MILLRACE_SEED: values.seed, MILLRACE_STEPS: String(values.all ? 1 : SHARE) };
    const child = spawn(process.execPath, args, { cwd: root, env });
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
if (failed > 0) console.error(repeat);
process.exitCode = failed === 0 ? 0 : 1;
