// `npm run bench`: all benchmarks, one after the other: every number in the README comes from here.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { machine } from "./machine.ts";

console.log(machine());
for (const name of ["engine", "broker", "example"]) {
  const script = fileURLToPath(new URL(`./${name}/main.ts`, import.meta.url));
  const { status } = spawnSync(process.execPath, ["--conditions=source", script, "--jsonl", ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}
