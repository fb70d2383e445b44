// The client as a process against the broker as a machine, both in a simulated world. The client is killed at every connect and write; its
// connections break there, and what it sent arrives late, after its repetition; and the broker's machine loses power at every operation on its
// disk and is killed at every answer. Whatever was acknowledged is there, once, in order, and read_committed shows whole transactions only.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { startBroker } from "../broker/broker.ts";
import type { Env } from "../env/env.ts";
import {
  describeReport,
  type Fault,
  faultAtEveryOperation,
  type Story,
  type StoryOperation,
  type StoryVerdict,
} from "../testing/simulation/fault-at-every-operation.ts";
import { CHANGING_OPERATIONS } from "../testing/simulation/sim-files.ts";
import type { Simulation } from "../testing/simulation/simulation.ts";
import { supervise } from "../testing/simulation/supervise.ts";
import { KafkaClient } from "./client.ts";
import { type ResumableTransaction, resumeTransaction } from "./resume-transaction.ts";

const SEED = Number(process.env["MILLRACE_SEED"] ?? 7);
/** One point of so many, others with each seed: `npm run simulate:steps` tries more of them, or all. */
const SHARES = Number(process.env["MILLRACE_STEPS"] ?? 16);
const BROKER = "broker:9092";
const PLAIN = ["a", "b", "c", "d", "e"];
const ROUNDS = ["commit", "abort", "commit"] as const;
const PER_ROUND = 2;
/** The session of a member that nobody hears of runs out first. */
const READING_MS = 20_000;

/** What the client was told, on paper that outlives it. */
class Told {
  readonly acknowledged = new Map<string, number>();
  /** Rounds whose commit was asked for, and those for which it was confirmed. */
  readonly ending = new Set<number>();
  readonly committed = new Set<number>();
  /** Offset of the readers' group that was confirmed, and the largest that was asked for. */
  groupOffset = 0;
  groupAsked = 0;
  prepared: ResumableTransaction | undefined;
}

const startTheBroker = (env: Env) =>
  startBroker(env, {
    host: "broker",
    port: 9092,
    dataDir: "/data",
    insecure: true,
    settings: { "group.initial.rebalance.delay.ms": "0", "group.min.session.timeout.ms": "500" },
  });

function clientOf(env: Env): KafkaClient {
  return new KafkaClient(env, {
    brokers: BROKER,
    connectTimeoutMs: 500,
    requestTimeoutMs: 1000,
    retryBackoffMs: 10,
    retryBackoffMaxMs: 100,
  });
}

// The client's lives -----------------------------------------------------------------------------------------------------------------------

async function firstLife(env: Env, told: Told): Promise<void> {
  const client = clientOf(env);
  const producer = client.producer({ lingerMs: 0 });
  const acknowledged = PLAIN.map((value) =>
    producer.send({ topic: "plain", partition: 0, value }).then(({ offset }) => told.acknowledged.set(value, offset)),
  );
  await Promise.all(acknowledged);
  const transactional = client.producer({ transactionalId: "copier", transactionTimeoutMs: 3000 });
  for (const [round, outcome] of ROUNDS.entries()) {
    await transactional.beginTransaction();
    const sends = valuesOf(round).map((value) => transactional.send({ topic: "exact", partition: 0, value }));
    await transactional.sendOffsets([{ topic: "plain", partition: 0, offset: round + 1 }], "copier");
    await Promise.all(sends);
    if (outcome === "abort") {
      await transactional.abortTransaction();
      continue;
    }
    told.ending.add(round);
    await transactional.commitTransaction();
    told.committed.add(round);
  }
  await readAndCommit(env, client, told, PLAIN.length);
  const prepared = client.producer({ transactionalId: "prepared", transactionTimeoutMs: 60_000 });
  await prepared.beginTransaction();
  await Promise.all(valuesOf("prepared").map((value) => prepared.send({ topic: "exact", partition: 0, value })));
  told.prepared = prepared.identity;
  await prepared.close({ transaction: "leave" });
  await resumeTransaction(client, told.prepared, "commit");
  await client.close();
}

