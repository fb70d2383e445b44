// What the command line costs before it does anything, in CPU time, which a loaded machine stretches little. Goals: --help 150 ms, dev
// with broker, registry and console 1.5 s; the bounds are generous, so that only a module loaded too early breaks them.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { cli, CliProcess } from "./fixtures/cli-process.ts";

const HELP_MS = 400;
const DEV_MS = 4000;

const directory = mkdtempSync(join(tmpdir(), "millrace-cost-"));
after(() => rmSync(directory, { recursive: true, force: true }));
const meter = join(directory, "meter.mjs");
writeFileSync(
  meter,
  'process.on("exit", () => { const { user, system } = process.cpuUsage(); process.stderr.write(`cpu ${(user + system) / 1000} ms\\n`); });\n',
);
const environment = { NODE_OPTIONS: `--import=${pathToFileURL(meter).href}` };
const cpuMs = (stderr: string): number => Number(/cpu ([\d.]+) ms/.exec(stderr)![1]);

test("--help answers before anything heavy is loaded", async (t) => {
  const { exitCode, stderr } = await cli(["--help"], { environment });
  assert.equal(exitCode, 0, stderr);
  t.diagnostic(`${cpuMs(stderr)} ms of CPU`);
  assert.ok(cpuMs(stderr) < HELP_MS, stderr);
});

test("dev starts broker, registry and console, and stops, at little cost", async (t) => {
  const ports = ["--broker-port", "0", "--console-port", "0", "--registry-port", "0"];
  const dev = new CliProcess(["dev", ...ports, "--data", join(directory, "data"), "--json"], { environment });
  await dev.until("stdout", /^.*\n/);
  dev.signal("SIGINT");
  const { exitCode, stderr } = await dev.ended;
  assert.equal(exitCode, 0, stderr);
  t.diagnostic(`${cpuMs(stderr)} ms of CPU`);
  assert.ok(cpuMs(stderr) < DEV_MS, stderr);
});
