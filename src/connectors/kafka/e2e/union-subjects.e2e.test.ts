// A topic of records of several kinds, under subjects named after the records: each kind is registered, written and read by a schema of its own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SchemaFrame } from "../../../schema/wire/schema-frame.ts";
import { t } from "../../../schema/t.ts";
import { pipeline } from "../../../stream/pipeline.ts";
import { arraySource } from "../../memory/array-source.ts";
import { collectSink } from "../../memory/collect-sink.ts";
import { kafkaSink } from "../kafka-sink.ts";
import { kafkaSource } from "../kafka-source.ts";
import type { SchemaOptions } from "../topic-format.ts";
import { topic } from "../topic.ts";
import { registryWorld } from "./registry-world.ts";

const Card = t.record("Card", { kind: t.literal("card"), user: t.string(), number: t.string() });
const Wire = t.record("Wire", { kind: t.literal("wire"), user: t.string(), amount: t.double() });
const Payment = t.union(Card, Wire);
type PaymentRow = { kind: "card"; user: string; number: string } | { kind: "wire"; user: string; amount: number };
const COUNT = 40;
const rows = Array.from({ length: COUNT }, (_, at): PaymentRow =>
  at % 3 === 0 ? { kind: "card", user: `u${at}`, number: `n${at}` } : { kind: "wire", user: `u${at}`, amount: at / 4 },
);
const world = registryWorld();
const sorted = (found: readonly unknown[]) => (found as PaymentRow[]).toSorted((a, b) => Number(a.user.slice(1)) - Number(b.user.slice(1)));

async function written(name: string, format: "avro" | "protobuf" | "json-schema", registry: SchemaOptions, parallelism = 1): Promise<void> {
  await world.createTopics([name], 4);
  const payments = topic(name, Payment, { key: "user", format, registry });
  await world.run(
    pipeline(`write-${name}`, (p) => p.from("in", arraySource(Payment, rows)).to("out", kafkaSink(payments))),
    parallelism,
  );
  const seen = collectSink(Payment);
  await world.run(
    pipeline(`read-${name}`, (p) => p.from("in", kafkaSource(payments)).to("out", seen)),
    parallelism,
  );
  assert.deepEqual(sorted(seen.rows), rows);
}

for (const format of ["avro", "protobuf", "json-schema"] as const)
  for (const subject of ["record", "topic-record"] as const)
    test(`${format}, subject "${subject}": written and read, and each kind has the schema of its own subject`, async () => {
      // One format has the records' own names: subjects of a record are shared by topics.
      const name = `${format}-${subject}`;
      const ids = subject === "record" ? "prefix" : "header";
      if (subject === "record") for (const each of ["Card", "Wire"]) await forgotten(each);
      await written(name, format, { subject, ids }, subject === "record" ? 1 : 4);
      const subjects = ["Card", "Wire"].map((each) => (subject === "record" ? each : `${name}-${each}`));
      const [card, wire] = await Promise.all(subjects.map(async (each) => await world.registry.version(each)));
      assert.notEqual(card!.id, wire!.id);
      const guids = await Promise.all([card!, wire!].map(async ({ id }) => (await world.registry.byId(id)).guid));
      const frame = new SchemaFrame();
      const used = new Set<unknown>();
      for (const { value, headers } of await world.consume(name, COUNT)) {
        const said = ids === "prefix" ? value! : headers[0]!.value!;
        frame.read(said, 0, said.length);
        used.add(ids === "prefix" ? frame.id : frame.guid);
      }
      assert.deepEqual(used, new Set<unknown>(ids === "prefix" ? [card!.id, wire!.id] : guids));
      const listed = (await world.registry.request("GET", "/subjects")) as string[];
      assert.ok(!listed.includes("value") && !listed.includes(`${name}-value`), listed.join());
    });

test("others read each record by its own schema, and what they wrote is read", async () => {
  await forgotten("Card");
  await forgotten("Wire");
  await written("shared", "avro", { subject: "record" });
  const found = await world.consume("shared", COUNT);
  const decoded = await Promise.all(found.map(async ({ value }) => ({ ...((await world.foreign.decode(Buffer.from(value!))) as object) })));
  assert.deepEqual(sorted(decoded), rows);
  const { id } = await world.registry.version("Wire");
  const theirs = await world.foreign.encode(id, { kind: "wire", user: "u99", amount: 9 });
  await world.createTopics(["theirs"]);
  await world.produce("theirs", [{ key: "u99", value: theirs }]);
  const seen = collectSink(Payment);
  const payments = topic("theirs", Payment, { format: "avro", registry: { subject: "record" } });
  await world.run(pipeline("read-theirs", (p) => p.from("in", kafkaSource(payments)).to("out", seen)));
  assert.deepEqual(seen.rows, [{ kind: "wire", user: "u99", amount: 9 }]);
});

test("a kind whose subject has another schema is refused by its name, before the job starts", async () => {
  await forgotten("Wire");
  await world.registry.register("Wire", '{"type":"record","name":"Wire","fields":[{"name":"user","type":"int"}]}', "AVRO");
  await world.createTopics(["refused"]);
  const payments = topic("refused", Payment, { format: "avro", registry: { subject: "record" } });
  for (const job of [
    pipeline("refused-write", (p) => p.from("in", arraySource(Payment, rows)).to("out", kafkaSink(payments))),
    pipeline("refused-read", (p) => p.from("in", kafkaSource(payments)).to("out", collectSink(Payment))),
  ])
    await assert.rejects(world.run(job), (error: Error) => /subject "Wire"/.test(`${error.message} ${String(error.cause)}`));
  await forgotten("Wire");
});

test("a union with a member that is no record has no record to be named after", () => {
  assert.throws(() => topic("mixed", t.union(Card, t.string()), { format: "avro", registry: { subject: "record" } }), {
    code: "BAD_TOPIC",
    message: /the subject "record" is named after the value's record, and the value is none/,
  });
});

async function forgotten(subject: string): Promise<void> {
  const path = `/subjects/${subject}`;
  const gone = (error: { status?: number }): void => assert.equal(error.status, 404);
  await world.registry.request("DELETE", path).catch(gone);
  await world.registry.request("DELETE", `${path}?permanent=true`).catch(gone);
}