/** After a crash: ends what was prepared, fences what was not, goes on reading, and can write again. */
async function nextLife(env: Env, told: Told): Promise<void> {
  const client = clientOf(env);
  const transactional = client.producer({ transactionalId: "copier", transactionTimeoutMs: 3000 });
  await transactional.initTransactions();
  if (told.prepared === undefined) await client.producer({ transactionalId: "prepared" }).initTransactions();
  else await resumeTransaction(client, told.prepared, "commit");
  await client.producer().send({ topic: "plain", partition: 0, value: "again" });
  await transactional.beginTransaction();
  await transactional.send({ topic: "exact", partition: 0, value: "again" });
  await transactional.commitTransaction();
  await readAndCommit(env, client, told, (await contents(client, "plain")).length);
  await client.close();
}

const valuesOf = (round: number | string) => Array.from({ length: PER_ROUND }, (_, i) => `${round}/${i}`);

/** A member of a group that commits after each batch. Starts where the group has committed: never behind what was confirmed. */
async function readAndCommit(env: Env, client: KafkaClient, told: Told, until: number): Promise<void> {
  const consumer = client.consumer({ groupId: "readers", startAt: "earliest", autoCommit: false, sessionTimeoutMs: 800, maxWaitMs: 500 });
  consumer.subscribe(["plain"]);
  const stop = new AbortController();
  const timer = env.timers.after(READING_MS, () => stop.abort(new Error("enough")));
  let first = true;
  try {
    for await (const batch of consumer.batches({ signal: stop.signal })) {
      const start = [...batch.records][0]!.offset;
      if (first) {
        assert.ok(start >= told.groupOffset, `the group went back from ${told.groupOffset} to ${start}`);
        assert.ok(start <= told.groupAsked, `the group is at ${start}, nobody asked for more than ${told.groupAsked}`);
      }
      first = false;
      told.groupAsked = Math.max(told.groupAsked, batch.nextOffset);
      try {
        await consumer.commit([{ topic: "plain", partition: 0, offset: batch.nextOffset }]);
        told.groupOffset = batch.nextOffset;
      } catch {
        // Refused, or without an answer: it may have been taken all the same.
        told.groupOffset = Math.max(told.groupOffset, await offsetOf(client, "readers"));
        first = true;
      }
      if (told.groupOffset >= until) break;
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
  timer.cancel();
  assert.ok(told.groupOffset >= until, `the group's offset is ${told.groupOffset}, ${until} records are there`);
  await consumer.close();
}

async function offsetOf(client: KafkaClient, group: string): Promise<number> {
  const offsets = await client.admin().groupOffsets(group);
  return offsets.find(({ topic }) => topic === "plain")?.offset ?? 0;
}

// What must hold ---------------------------------------------------------------------------------------------------------------------------

async function contents(client: KafkaClient, topic: string): Promise<{ readonly value: string; readonly offset: number }[]> {
  const consumer = client.consumer({ maxWaitMs: 20 });
  const found: { value: string; offset: number }[] = [];
  await consumer.assign([{ topic, partition: 0, offset: "earliest" }]);
  for await (const batch of consumer.batches({ until: "end" }))
    for (const { value, offset } of batch.records) found.push({ value: new TextDecoder().decode(value!), offset });
  await consumer.close();
  return found;
}

/** Markers are written after the answer to EndTxn; transactions of the dead time out. */
async function untilDecided(env: Env, client: KafkaClient, topic: string): Promise<void> {
  for (;;) {
    const ends = await Promise.all(
      (["read_committed", "read_uncommitted"] as const).map((isolation) =>
        client.admin().listOffsets([{ topic, partition: 0, at: "latest" }], { isolation }),
      ),
    );
    if (ends[0]![0]!.offset === ends[1]![0]!.offset) return;
    await env.timers.sleep(50);
  }
}

async function verify(env: Env, told: Told, isWhole: boolean): Promise<void> {
  const client = clientOf(env);
  await untilDecided(env, client, "exact");
  const plain = await contents(client, "plain");
  for (const [value, offset] of told.acknowledged)
    assert.ok(
      plain.some((record) => record.value === value && record.offset === offset),
      `acknowledged record ${value} is lost or moved`,
    );
  const sent = plain.map(({ value }) => value).filter((value) => value !== "again");
  assert.deepEqual(sent, PLAIN.slice(0, sent.length), "once, in the order of sending, without a gap");
  const exact = (await contents(client, "exact")).map(({ value }) => value);
  const shown = [...ROUNDS.keys(), "prepared" as const].filter((round) => exact.some((value) => value.startsWith(`${round}/`)));
  assert.deepEqual(
    exact.filter((value) => value !== "again"),
    shown.flatMap(valuesOf),
    "whole transactions, once, in order",
  );
  const rounds = shown.filter((round) => round !== "prepared");
  for (const round of rounds) assert.ok(told.ending.has(round), `round ${round} shows, nobody committed it`);
  for (const round of told.committed) assert.ok(rounds.includes(round), `committed round ${round} is lost`);
  assert.equal(shown.includes("prepared"), told.prepared !== undefined, "a prepared transaction was committed");
  assert.equal(await offsetOf(client, "copier"), (rounds.at(-1) ?? -1) + 1, "the offsets of the last transaction");
  if (isWhole) assert.equal(plain.length + exact.length, PLAIN.length + PER_ROUND * 3);
  await client.close();
}

async function tell(simulation: Simulation, _fault: Fault): Promise<void> {
  simulation.filesOf("broker").provideDirectory("/data");
  const driver = simulation.env("driver");
  await simulation.run(
    async () => {
      const told = new Told();
      const broker = supervise(simulation, "broker", driver, async (env) => {
        throw await (
          await startTheBroker(env)
        ).failed;
      });
      const client = supervise(simulation, "client", driver, (env, life) => (life === 1 ? firstLife(env, told) : nextLife(env, told)), 2);
      await client.ended;
      assert.deepEqual(client.failures, []);
      await verify(driver, told, client.lives === 1);
      broker.stop();
      await broker.ended;
    },
    { maxVirtualMs: 120_000 },
  );
}

const network = (...verdicts: readonly (readonly [string, Extract<StoryVerdict, { network: unknown }>["network"]])[]): StoryVerdict[] =>
  verdicts.map(([name, verdict]) => ({ name, network: verdict }));

const KILLS = network(["kill-before", "kill-before"], ["kill-after", "kill-after"]);
const BREAKS = network(
  ["reset-before", "reset-before"],
  ["reset-after", "reset-after"],
  ["late", { lateMs: 300 }],
  ["very-late", { lateMs: 2000 }],
);
const CRASHES: StoryVerdict[] = (["crash-before", "crash-after", "crash-torn"] as const).map((name) => ({ name, disk: name }));

async function enumerate(context: TestContext, least: number, verdictsOf: Story["verdictsOf"]): Promise<void> {
  const report = await faultAtEveryOperation({ seed: SEED, disks: ["broker"], tell, verdictsOf }, { of: SHARES, part: SEED % SHARES });
  context.diagnostic(describeReport(report));
  assert.ok(report.tried >= least, `only ${report.tried} operations were tried`);
}

const isAt = (operation: StoryOperation, host: string) => operation.on === "network" && operation.host === host;

test("a client killed at any connect or write loses nothing that it was told", (context) =>
  enumerate(context, 40, (operation) => (isAt(operation, "client") ? KILLS : [])));

test("a connection that breaks at any connect or write of the client, whatever arrives late, changes nothing", (context) =>
  enumerate(context, 40, (operation) => (isAt(operation, "client") ? BREAKS : [])));

test("a broker that loses power at any operation on its disk keeps what a client was told", (context) =>
  enumerate(context, 100, (operation) => (operation.on === "disk" && CHANGING_OPERATIONS.has(operation.kind) ? CRASHES : [])));

test("a broker that is killed or loses power at any answer, or whose answers are lost or late, keeps what a client was told", (context) => {
  const verdicts = [...network(["crash-before", "crash-before"], ["crash-after", "crash-after"]), ...KILLS, ...BREAKS];
  return enumerate(context, 40, (operation) => (isAt(operation, "broker") ? verdicts : []));
});
