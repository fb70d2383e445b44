// The whole program in processes of its own: a file replayed, uninterrupted and killed again and again, against the oracle.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createClient } from "millrace/client";
import { startBroker } from "millrace/broker";
import { expectedAlerts } from "./oracle.ts";
import { smallTransactions, toCsv } from "./small-file.ts";
import type { FraudAlert, Rule } from "./topics.ts";

const START = fileURLToPath(new URL("../start.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "fraud-replay-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const transactions = smallTransactions(3, 6_000);
const expected = expectedAlerts(transactions);
const input = join(folder, "transactions.csv");
writeFileSync(input, toCsv(transactions));

interface Result {
  readonly events: number;
  readonly rules: Record<Rule, { alerts: number; fraud: number }>;
  readonly seconds: number;
}

function replay(data: string): { process: ChildProcess; output: Promise<{ code: number | null; lines: string[]; errors: string }> } {
  const child = spawn(
    process.execPath,
    [
      "--conditions=source",
      START,
      "--input",
      input,
      "--speed",
      "max",
      "--once",
      "--json",
      "--data",
      data,
      "--broker-port",
      "0",
      "--console-port",
      "0",
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let out = "";
  let errors = "";
  child.stdout!.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr!.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  return {
    process: child,
    output: new Promise((resolve) => child.once("close", (code) => resolve({ code, lines: out.trim().split("\n"), errors }))),
  };
}

function expectedRules(): Result["rules"] {
  const rules: Result["rules"] = {
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

/** Per partition, in log order, as read_committed sees them. */
async function committedAlerts(dataDir: string): Promise<FraudAlert[][]> {
  const broker = await startBroker({ port: 0, dataDir });
  const client = createClient({ brokers: broker.bootstrapServers });
  const [topic] = await client.admin().describeTopics(["fraud-alerts"]);
  const alerts: FraudAlert[][] = [];
  for (const { partition } of topic!.partitions) {
    const found: FraudAlert[] = [];
    alerts.push(found);
    const consumer = client.consumer();
    await consumer.assign([{ topic: "fraud-alerts", partition, offset: "earliest" }]);
    for await (const batch of consumer.batches({ until: "end" }))
      for (const record of batch.records) found.push(JSON.parse(Buffer.from(record.value!).toString()) as FraudAlert);
    await consumer.close();
  }
  await client.close();
  await broker.close();
  return alerts;
}

/** Rows of all partitions sorted, and the event times per customer in log order (transactions of one second have no order among them). */
function canonical(partitions: FraudAlert[][]): { rows: string[]; perCustomer: Record<string, number[]> } {
  const perCustomer: Record<string, number[]> = {};
  for (const alert of partitions.flat()) (perCustomer[alert.customerId] ??= []).push(alert.at);
  return {
    rows: partitions
      .flat()
      .map((alert) => JSON.stringify(alert))
      .toSorted(),
    perCustomer,
  };
}

test("a replayed file gives exactly the alerts of the rules", async () => {
  assert.ok(
    Object.values(expectedRules()).every(({ alerts }) => alerts > 10),
    "every rule fires in the test file",
  );
  const data = join(folder, "once");
  const { code, lines, errors } = await replay(data).output;
  assert.equal(code, 0, errors);
  const result = JSON.parse(lines.at(-1)!) as Result;
  assert.equal(result.events, transactions.length);
  assert.deepEqual(result.rules, expectedRules());
  const alerts = (await committedAlerts(data)).flat();
  assert.equal(alerts.length, expected.size);
  for (const alert of alerts) assert.deepEqual(alert.reasons, expected.get(alert.transactionId));

  const again = await replay(data).output;
  assert.deepEqual(
    (JSON.parse(again.lines.at(-1)!) as Result).rules,
    expectedRules(),
    "a finished replay that is started again adds nothing",
  );
});

test("a replay that is killed at any moment and started again gives what an uninterrupted one gives, in the same order", async () => {
  const data = join(folder, "killed");
  for (const delay of [900, 1300, 1700]) {
    const run = replay(data);
    await new Promise((resolve) => setTimeout(resolve, delay));
    run.process.kill("SIGKILL");
    await run.output;
  }
  const { code, lines, errors } = await replay(data).output;
  assert.equal(code, 0, errors);
  assert.deepEqual((JSON.parse(lines.at(-1)!) as Result).rules, expectedRules());
  const killed = canonical(await committedAlerts(data));
  const whole = canonical(await committedAlerts(join(folder, "once")));
  assert.deepEqual(killed, whole);
});
