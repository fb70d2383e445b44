// The whole program in processes of its own: a file replayed, uninterrupted and killed again and again, against the oracle.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { expectedAlerts } from "./oracle.ts";
import { uniform } from "../running/random.ts";
import { afterCheckpoints, newestCheckpoint, offsetsAt, replay } from "../running/replay-process.ts";
import { canonical, committedAlerts, type Rules } from "./committed-alerts.ts";
import { smallTransactions, toCsv } from "./small-file.ts";

const folder = mkdtempSync(join(tmpdir(), "fraud-replay-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const transactions = smallTransactions(3, 6_000);
const expected = expectedAlerts(transactions);
const input = join(folder, "transactions.csv");
writeFileSync(input, toCsv(transactions));
const file = { example: "fraud-detection", input };
/** The file's sixty days take ten seconds, on a fast machine too: each kill falls inside the replay. */
const PACED = 500_000;

function expectedRules(): Rules["rules"] {
  const rules = {
    "large-amount": { alerts: 0, fraud: 0 },
    "above-own-average": { alerts: 0, fraud: 0 },
    "terminal-risk": { alerts: 0, fraud: 0 },
  };
  for (const tx of transactions)
    for (const reason of expected.get(tx.transactionId) ?? []) {
      rules[reason].alerts++;
      if (tx.fraud) rules[reason].fraud++;
    }
  return rules;
}

test("a replayed file gives exactly the alerts of the rules", async () => {
  assert.ok(
    Object.values(expectedRules()).every(({ alerts }) => alerts > 10),
    "every rule fires in the test file",
  );
  const data = join(folder, "once");
  const { code, result, errors } = await replay<Rules>({ ...file, data });
  assert.equal(code, 0, errors);
  assert.equal(result?.events, transactions.length);
  assert.deepEqual(result.rules, expectedRules());
  const alerts = (await committedAlerts(data)).flat();
  assert.equal(alerts.length, expected.size);
  for (const alert of alerts) assert.deepEqual(alert.reasons, expected.get(alert.transactionId));

  const again = await replay<Rules>({ ...file, data });
  assert.deepEqual(again.result?.rules, expectedRules(), "a finished replay that is started again adds nothing");
});

test("a replay that is killed at any moment and started again gives what an uninterrupted one gives, in the same order", async () => {
  const data = join(folder, "killed");
  const seed = Number(process.env["MILLRACE_SEED"] ?? 1);
  const kills = [0, 1, 2].map((n) => ({
    count: n === 0 ? 0 : 1,
    delayMs: n === 2 ? ("in the next one" as const) : 100 + 700 * uniform(seed, 0, n),
  }));
  for (const { count, delayMs } of kills) {
    const before = newestCheckpoint(data);
    const run = await replay<Rules>({ ...file, data, speed: PACED }, afterCheckpoints(data, count, delayMs));
    assert.equal(run.signal, "SIGKILL", `killed while it ran, not after its end: ${run.errors}`);
    assert.equal(run.result, undefined);
    assert.ok(newestCheckpoint(data) >= before + count, "the kill came after the checkpoints that it waited for");
  }
  const newest = newestCheckpoint(data);
  assert.ok(newest >= 2);
  const read = offsetsAt(data, newest, "transactions");
  assert.ok(read > 0 && read < transactions.length, `checkpoint ${newest} lies inside the replay: ${read} of ${transactions.length}`);
  const { code, result, restored, errors } = await replay<Rules>({ ...file, data });
  assert.equal(code, 0, errors);
  assert.deepEqual(restored, [newest], "the last run goes on from the newest checkpoint");
  assert.deepEqual(result?.rules, expectedRules());
  assert.deepEqual(canonical(await committedAlerts(data)), canonical(await committedAlerts(join(folder, "once"))));
});
