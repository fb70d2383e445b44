// `npm run simulate -- --seeds N [--seed S]`: N runs of the whole system in virtual time, one after the other. Every hundredth seed runs
// twice and must give the same trace. Prints how to replay a failure, and leaves with exit code 1 if there was one.
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { runSeed, type SeedResult } from "./swarm/run-seed.ts";
import type { SwarmPlan } from "./swarm/plan.ts";
import { shrink } from "./swarm/shrink.ts";

const REPEAT_EVERY = 100;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
    /** A shrunk plan, as a failure prints it. */
    plan: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});

async function main(): Promise<number> {
  const count = wholeNumber("seeds", values.seeds);
  const first = wholeNumber("seed", values.seed);
  const plan = values.plan === undefined ? undefined : (JSON.parse(values.plan) as SwarmPlan);
  const began = process.hrtime.bigint();
  const total = {
    failed: 0,
    recoveries: 0,
    operations: 0,
    rows: 0,
    checkpoints: 0,
    losses: 0,
    rare: 0,
    virtualMs: 0,
    faults: 0,
    repeated: 0,
  };
  for (let seed = first; seed < first + count; seed++) {
    const seedBegan = process.hrtime.bigint();
    const result = await runSeed(seed, plan);
    const problems = [...result.problems];
    if ((seed - first) % REPEAT_EVERY === 0) {
      total.repeated++;
      const again = await runSeed(seed, plan);
      if (again.traceHash !== result.traceHash) problems.push(`not repeatable: trace ${result.traceHash}, then ${again.traceHash}`);
    }
    total.recoveries += result.recoveries;
    total.operations += result.operations;
    total.rows += result.rows;
    total.checkpoints += result.checkpoints;
    total.losses += result.losses;
    for (const times of result.rareWays.values()) total.rare += times;
    total.virtualMs += result.virtualMs;
    for (const times of result.faults.values()) total.faults += times;
    if (values.verbose) print(result, secondsSince(seedBegan));
    if (problems.length === 0) continue;
    total.failed++;
    report(result, problems);
    if (plan === undefined && result.problems.length > 0) await reportShrunk(result);
  }
  console.log(
    `${count} seeds from ${first}: ${total.failed} failed; ${total.recoveries} recoveries, ${total.faults} faults, ${total.rare} rare ways, ${total.losses} losses by lies, ` +
      `${total.operations} operations, ${total.rows} rows, ${total.checkpoints} checkpoints compared, ` +
      `${Math.round(total.virtualMs / 1000)} s of virtual time in ${secondsSince(began).toFixed(1)} s; ${total.repeated} run twice`,
  );
  return total.failed === 0 ? 0 : 1;
}

function print(result: SeedResult, seconds: number): void {
  const faults = [...result.faults, ...result.rareWays].map(([name, times]) => `${name} ${times}`).join(", ");
  console.log(
    `seed ${result.seed}: ${result.recoveries} recoveries, ${result.operations} operations, ${result.rows} rows, ${Math.round(result.virtualMs)} ms, ${seconds.toFixed(2)} s; ${faults}`,
  );
}

function report(result: SeedResult, problems: readonly string[]): void {
  console.error(`\nseed ${result.seed} failed at commit ${commit()}`);
  for (const problem of problems) console.error(problem);
  console.error(`plan: ${JSON.stringify(result.plan)}`);
  for (const note of result.notes) console.error(`  ${note}`);
  console.error(`replay: npm run simulate -- --seeds 1 --seed ${result.seed}\n`);
}

async function reportShrunk(result: SeedResult): Promise<void> {
  const { plan, problems, runs } = await shrink(result);
  console.error(`shrunk in ${runs} runs to: npm run simulate -- --seeds 1 --seed ${result.seed} --plan '${JSON.stringify(plan)}'`);
  for (const problem of problems) console.error(problem);
}

function commit(): string {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "unknown";
  }
}

function wholeNumber(name: string, text: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) {
    console.error(`--${name} ${text} is not a whole number.`);
    process.exit(2);
  }
  return Number(text);
}

function secondsSince(began: bigint): number {
  return Number(process.hrtime.bigint() - began) / 1e9;
}

process.exitCode = await main();
