// millrace topic produce and tail as processes: lines from standard input become records, whatever a topic's own limits are; what is
// refused says what to do; who asks for an offset beyond the end waits there.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Broker, startBroker } from "../broker/index.ts";
import { createClient } from "../client/index.ts";
import { cli, CliProcess, type CliResult } from "./fixtures/cli-process.ts";

let broker: Broker;

before(async () => {
  broker = await startBroker({ memory: true, port: 0 });
  const client = createClient({ brokers: broker.bootstrapServers });
  await client.admin().createTopics([
    { name: "small", partitions: 1, config: { "max.message.bytes": "1000" } },
    { name: "large", partitions: 1, config: { "max.message.bytes": "3000000" } },
    { name: "latest", partitions: 1, config: { "cleanup.policy": "compact" } },
    { name: "headed", partitions: 1 },
    { name: "waited", partitions: 1 },
  ]);
  await client.close();
});
after(() => broker.close());

function produce(topic: string, input: string, ...more: string[]): Promise<CliResult> {
  return cli(["topic", "produce", topic, "--brokers", broker.bootstrapServers, ...more], { input });
}

async function read(topic: string, format: string): Promise<string> {
  const { stdout } = await cli(["topic", "tail", topic, "--brokers", broker.bootstrapServers, "-o", "start", "-e", "-f", format]);
  return stdout;
}

test("batches are as large as the topic takes, and so may a line be", async () => {
  const lines = Array.from({ length: 100 }, (_, i) => `line ${i} ${".".repeat(60)}\n`).join("");
  const [many, long] = await Promise.all([produce("small", lines), produce("large", "x".repeat(2_500_000))]);
  assert.equal(many.stderr, "100 records acknowledged.\n");
  assert.equal(await read("small", "%s\\n"), lines);
  assert.equal(long.stderr, "1 record acknowledged.\n");
  assert.equal(await read("large", "%S\\n"), "2500000\n");
});

test("a line that the topic does not take says which setting that is; compressed it may fit", async () => {
  const [plain, over, compressed] = await Promise.all([
    produce("small", "y".repeat(3_000)),
    produce("large", "y".repeat(4_000_000)),
    produce("headed", "y".repeat(4_000_000), "-z", "zstd"),
  ]);
  for (const [{ exitCode, stderr }, topic] of [
    [plain, "small"],
    [over, "large"],
  ] as const) {
    assert.equal(exitCode, 1);
    assert.match(stderr, new RegExp(`larger than topic "${topic}" takes .*max\\.message\\.bytes=\\d+.*millrace topic config ${topic} max\\.message\\.bytes=`)); // prettier-ignore
  }
  assert.equal(compressed.stderr, "1 record acknowledged.\n");
});

test("a compacted topic wants keys, and says how a line has one", async () => {
  const { exitCode, stderr } = await produce("latest", "paid\n");
  assert.equal(exitCode, 1);
  assert.match(stderr, /no key, and its topic is compacted\. Give each line a key: -K :/);
  assert.equal((await produce("latest", "o-1:paid\n", "-K", ":")).exitCode, 0);
});

test("headers come as they were given, also twice under one name", async () => {
  assert.equal((await produce("headed", "v\n", "-H", "via=a", "-H", "via= b")).exitCode, 0);
  assert.match(await read("headed", "%h\n"), /via=a,via= b/);
  assert.match((await produce("headed", "v\n", "-H", "via")).stderr, /-H via: expected NAME=VALUE, such as -H source=import\./);
});

test("tail from an offset beyond the end says so, and waits there for what comes", async () => {
  await produce("waited", "old\n");
  const place = ["topic", "tail", "waited", "--brokers", broker.bootstrapServers, "-o", "99", "-f", "%o %s\\n"];
  const ended = await cli([...place, "-e"]);
  assert.deepEqual([ended.exitCode, ended.stdout], [0, ""]);
  const tail = new CliProcess([...place, "-n", "1"]);
  await tail.until("stderr", /1 of 1 partitions end before what -o says: reading begins at the end there\./);
  await produce("waited", "new\n");
  const { exitCode, stdout } = await tail.ended;
  assert.deepEqual([exitCode, stdout], [0, "1 new\n"]);
});
