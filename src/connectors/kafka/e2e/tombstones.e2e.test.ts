// Records without a value, as compacted topics have them: no rows and no errors, bad records, or rows made of the key; in every format, with
// keys of a schema, by pattern, and as a table's deletions.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { jobMetricsText } from "../../../engine/coordinator/job-metrics-text.ts";
import { t } from "../../../schema/t.ts";
import { deadLetter } from "../../../stream/dead-letter.ts";
import { pipeline } from "../../../stream/pipeline.ts";
import { arraySource } from "../../memory/array-source.ts";
import { collectSink } from "../../memory/collect-sink.ts";
import { deadLetterTopic } from "../dead-letter-topic.ts";
import { kafkaSink } from "../kafka-sink.ts";
import { kafkaSource, type KafkaSourceOptions } from "../kafka-source.ts";
import type { TextKey } from "../topic-key.ts";
import type { RowOfKey } from "../tombstones.ts";
import { topic } from "../topic.ts";
import { topicPattern } from "../topic-pattern.ts";
import { registryWorld } from "./registry-world.ts";

const Account = t.record("Account", { id: t.long(), owner: t.string(), closed: t.boolean() });
type AccountRow = { id: number; owner: string; closed: boolean };
const COUNT = 40;
const PARTITIONS = 4;
const rows: AccountRow[] = Array.from({ length: COUNT }, (_, id) => ({ id, owner: `owner ${id}`, closed: id % 4 === 0 }));
const open = rows.filter(({ closed }) => !closed);
const FORMATS = ["json", "avro", "protobuf", "json-schema"] as const;

const world = registryWorld();
const byId = (found: readonly unknown[]) => (found as AccountRow[]).toSorted((a, b) => a.id - b.id);

/** Accounts, and tombstones of those that are closed. */
async function written(name: string, options: object): Promise<void> {
  await world.createTopics([name], PARTITIONS);
  const accounts = topic(name, Account, { key: "id", ...options });
  const sink = kafkaSink(accounts, { tombstone: ({ closed }) => closed });
  await world.run(pipeline(`write-${name}`, (p) => p.from("rows", arraySource(Account, rows)).to("accounts", sink)));
}

for (const format of FORMATS) {
  test(`${format}: tombstones are passed over, or make rows of their keys, at parallelism 1 and 4`, async () => {
    await written(`accounts-${format}`, { format });
    const accounts = topic(`accounts-${format}`, Account, { key: "id", format });
    for (const parallelism of [1, 4]) {
      const passed = collectSink(Account);
      const made = collectSink(Account);
      const closing = kafkaSource(accounts, { tombstones: (key) => ({ id: Number(key), owner: `owner ${key}`, closed: true }) });
      await world.run(
        pipeline(`read-${format}-${parallelism}`, (p) => {
          p.from("passed", kafkaSource(accounts)).to("passed-out", passed);
          p.from("made", closing).to("made-out", made);
        }),
        parallelism,
      );
      assert.deepEqual(byId(passed.rows), open);
      assert.deepEqual(byId(made.rows), rows);
    }
  });
}

for (const keyFormat of ["avro", "protobuf", "json-schema"] as const) {
  test(`keys of ${keyFormat}: a function gets the key as its type has it`, async () => {
    const key = ["owner", "id"] as const;
    await written(`keys-${keyFormat}`, { key, format: "avro", keyFormat });
    const accounts = topic(`keys-${keyFormat}`, Account, { key, format: "avro", keyFormat });
    const seen = collectSink(Account);
    const source = kafkaSource(accounts, { tombstones: ({ id, owner }) => ({ id, owner, closed: true }) });
    await world.run(
      pipeline(`read-keys-${keyFormat}`, (p) => p.from("accounts", source).to("out", seen)),
      2,
    );
    assert.deepEqual(byId(seen.rows), rows);
  });
}

test("of several topics by a pattern", async () => {
  for (const name of ["pattern-a", "pattern-b"]) await written(name, { format: "avro" });
  const seen = collectSink(Account);
  const source = kafkaSource(topicPattern(/^pattern-/, Account, { format: "avro" }), {
    tombstones: (key) => (key === "0" ? { id: 0, owner: "nobody", closed: true } : undefined),
  });
  await world.run(pipeline("read-pattern", (p) => p.from("accounts", source).to("out", seen)));
  assert.equal(seen.rows.length, 2 * open.length + 2);
});

