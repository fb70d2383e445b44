// `npm run bench:example [-- --jsonl] [--case NAME] [--scale N]`: the main job as a user meets it.
// - replay: a generated file through feeder, broker and pipeline into the alert topic, exactly once, by `npm start -- --input … --once`.
// - first-output: `git clone`, `npm install` and `npm start` in an empty folder, until the first line and until the first alert.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { benchArguments } from "../arguments.ts";
import { machine } from "../machine.ts";
import { writeTransactions } from "./transactions-file.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const REPLAYED = 1_750_000;
const ANY_PORT = ["--broker-port", "0", "--registry-port", "0", "--console-port", "0"];

type Line = { readonly case: string } & Record<string, string | number>;

function replay(folder: string, scale: number): Line {
  const input = join(folder, "transactions.csv");
  const events = Math.round(REPLAYED * scale);
  writeTransactions(input, events, 1);
  const args = ["--input", input, "--speed", "max", "--once", "--json", "--data", join(folder, "replay"), ...ANY_PORT];
  const output = execFileSync(process.execPath, ["--conditions=source", "examples/start.ts", ...args], {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const result = JSON.parse(output.trim().split("\n").at(-1)!) as { events: number; seconds: number };
  if (result.events !== events) throw new Error(`The replay counted ${result.events} of ${events} events.`);
  return { case: "replay", events, seconds: result.seconds, eventsPerS: Math.round(events / result.seconds) };
}

async function firstOutput(folder: string): Promise<Line> {
  const start = performance.now();
  const seconds = (): number => Math.round((performance.now() - start) / 100) / 10;
  const clone = join(folder, "clone");
  execFileSync("git", ["clone", "--quiet", "--no-hardlinks", ROOT, clone]);
  execFileSync("npm", ["install", "--no-audit", "--no-fund"], { cwd: clone, stdio: "ignore" });
  const installed = seconds();
  const child = spawn("npm", ["start", "--silent", "--", "--json", "--data", join(folder, "live"), ...ANY_PORT], {
    cwd: clone,
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  let firstLine: number | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    firstLine ??= seconds();
    if (((JSON.parse(line) as { alerts?: number }).alerts ?? 0) > 0) break;
  }
  const firstAlert = seconds();
  process.kill(-child.pid!, "SIGINT");
  await new Promise((resolve) => child.once("close", resolve));
  if (firstLine === undefined) throw new Error("npm start in a fresh clone ended without a line.");
  return { case: "first-output", installedS: installed, firstLineS: firstLine, firstAlertS: firstAlert };
}

const { jsonl, only, scale } = benchArguments();
const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
try {
  if (!jsonl) console.log(machine());
  const cases = { replay: () => replay(folder, scale), "first-output": () => firstOutput(folder) };
  for (const [name, run] of Object.entries(cases)) if (only === undefined || name.includes(only)) console.log(JSON.stringify(await run()));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
