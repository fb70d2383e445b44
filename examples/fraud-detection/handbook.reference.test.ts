// The main job on the Fraud Detection Handbook's data set (a folder beside the clone): the figures were computed independently of this project.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { uniform } from "../running/random.ts";
import { afterCheckpoints, newestCheckpoint, replay, type Ended } from "../running/replay-process.ts";
import { canonical, committedAlerts, type Rules } from "./committed-alerts.ts";

const input = fileURLToPath(new URL("../../../shared/data/fraud/fdh.csv.gz", import.meta.url));
const file = { example: "fraud-detection", input };
const folder = mkdtempSync(join(tmpdir(), "fraud-reference-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const whole = join(folder, "whole");

function holdsToTheHandbook({ code, result, errors }: Ended<Rules>): void {
  assert.equal(code, 0, errors);
  const { seconds, ...figures } = result!;
  console.log(`replayed in ${seconds} s`);
  assert.deepEqual(figures, {
    events: 1_754_155,
    rules: {
      "large-amount": { alerts: 3_258, fraud: 3_258 },
      "above-own-average": { alerts: 1_892, fraud: 1_795 },
      "terminal-risk": { alerts: 8_187, fraud: 5_333 },
    },
  });
}

test("1,754,155 transactions give exactly the handbook's alerts", { timeout: 600_000 }, async () => {
  holdsToTheHandbook(await replay<Rules>({ ...file, data: whole }));
});

test("killed six times at random moments, the replay gives the same alerts in the same order per key", { timeout: 600_000 }, async () => {
  const data = join(folder, "killed");
  const seed = Number(process.env["MILLRACE_SEED"] ?? 1);
  for (let n = 0; n < 6; n++) {
    const before = newestCheckpoint(data);
    const delayMs = n === 3 ? "in the next one" : 1500 * uniform(seed, 0, n);
    const run = await replay<Rules>({ ...file, data }, afterCheckpoints(data, 1 + Math.floor(3 * uniform(seed, 1, n)), delayMs));
    assert.equal(run.signal, "SIGKILL", run.errors);
    assert.ok(newestCheckpoint(data) > before);
    if (n > 0) assert.deepEqual(run.restored, [before], "each run goes on from the newest checkpoint");
  }
  const newest = newestCheckpoint(data);
  const last = await replay<Rules>({ ...file, data });
  assert.deepEqual(last.restored, [newest]);
  holdsToTheHandbook(last);
  assert.deepEqual(canonical(await committedAlerts(data)), canonical(await committedAlerts(whole)));
});
