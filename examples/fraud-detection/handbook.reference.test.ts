// The main job on the Fraud Detection Handbook's data set (a folder beside the clone): the figures were computed independently of this project.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const INPUT = fileURLToPath(new URL("../../../shared/data/fraud/fdh.csv.gz", import.meta.url));
const START = fileURLToPath(new URL("../start.ts", import.meta.url));

test("1,754,155 transactions give exactly the handbook's alerts", { timeout: 600_000 }, () => {
  const data = mkdtempSync(join(tmpdir(), "fraud-reference-"));
  try {
    const options = [
      "--input",
      INPUT,
      "--speed",
      "max",
      "--once",
      "--json",
      "--data",
      data,
      "--broker-port",
      "0",
      "--registry-port",
      "0",
      "--console-port",
      "0",
    ];
    const output = execFileSync(process.execPath, ["--conditions=source", START, ...options], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    const { seconds, ...result } = JSON.parse(output.trim().split("\n").at(-1)!) as { seconds: number };
    console.log(`replayed in ${seconds} s`);
    assert.deepEqual(result, {
      events: 1_754_155,
      rules: {
        "large-amount": { alerts: 3_258, fraud: 3_258 },
        "above-own-average": { alerts: 1_892, fraud: 1_795 },
        "terminal-risk": { alerts: 8_187, fraud: 5_333 },
      },
    });
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
});
