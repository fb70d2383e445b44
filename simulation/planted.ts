// `npm run simulate:planted -- [--seeds N] [--seed S] [FAULT …]`: plants each fault in turn and runs seeds until a checker finds it.
// Prints one line per fault: the seed, the rules that caught it, the time. Exit code 1 if one is not found.
import { parseArgs } from "node:util";
import { PLANTED_FAULTS, plantFault, type PlantedFault } from "../src/env/planted-faults.ts";
import { runSeed } from "./swarm/run-seed.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seeds: { type: "string", default: "200" }, seed: { type: "string", default: "1" } },
});

async function hunt(fault: PlantedFault, first: number, count: number): Promise<boolean> {
  const began = process.hrtime.bigint();
  plantFault(fault);
  try {
    for (let seed = first; seed < first + count; seed++) {
      const { problems } = await runSeed(seed);
      if (problems.length === 0) continue;
      const seconds = Number(process.hrtime.bigint() - began) / 1e9;
      console.log(`| ${fault} | ${seed} | ${rulesOf(problems)} | ${seconds.toFixed(1)} |`);
      return true;
    }
  } finally {
    plantFault(undefined);
  }
  console.log(`| ${fault} | none of ${count} | | |`);
  return false;
}

/** The names in front of each line, or the beginning of a message. */
function rulesOf(problems: readonly string[]): string {
  return problems
    .flatMap((problem) => problem.split("\n"))
    .map((line) => / ?([\w-]+) × /.exec(line)?.[1] ?? line.slice(0, 80))
    .join(", ");
}

const faults = positionals.length === 0 ? PLANTED_FAULTS : PLANTED_FAULTS.filter((fault) => positionals.includes(fault));
console.log("| planted | seed | caught by | seconds |\n| --- | --- | --- | --- |");
let missed = 0;
for (const fault of faults) if (!(await hunt(fault, Number(values.seed), Number(values.seeds)))) missed++;
process.exitCode = missed === 0 ? 0 : 1;
