// `npm run bench:nexmark -- --check DIR [--query q5,q7]`: compares the queries' rows with Apache Flink's, in a folder of the reference format; ends
// with "N passed, M failed". `npm run bench:nexmark -- [--events 3M] [--query q5] [--jsonl]`: how many events per second and core each query
// handles, beside Flink's own speed on a machine of this kind (heap state, one slot; from the reference's README).
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machine } from "../machine.ts";
import { check } from "./check.ts";
import { FolderError } from "./reference.ts";
import { QUERIES, WITHOUT_REFERENCE } from "./queries.ts";

interface Line {
  readonly query: string;
  readonly events: number;
  readonly eventsPerS: number;
  readonly eventsPerSPerCore: number;
  readonly cpuS: number;
  readonly rssMb: number;
  readonly rowsOut: number;
}

/** Apache Flink 2.2.1, thousands of events per second and core, the best of its state backends. */
const FLINK: Readonly<Record<string, number>> = {
  q0: 1410,
  q1: 1320,
  q2: 1250,
  q3: 962,
  q4: 186,
  q5: 515,
  q7: 132,
  q8: 763,
  q11: 111,
  q13: 1040,
  q14: 1110,
  q15: 318,
  q17: 503,
  q20: 121,
  q21: 368,
  q22: 549,
};

const values = options();
const only = values.query?.split(",");
const unknown = only?.find((name) => !QUERIES.some((each) => each.name === name));
if (unknown !== undefined) {
  const why = WITHOUT_REFERENCE[unknown];
  refuse(`There is no query ${unknown}${why === undefined ? "" : `: ${why}`}. Queries: ${QUERIES.map(({ name }) => name).join(", ")}.`);
}
if (values.check === undefined) measureAll(countOf(values.events));
else {
  try {
    const { passed, failed, skipped } = await check(resolve(values.check), only, (line) => console.log(line));
    if (skipped > 0) console.log(`${skipped} skipped`);
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof FolderError)) throw error;
    refuse(error.message);
  }
}

function options() {
  try {
    const known = { check: { type: "string" }, query: { type: "string" }, profile: { type: "string" } } as const;
    const others = { events: { type: "string", default: "3M" }, jsonl: { type: "boolean", default: false } } as const;
    return parseArgs({ options: { ...known, ...others } }).values;
  } catch (error) {
    return refuse(`${(error as Error).message} Options: --check DIR, --query q0,q1, --events 3M, --jsonl, --profile DIR.`);
  }
}

function refuse(why: string): never {
  console.error(why);
  process.exit(2);
}

function countOf(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([kKM]?)$/.exec(text) ?? [];
  const count = Number(number) * (unit === "M" ? 1e6 : unit === undefined || unit === "" ? 1 : 1e3);
  if (Number.isInteger(count) && count > 0) return count;
  return refuse(`--events takes a number such as 500000, 500k or 3M, not "${text}".`);
}

function measureAll(events: number): void {
  if (!values.jsonl) console.log(machine());
  for (const { name, text } of QUERIES) {
    if (only !== undefined && !only.includes(name)) continue;
    const { rowsOut, ...line } = measure(name, events);
    const flink = FLINK[name]! * 1000;
    if (values.jsonl) console.log(JSON.stringify(line));
    else {
      const own = (line.eventsPerSPerCore / 1e6).toFixed(2);
      const times = (line.eventsPerSPerCore / flink).toFixed(1);
      console.log(
        `${name.padEnd(4)} ${own.padStart(6)} M events/s/core, ${times.padStart(4)} × Flink's ${(flink / 1e6).toFixed(2)} M, ${line.rssMb} MB, ${rowsOut} rows: ${text}`,
      );
    }
  }
}

function measure(name: string, events: number): Line {
  const profile =
    values.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${values.profile}`, `--cpu-prof-name=${name}.cpuprofile`];
  const argv = ["--conditions=source", ...profile, fileURLToPath(new URL("run-query.ts", import.meta.url)), name, String(events)];
  const child = spawnSync(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });
  if (child.status !== 0) throw new Error(`${name} ended with code ${child.status}.`);
  return JSON.parse(child.stdout.trim().split("\n").at(-1)!) as Line;
}
