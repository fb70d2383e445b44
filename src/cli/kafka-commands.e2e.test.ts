// The commands about groups, transactions and settings of topics against a broker in memory: what they print in a pipe, what they refuse.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Broker, startBroker } from "../broker/index.ts";
import { createClient, type KafkaClient } from "../client/index.ts";
import { TWO_PHASE_COMMIT } from "../server/two-phase-commit.ts";
import { CliError } from "./cli-error.ts";
import { createProgram } from "./program.ts";

interface Output {
  readonly out: string;
  readonly notes: readonly string[];
}

const directory = mkdtempSync(join(tmpdir(), "millrace-commands-"));
let broker: Broker;
let client: KafkaClient;

before(async () => {
  broker = await startBroker({ memory: true, port: 0 });
  client = createClient({ brokers: broker.bootstrapServers });
  await client.admin().createTopics([{ name: "orders", partitions: 2 }, { name: "paid", partitions: 1 }]); // prettier-ignore
  const producer = client.producer();
  for (let i = 0; i < 10; i++) await producer.send({ topic: "orders", partition: i % 2, value: `v${i}`, timestamp: 1_000_000 + i });
  await producer.close();
});
after(async () => {
  await client.close();
  await broker.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Runs a command as a pipe would see it. */
async function run(...args: string[]): Promise<Output> {
  const notes: string[] = [];
  let out = "";
  const terminal = {
    out: async (data: string | Uint8Array): Promise<void> => void (out += typeof data === "string" ? data : Buffer.from(data).toString()),
    note: (line: string): void => void notes.push(line),
    isTerminal: false,
    noteIsTerminal: false,
    color: false,
    quiet: false,
    environment: {},
    workingDirectory: tmpdir(),
  };
  const program = createProgram({ version: "0.0.0", terminal: () => terminal });
  const where = args.includes("--brokers") ? [] : ["--brokers", broker.bootstrapServers];
  await program.parseAsync(["node", "millrace", ...args, ...where]);
  return { out, notes };
}

function refused(exitCode: number, message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof CliError && error.exitCode === exitCode && message.test(error.message);
}

test("a group's offsets are reset to a place, a time or by a distance, shown first, and only without members", async () => {
  const reset = (...more: string[]) => run("group", "reset", "readers", ...more);
  assert.equal((await reset("--to", "end", "--topic", "orders", "--dry-run")).out, "orders\t0\t\t5\norders\t1\t\t5\n");
  await assert.rejects(run("group", "describe", "readers"), refused(3, /no group "readers"/), "nothing was set");
  await assert.rejects(reset("--to", "start"), refused(3, /committed nothing. Name the topics/));
  await assert.rejects(reset("--to", "end", "--topic", "orders"), refused(2, /Add --yes/));
  await reset("--to", "end", "--topic", "orders", "--yes");
  assert.equal((await reset("--to", "by:-2", "--yes")).out, "orders\t0\t5\t3\norders\t1\t5\t3\n");
  assert.equal((await reset("--to", "@1000005", "--topic", "orders:1", "--yes")).out, "orders\t1\t3\t2\n");
  assert.equal((await reset("--shift-by", "-1", "--dry-run")).out, "orders\t0\t3\t2\norders\t1\t2\t1\n");
  assert.equal((await reset("--by-duration", "P1D", "--topic", "orders:1", "--dry-run")).out, "orders\t1\t2\t5\n");
  const file = join(directory, "offsets.csv");
  writeFileSync(file, "orders,1,4\norders,0,99\n");
  assert.equal((await reset("--from-file", file, "--dry-run")).out, "orders\t1\t2\t4\norders\t0\t3\t5\n");
  await assert.rejects(reset("--from-file", join(directory, "none.csv")), refused(2, /none\.csv cannot be read \(ENOENT\)/));
  await assert.rejects(reset("--to-latest", "--to", "start"), refused(2, /--to and --to-latest contradict/));
  assert.equal((await run("group", "lag", "readers")).out, "readers\torders\t0\t3\t5\t2\t\nreaders\torders\t1\t2\t5\t3\t\n");
  const listed = JSON.parse((await run("group", "ls", "--json")).out) as { group: string; state: string; type: string }[];
  assert.deepEqual(listed.map(({ group, state, type }) => ({ group, state, type })), [{ group: "readers", state: "Empty", type: "classic" }]); // prettier-ignore
});

test("a group with members is described with who reads what, and neither reset nor deleted", async () => {
  const consumer = client.consumer({ groupId: "busy", startAt: "earliest" });
  await consumer.subscribe(["paid"]);
  const reading = consumer.batches({ signal: AbortSignal.timeout(120_000) }).next();
  reading.catch(() => undefined);
  const admin = client.admin();
  for (;;) {
    const described = await admin.describeGroup("busy").catch(() => undefined);
    if (described?.state === "Stable" && described.members.some(({ assignment }) => assignment.length > 0)) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const told = JSON.parse((await run("group", "describe", "busy", "--json")).out) as { state: string; members: { assignment: unknown }[]; partitions: { topic: string; lag: number | null }[] }; // prettier-ignore
  assert.equal(told.state, "Stable");
  assert.deepEqual(told.members.map(({ assignment }) => assignment), [[{ topic: "paid", partition: 0 }]]); // prettier-ignore
  assert.deepEqual(told.partitions.map(({ topic, lag }) => ({ topic, lag })), [{ topic: "paid", lag: null }]); // prettier-ignore
  await assert.rejects(run("group", "reset", "busy", "--to", "start", "--topic", "paid", "--yes"), refused(5, /has 1 members/));
  await assert.rejects(run("group", "rm", "busy", "--yes"), refused(5, /Stop its consumers/));
  await consumer.close();
  await run("group", "rm", "busy", "--yes");
  await assert.rejects(run("group", "lag", "busy"), refused(3, /no group "busy"/));
});

/** No transaction is open: the abort of the last one is on its way. */
async function ended(...at: string[]): Promise<void> {
  while ((await run("txn", "ls", ...at)).out !== "") await new Promise((resolve) => setTimeout(resolve, 10));
}

test("open transactions are listed with their job and age, and aborted", async () => {
  const id = "millrace-fraud/alerts/0/1";
  const producer = client.producer({ transactionalId: id });
  await producer.beginTransaction();
  await producer.send({ topic: "paid", value: "open" });
  const [row] = JSON.parse((await run("txn", "ls", "--json")).out) as {
    transactionalId: string;
    job: string;
    ageMs: number;
    state: string;
  }[];
  assert.deepEqual([row!.transactionalId, row!.job, row!.state, row!.ageMs >= 0], [id, "fraud", "Ongoing", true]);
  assert.match((await run("txn", "describe", id)).out, /job\tfraud\n[\s\S]*partitions\tpaid-0\n/);
  assert.match((await run("txn", "abort", id, "--dry-run")).notes[0]!, /Would abort .* belongs to job "fraud"/);
  await assert.rejects(run("txn", "abort", id), refused(2, /Add --yes/));
  await run("txn", "abort", id, "--yes");
  await ended();
  await assert.rejects(run("txn", "abort", id, "--yes"), refused(5, /no ongoing transaction/));
  await assert.rejects(run("txn", "describe", "nobody"), refused(3, /txn ls --all/));
  await assert.rejects(producer.commitTransaction());
  await producer.close().catch(() => undefined);
});

test("a transaction of two-phase commit never times out: it is listed so, and aborted by hand", async () => {
  const own = await startBroker({ memory: true, port: 0, settings: TWO_PHASE_COMMIT });
  const committed = createClient({ brokers: own.bootstrapServers });
  const at = ["--brokers", own.bootstrapServers];
  try {
    const id = "millrace-fraud/alerts/0/2";
    await committed.admin().createTopics([{ name: "paid", partitions: 1 }]);
    const producer = committed.producer({ transactionalId: id, twoPhaseCommit: true });
    await producer.beginTransaction();
    await producer.send({ topic: "paid", value: "prepared" });
    await producer.close({ transaction: "leave" });
    assert.match((await run("txn", "ls", ...at)).out, /^millrace-fraud\/alerts\/0\/2\tOngoing\tfraud\t\d+\tnever\t/m);
    const [row] = JSON.parse((await run("txn", "ls", "--json", ...at)).out) as { twoPhaseCommit: boolean }[];
    assert.equal(row!.twoPhaseCommit, true);
    assert.match((await run("txn", "describe", id, ...at)).out, /timeout\tnever\n/);
    assert.match((await run("txn", "abort", id, "--dry-run", ...at)).notes[0]!, /if a checkpoint has prepared it, its output is lost/);
    await run("txn", "abort", id, "--yes", ...at);
    await ended(...at);
    const { lastStableOffset, highWatermark } = own.logs.topic("paid")!.partitions[0]!;
    assert.equal(lastStableOffset, highWatermark, "nothing holds readers back any more");
  } finally {
    await committed.close();
    await own.close();
  }
});

test("the broker's settings are shown and changed while it runs", async () => {
  const before = (await run("config", "ls")).out;
  assert.deepEqual(
    before
      .trimEnd()
      .split("\n")
      .map((line) => line.split("\t")[0]),
    ["advertised.listeners", "listener.security.protocol.map", "listeners", "log.dirs", "process.roles"],
  );
  assert.match((await run("config", "set", "message.max.bytes=5000", "--dry-run")).notes[0]!, /Would set message\.max\.bytes to 5000/);
  await assert.rejects(run("config", "set", "message.max.bytes=x", "--dry-run"), /expected a whole number/);
  await run("config", "set", "message.max.bytes=5000");
  const line = "message.max.bytes\t5000\tbroker\tyes\n";
  assert.equal((await run("config", "ls")).out, before.replace("process.roles", `${line}process.roles`));
  await assert.rejects(run("config", "set", "num.partitions=4"), refused(2, /Cannot update these configs dynamically.*config ls --all/));
  await run("config", "set", "-u", "message.max.bytes");
  assert.equal((await run("config", "ls", "message.max.bytes", "num.partitions")).out, "message.max.bytes\t1048588\tdefault\tyes\nnum.partitions\t1\tdefault\tno\n"); // prettier-ignore
  await assert.rejects(run("config", "set"), refused(2, /NAME=VALUE/));
  await assert.rejects(run("config", "ls", "num.partition"), refused(3, /no setting "num\.partition"\. Did you mean "num\.partitions"\?/));
});

test("a topic's settings are shown and changed, and its records trimmed", async () => {
  const nothing = await run("topic", "config", "orders");
  assert.deepEqual([nothing.out, nothing.notes.length], ["", 1]);
  await assert.rejects(run("topic", "config", "orders", "retention.mss=1"), refused(2, /Did you mean "retention\.ms"\?/));
  await assert.rejects(run("topic", "create", "more", "-c", "cleanup.polcy=compact"), refused(2, /cleanup\.polcy\. Did you mean "cleanup\.policy"\?/)); // prettier-ignore
  await run("topic", "config", "orders", "retention.ms=1000", "max.message.bytes=2000");
  assert.equal((await run("topic", "config", "orders")).out, "max.message.bytes\t2000\ttopic\nretention.ms\t1000\ttopic\n");
  assert.match((await run("topic", "config", "orders", "-u", "retention.ms", "--dry-run")).notes[0]!, /retention.ms back to its default/);
  await assert.rejects(run("topic", "config", "orders", "segment.bytes=100", "--dry-run"), /must be at least 1048576/);
  await run("topic", "config", "orders", "-u", "retention.ms", "-u", "max.message.bytes");
  assert.match((await run("topic", "config", "orders", "--all")).out, /^cleanup\.policy\tdelete\tdefault$/m);
  await assert.rejects(run("topic", "config", "orders", "retention.ms=soon"), /retention\.ms/);
  assert.equal((await run("topic", "trim", "orders", "-b", "-2", "--dry-run")).out, "0\t0\t3\t3\n1\t0\t3\t3\n");
  await run("topic", "trim", "orders", "-b", "4", "-p", "1", "--yes");
  assert.equal((await run("topic", "tail", "orders", "-e", "-o", "start", "-f", "%t %p %o %k %v\\n")).out.split("\n").length, 7);
  await assert.rejects(run("topic", "trim", "orders", "-b", "4", "-p", "2", "--yes"), refused(3, /no partition 2/));
  await assert.rejects(run("topic", "rm", "nowhere", "--yes"), refused(3, /no topic "nowhere"\. See: millrace topic ls -a/));
});

test("tail ends at a time and begins where a group has committed, as kcat does", async () => {
  await client.admin().createTopics([{ name: "times", partitions: 2 }]);
  const producer = client.producer();
  for (let i = 0; i < 10; i++) await producer.send({ topic: "times", partition: i % 2, value: `v${i}`, timestamp: 1_000_000 + i });
  await producer.close();
  const tail = async (...more: string[]): Promise<string> => {
    const { out } = await run("topic", "tail", "times", "-f", "%p:%o ", ...more);
    return out.trim().split(" ").sort().join(" "); // prettier-ignore
  };
  assert.equal(await tail("-o", "s@1000006", "-o", "e@1000009"), "0:3 0:4 1:3");
  assert.equal(await tail("-o", "e@1000003", "-p", "1"), "1:0");
  await run("group", "reset", "tailers", "--to", "4", "--topic", "times:1", "-y");
  assert.equal(await tail("-o", "stored", "-g", "tailers", "-e", "-p", "1"), "1:4");
  assert.equal(await tail("-o", "stored", "-g", "nobody", "-e", "-p", "1"), "1:0 1:1 1:2 1:3 1:4");
  assert.equal(await tail("-o", "1:3"), "0:1 0:2 1:1 1:2");
  assert.equal(await tail("-o", ":end", "-p", "0"), "0:0 0:1 0:2 0:3 0:4");
  assert.equal(await tail("-o", "+4", "-e"), "0:4 1:4");
  assert.equal(await tail("-o", "@1000006:1000009"), "0:3 0:4 1:3");
  assert.equal(await tail("-o", "4:99", "-p", "0"), "0:4", "no further than the end");
  await assert.rejects(run("topic", "tail", "times", "-o", "stored"), refused(2, /-g GROUP/));
});