test("a table: a tombstone takes back the rows of its key", async () => {
  await world.createTopics(["table"], 1);
  const value = (id: number, owner: string) => JSON.stringify({ id, owner, closed: false });
  await world.produce("table", [
    { key: "1", value: value(1, "anna") },
    { key: "2", value: value(2, "ben") },
    { key: "1", value: null },
    { key: "2", value: value(2, "bea") },
  ]);
  const payments = arraySource(t.record("Payment", { account: t.long() }), [{ account: 1 }, { account: 2 }]);
  const seen = collectSink();
  const accounts = kafkaSource(topic("table", Account, { key: "id" }), {
    tombstones: (key) => ({ id: Number(key), owner: "", closed: true }),
  });
  await world.run(
    pipeline("owners", (p) => {
      const table = p.from("accounts", accounts).keyBy("id");
      const names = { kind: "left", right: { keep: "latest", isDeletion: ({ closed }: AccountRow) => closed } } as const;
      p.from("payments", payments)
        .keyBy("account")
        .join("owners", table, ({ account }, row) => `${account} ${row?.owner ?? "nobody"}`, names)
        .to("out", seen);
    }),
  );
  const standing = new Map<string, number>();
  for (const { change, row } of seen.rows as { change: string; row: string }[])
    standing.set(row, (standing.get(row) ?? 0) + (change.startsWith("+") ? 1 : -1));
  assert.deepEqual([...standing].filter(([, count]) => count > 0).toSorted(), [
    ["1 nobody", 1],
    ["2 bea", 1],
  ]);
});

describe("bad records", () => {
  const value = JSON.stringify({ id: 1, owner: "anna", closed: false });

  async function lettersOf(name: string, options: KafkaSourceOptions<RowOfKey<AccountRow, TextKey>>, count: number): Promise<string[]> {
    const seen = collectSink(Account);
    const onError = deadLetter(kafkaSink(deadLetterTopic(`${name}-bad`), { delivery: "at-least-once" }));
    await world.run(pipeline(name, (p) => p.from("in", kafkaSource(topic(name, Account), options), { onError }).to("out", seen)));
    assert.deepEqual(
      seen.rows.map(({ id }) => id),
      [1],
    );
    const letters = await world.consume(`${name}-bad`, count);
    return letters.map((letter) => (JSON.parse(Buffer.from(letter.value!).toString()) as { error: string }).error);
  }

  test('"error" makes them of every tombstone', async () => {
    await world.createTopics(["held"]);
    await world.produce("held", [
      { key: "1", value: null },
      { key: "1", value },
      { key: null, value: null },
    ]);
    const letters = await lettersOf("held", { tombstones: "error" }, 2);
    for (const letter of letters) assert.match(letter, /expected a document, got a record without a value \(a tombstone\)/);
  });

  test("rows that are none, functions that throw, and keys that are no text; a record with neither key nor value says nothing", async () => {
    await world.createTopics(["made-badly"]);
    const keys = ["row", "throw", Uint8Array.of(0xff), null, "none"];
    await world.produce("made-badly", [...keys.map((key) => ({ key, value: null })), { key: "1", value }]);
    const tombstones = (key: unknown): AccountRow | undefined => {
      if (key === "none") return undefined;
      if (key === "row") return { id: "text" } as never;
      throw new Error(`no row of ${String(key)}`);
    };
    const letters = await lettersOf("made-badly", { tombstones }, 3);
    assert.match(letters[0]!, /^id: expected long, got a string of 4 characters in the row that tombstones\(\) made$/);
    assert.match(letters[1]!, /^expected tombstones\(\) to make a row, got an error: Error: no row of throw$/);
    assert.match(letters[2]!, /^the key: expected text in UTF-8, got other bytes/);
  });
});

test("a long run of tombstones is passed over piece by piece; they are counted, and `why` tells of them", async () => {
  const name = "deleted";
  await world.createTopics([name]);
  const producer = world.client.producer();
  const sent = Array.from({ length: 25_000 }, (_, key) => producer.send({ topic: name, key: `${key}`, value: null }));
  await Promise.all(sent);
  await producer.close();
  const job = await world.server.run(
    pipeline("all-deleted", (p) => p.from("accounts", kafkaSource(topic(name, Account))).to("out", collectSink(Account))),
  );
  const counted = /operator_numTombstones\{job_name="all-deleted",operator_name="accounts",split="deleted-0"\} 25000\n/;
  let text = "";
  for (const until = Date.now() + 8000; !counted.test(text) && Date.now() < until; await setTimeout(20))
    text = jobMetricsText([job.status()]);
  assert.match(text, counted);
  assert.match(text, /operator_pendingRecords\{job_name="all-deleted",operator_name="accounts",split="deleted-0"\} 0\n/);
  const findings = await job.explain();
  assert.match(
    findings.map((finding) => finding.text).join("\n"),
    /given no record: .*25000 records without a value \(tombstones\) passed over/,
  );
  await job.cancel();
});
