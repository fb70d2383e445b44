// The seed of a run of tests: laws, simulations and examples that draw get it as MILLRACE_SEED. A fresh one each time, so that every run
// looks at other cases; the run says at its beginning, and again when it has failed, how to repeat it. With CI=true it is always the same:
// what is red there is the change's fault, and red again when it is repeated.
import { randomInt } from "node:crypto";

const LARGEST = 2 ** 31 - 1;
const SEED_OF_CI = 20261123;

export function seedOfRun(): string {
  const seed = process.env["MILLRACE_SEED"] ?? String(process.env["CI"] === "true" ? SEED_OF_CI : randomInt(1, LARGEST));
  const hint = `MILLRACE_SEED=${seed} repeats this run`;
  console.log(hint);
  process.on("exit", (code) => {
    if (code !== 0) console.error(hint);
  });
  return seed;
}
