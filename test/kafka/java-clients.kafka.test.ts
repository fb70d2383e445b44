// Kafka's own Java clients and command-line tools against both brokers: the same checks (java/*Checks.java) hold on both, and see the same,
// but for what differences.ts lists. KAFKA_CHECK=TEXT runs those whose names contain it.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DIFFERENCES } from "./differences.ts";
import { compileJava, type Java } from "./java.ts";
import { missingForKafka } from "./kafka-jars.ts";
import { APACHE, OURS, type Target } from "./targets.ts";

const RUN_TIMEOUT_MS = 240_000;
/** Fewer would mean that checks were lost. */
const FEWEST_CHECKS = 122;
const only = process.env["KAFKA_CHECK"] ?? "";

interface Outcome {
  readonly check: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly saw: string;
}

async function outcomes(java: Java, target: Target): Promise<Map<string, Outcome>> {
  const broker = await target.start();
  try {
    const run = java.run("Checks", [broker.brokers, only]);
    await run.line(/^\{"end":true\}$/, RUN_TIMEOUT_MS).finally(() => run.child.kill("SIGKILL"));
    const lines = run.lines.filter((line) => line.startsWith('{"check"')).map((line) => JSON.parse(line) as Outcome);
    return new Map(lines.map((outcome) => [outcome.check, outcome]));
  } finally {
    await broker.stop();
  }
}

describe("Kafka's Java clients and tools", { skip: missingForKafka() }, () => {
  let java: Java;
  let ours: Map<string, Outcome>;
  let apache: Map<string, Outcome>;
  before(async () => {
    java = compileJava();
    [ours, apache] = (await Promise.all([outcomes(java, OURS), outcomes(java, APACHE)])) as [typeof ours, typeof apache];
  });
  after(() => java?.dispose());

  it("can do everything with Apache Kafka", (context) => {
    context.diagnostic(`${apache.size} checks`);
    if (only === "") assert.ok(apache.size >= FEWEST_CHECKS, `only ${apache.size} checks`);
    assert.deepEqual([...apache.values()].filter(({ ok }) => !ok), []); // prettier-ignore
  });

  it("can do the same with our broker, and see the same", () => {
    const differing = [...apache.keys()].filter((name) => ours.get(name)?.ok !== true || ours.get(name)!.saw !== apache.get(name)!.saw);
    const unlisted = differing.filter((name) => DIFFERENCES[name] === undefined);
    const told = (run: Map<string, Outcome>) => Object.fromEntries(unlisted.map((name) => [name, run.get(name)?.saw.split("\n")]));
    assert.deepEqual(told(ours), told(apache));
    const alike = [...apache.keys()].filter((name) => DIFFERENCES[name] !== undefined && !differing.includes(name));
    assert.deepEqual(alike, [], "these do not differ any more: take them off the list");
  });
});
