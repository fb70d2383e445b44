// Runs named stages one after the other, prints the seconds that each took, and stops at the first failure.
import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { ROOT } from "./source-files.ts";

export interface Stage {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Node 24 of the clone first, whoever started us. */
export const PATH = [join(ROOT, "node_modules/.bin"), process.env["PATH"] ?? ""].join(delimiter);

export function runStages(stages: readonly Stage[]): never {
  const times: string[] = [];
  for (const stage of stages) {
    console.log(`\n── ${stage.name}`);
    const start = performance.now();
    const { status, signal, error } = spawnSync(stage.command, stage.args, {
      cwd: ROOT,
      stdio: "inherit",
      env: { ...process.env, PATH, ...stage.env },
    });
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    times.push(`${stage.name} ${seconds} s`);
    if (status !== 0) {
      console.error(`\n${stage.name} failed after ${seconds} s (${error?.message ?? signal ?? `exit code ${status}`}).`);
      process.exit(1);
    }
  }
  console.log(`\n${times.join(" · ")}`);
  process.exit(0);
}

/** CI=true turns a missing prerequisite into a failure; elsewhere one line says what was not run. */
export function missingPrerequisite(lane: string, what: string): never {
  if (process.env["CI"] === "true") {
    console.error(`${lane}: ${what}. With CI=true that is a failure.`);
    process.exit(1);
  }
  console.log(`${lane} was not run: ${what}.`);
  process.exit(0);
}
