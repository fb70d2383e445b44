// `npm run bench:engine [-- --jsonl] [--events N] [--case NAME] [--profile DIR] [--throughput]
// [--minutes M] [--of CASE]`: how many events per second and core the
// engine handles through the public API, checkpoints every second, and the 99th percentile of the latency at half of the load that the
// machine reaches at that moment by the wall clock (run-case.ts says how both are measured).
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { machine } from "../machine.ts";
import { CASES } from "./cases.ts";

/** Cases that measure something else than throughput: scripts that print JSON lines. */
const SCRIPTS: readonly string[] = ["snapshot-pause", "memory"];
/** Takes minutes (--minutes, 10 unless given; --of: the case that runs): only when asked for by its whole name. */
const GC_PAUSES = "gc-pauses";

interface Line {
  readonly case: string;
  readonly events: number;
  readonly eventsPerSPerCore: number;
  readonly halfLoadPerS: number | null;
  readonly p99Ms: number | null;
  readonly rssMb: number;
  readonly goal: number;
}

const { values } = parseArgs({
  options: {
    jsonl: { type: "boolean", default: false },
    case: { type: "string" },
    events: { type: "string" },
    profile: { type: "string" },
    throughput: { type: "boolean", default: false },
    minutes: { type: "string", default: "10" },
    of: { type: "string", default: "process-state-timer" },
  },
});

function measure(name: string, events: number): Line {
  const profile =
    values.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${values.profile}`, `--cpu-prof-name=${name}.cpuprofile`];
  const script = new URL("./run-case.ts", import.meta.url).pathname;
  const argv = ["--conditions=source", ...profile, script, name, String(events), values.throughput ? "throughput" : "all"];
  const child = spawnSync(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });
  if (child.status !== 0) throw new Error(`The case ${name} ended with code ${child.status}.`);
  return JSON.parse(child.stdout.trim().split("\n").at(-1)!) as Line;
}

function runScript(name: string, ...args: readonly string[]): void {
  const script = new URL(`./${name}.ts`, import.meta.url).pathname;
  const child = spawnSync(process.execPath, ["--conditions=source", "--expose-gc", script, ...args], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (child.status !== 0) throw new Error(`The case ${name} ended with code ${child.status}.`);
}

const chosen = CASES.filter((each) => values.case === undefined || each.name.includes(values.case));
const scripts = SCRIPTS.filter((name) => values.case === undefined || name.includes(values.case));
if (values.case === GC_PAUSES) runScript(GC_PAUSES, values.minutes, values.of);
else if (chosen.length + scripts.length === 0) {
  throw new Error(`No case contains "${values.case}". Cases: ${[...CASES.map((each) => each.name), ...SCRIPTS, GC_PAUSES].join(", ")}.`);
}
if (!values.jsonl) console.log(machine());
for (const each of chosen) {
  const line = measure(each.name, values.events === undefined ? each.events : Number(values.events));
  const { eventsPerSPerCore, halfLoadPerS, p99Ms, rssMb } = line;
  if (values.jsonl) console.log(JSON.stringify({ case: line.case, events: line.events, eventsPerSPerCore, halfLoadPerS, p99Ms, rssMb }));
  else {
    const millions = (eventsPerSPerCore / 1e6).toFixed(2);
    const latency = p99Ms === null ? "" : ` p99 ${p99Ms} ms at ${((halfLoadPerS ?? 0) / 1e6).toFixed(2)} M/s,`;
    console.log(`${line.case.padEnd(22)} ${millions.padStart(7)} M events/s/core (goal ${line.goal / 1e6}),${latency} ${rssMb} MB`);
  }
}
for (const name of scripts) runScript(name);
