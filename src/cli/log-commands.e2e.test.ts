// millrace log on a real directory: dump, verify with its exit codes, repair; refused while a broker has the directory.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createNodeEnv } from "../env-node/node-env.ts";
import { LogDirectory } from "../log/log-directory.ts";
import { BatchWriter } from "../protocol/records/batch-writer.ts";
import { cli } from "./fixtures/cli-process.ts";

const data = mkdtempSync(join(tmpdir(), "millrace-log-"));
const open = () => LogDirectory.open(createNodeEnv({ logLevel: "error" }), `${data}/log`, { durability: "page-cache" });

before(async () => {
  const directory = await open();
  const topic = await directory.createTopic("orders", { partitions: 1 });
  for (const text of ["one", "two", "three"]) {
    const writer = new BatchWriter();
    writer.append(1_700_000_000_000, Buffer.from("key"), Buffer.from(text));
    await topic.partitions[0]!.append(writer.take(), { leaderEpoch: 0, origin: "client", now: 1_700_000_000_000 });
  }
  await directory.close();
});
after(() => rmSync(data, { recursive: true, force: true }));

test("log dump prints batches and records, for people and for programs", async () => {
  const [text, lines] = await Promise.all([
    cli(["log", "dump", "orders-0", "--data", data, "--records", "-n", "1"]),
    cli(["log", "dump", `${data}/log/orders-0`, "--records", "--jsonl", "-o", "1"]),
  ]);
  assert.equal(text.exitCode, 0, text.stderr);
  assert.match(text.stdout, /offsets 0\.\.0 .* 1 records .*\n {2}0 {2}2023-11-14T22:13:20\.000Z {2}key = one\n$/);
  const batches = lines.stdout.trim().split("\n").map((line) => JSON.parse(line) as { baseOffset: number; content: { value: string }[] }); // prettier-ignore
  assert.deepEqual(batches.map(({ baseOffset, content }) => [baseOffset, content[0]!.value]), [[1, "two"], [2, "three"]]); // prettier-ignore
  const [document, nothing] = await Promise.all([
    cli(["log", "dump", "orders", "--data", data, "--records", "--json", "-o", "1"]),
    cli(["log", "dump", "orders", "--data", data, "--json", "-o", "9"]),
  ]);
  assert.deepEqual(JSON.parse(document.stdout), batches);
  assert.deepEqual(JSON.parse(nothing.stdout), []);
});

test("log verify finds a flipped bit, log repair cuts it out, and neither touches a directory in use", async () => {
  const sound = await cli(["log", "verify", "--data", data]);
  assert.equal(sound.exitCode, 0, sound.stderr);
  const file = `${data}/log/orders-0/00000000000000000000.log`;
  const bytes = readFileSync(file);
  const middle = bytes.indexOf("two");
  bytes[middle] = bytes[middle]! ^ 1;
  writeFileSync(file, bytes);
  const damaged = await cli(["log", "verify", "--data", data]);
  assert.equal(damaged.exitCode, 1);
  assert.match(damaged.stderr, /offsets 1 to 1/);
  assert.ok(damaged.stderr.includes(`millrace log repair --dry-run --data ${data}`), damaged.stderr);
  const dumped = await cli(["log", "dump", `${data}/log/orders-0`]);
  assert.ok(dumped.stderr.includes(`See: millrace log verify ${data}/log/orders-0`), dumped.stderr);
  const directory = await open();
  const inUse = await cli(["log", "repair", "--data", data]);
  await directory.close();
  assert.equal(inUse.exitCode, 5, inUse.stderr);
  const dry = await cli(["log", "repair", "--data", data, "--dry-run"]);
  assert.match(dry.stdout, /Cut out; the original is kept/);
  assert.deepEqual(readFileSync(file), bytes);
  assert.equal((await cli(["log", "repair", "--data", data])).exitCode, 0);
  assert.equal((await cli(["log", "verify", "--data", data])).exitCode, 0);
  const left = await cli(["log", "dump", "orders", "--data", data, "--records"]);
  assert.match(left.stdout, /one[\s\S]*three/);
  assert.doesNotMatch(left.stdout, /two/);
});

test("a log that is not there is exit code 3", async () => {
  const [topic, directory] = await Promise.all([
    cli(["log", "dump", "nothing", "--data", data]),
    cli(["log", "verify", "--data", `${data}/nowhere`]),
  ]);
  assert.deepEqual([topic.exitCode, directory.exitCode], [3, 3], topic.stderr + directory.stderr);
  assert.match(topic.stderr, /See which there are: millrace log verify --data /);
  const [misspelt, place, path] = await Promise.all([
    cli(["log", "dump", "order", "--data", data]),
    cli(["log", "verify", "log", "--data", data], { cwd: data }),
    cli(["log", "verify", `${data}/log`]),
  ]);
  assert.match(misspelt.stderr, /Did you mean "orders"\?/);
  assert.match(place.stderr, /The directory is named so: --data log/);
  assert.match(path.stderr, /is no partition's directory.*--data DIR/);
});
