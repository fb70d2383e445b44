// The seed of a run of tests: laws, simulations and examples that draw get it as MILLRACE_SEED. A fresh one each time, so that every run
// looks at other cases; the run says at its beginning, and again when it has failed, how to repeat it. With CI=true the seed is drawn from
// the commit's tree: another one for every change, the same for every run of one.
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { ROOT } from "./source-files.ts";

const LARGEST = 2 ** 31 - 1;

export function seedOfRun(): string {
  const seed = process.env["MILLRACE_SEED"] ?? String((process.env["CI"] === "true" ? seedOfTree() : undefined) ?? randomInt(1, LARGEST));
  const hint = `MILLRACE_SEED=${seed} repeats this run`;
  console.log(hint);
  process.on("exit", (code) => {
    if (code !== 0) console.error(hint);
  });
  return seed;
}

function seedOfTree(): number | undefined {
  const { stdout, status } = spawnSync("git", ["rev-parse", "HEAD^{tree}"], { cwd: ROOT, encoding: "utf8" });
  return status === 0 ? Number.parseInt(stdout.slice(0, 8), 16) % LARGEST : undefined;
}
