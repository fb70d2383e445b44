// A topic whose values are a schema of another library: what has the shape but fails a check is a bad record, in every format and at any
// parallelism, and goes to the dead letters with its path and the cause.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type as ark } from "arktype";
import { Schema as Effect } from "effect";
import { Type } from "typebox";
import * as v from "valibot";
import * as z from "zod";
import type { AnySchema } from "../../../schema/foreign/foreign-types.ts";
import { deadLetter } from "../../../stream/dead-letter.ts";
import type { DeadLetter } from "../../../stream/graph.ts";
import { pipeline } from "../../../stream/pipeline.ts";
import { collectSink } from "../../memory/collect-sink.ts";
import { kafkaSource } from "../kafka-source.ts";
import { kafkaSink } from "../kafka-sink.ts";
import { topic, type Topic } from "../topic.ts";
import { registryWorld } from "./registry-world.ts";

interface Order {
  id: string;
  amount: number;
}
type Copying = Topic<Order>;

const libraries: readonly (readonly [string, AnySchema])[] = [
  ["zod", z.object({ id: z.string().regex(/^o/), amount: z.number().min(0) })],
  ["valibot", v.object({ id: v.pipe(v.string(), v.regex(/^o/)), amount: v.pipe(v.number(), v.minValue(0)) })],
  ["arktype", ark({ id: /^o/, amount: "number >= 0" })],
  [
    "effect",
    Effect.Struct({ id: Effect.String.check(Effect.isPattern(/^o/)), amount: Effect.Number.check(Effect.isGreaterThanOrEqualTo(0)) }),
  ],
  ["typebox", Type.Object({ id: Type.String({ pattern: "^o" }), amount: Type.Number({ minimum: 0 }) })],
];
const documents = [{ id: "o1", amount: 1 }, { id: "x2", amount: 1 }, { id: "o3", amount: -1 }, { id: "o4" }, { id: "o5", amount: 5 }];

const world = registryWorld();

for (const [library, schema] of libraries)
  for (const parallelism of library === "zod" ? [1, 4] : [4])
    test(`${library}: bad records at parallelism ${parallelism}`, async () => {
      const name = `${library}-${parallelism}`;
      await world.client.admin().createTopics([{ name: `${name}-in`, partitions: 2 }]);
      const producer = world.client.producer();
      for (const document of documents) await producer.send({ topic: `${name}-in`, key: document.id, value: JSON.stringify(document) });
      await producer.close();
      const copies = await run(name, topic(`${name}-in`, schema) as unknown as Copying, parallelism);
      assert.deepEqual(copies.rows, ["o1", "o5"]);
      assert.equal(copies.bad.length, 3);
      const [o3, o4, x2] = copies.bad; // by their documents
      assert.match(x2!, /^id: expected a value that passes the schema's checks, got one that fails: ./);
      assert.match(o3!, /^amount: expected a value that passes the schema's checks, got one that fails: .*(0|negative)/);
      assert.match(o4!, /^amount: expected double, got nothing/);
    });

test("an Avro topic's values are held to the checks, too", async () => {
  const loose = topic("avro-in", z.object({ id: z.string(), amount: z.number() }), { format: "avro" });
  const strict = topic("avro-in", z.object({ id: z.string(), amount: z.number().max(10) }), { format: "avro" });
  await world.client.admin().createTopics([{ name: "avro-json", partitions: 1 }]);
  const producer = world.client.producer();
  for (const amount of [1, 11, 10]) await producer.send({ topic: "avro-json", value: JSON.stringify({ id: "o", amount }) });
  await producer.close();
  const writing = pipeline("avro-writing", (p) =>
    p.from("in", kafkaSource(topic("avro-json", loose.schema))).to("out", kafkaSink(loose, { delivery: "at-least-once" })),
  );
  assert.equal((await (await world.server.run(writing, { once: true })).finished).state, "finished");
  const { rows, bad } = await run("avro", strict, 1);
  assert.deepEqual([rows, bad.length], [["o", "o"], 1]);
  assert.match(bad[0]!, /^amount: .* in a value of schema \d+$/);
});

async function run(name: string, input: Copying, parallelism: number): Promise<{ readonly rows: string[]; readonly bad: string[] }> {
  const [ids, letters] = [collectSink<string>(), collectSink<DeadLetter>()];
  const job = pipeline(name, (p) =>
    p
      .from("orders", kafkaSource(input), { onError: deadLetter(letters) })
      .map(({ id }) => id)
      .to("ids", ids),
  );
  assert.equal((await (await world.server.run(job, { once: true, parallelism })).finished).state, "finished");
  const bad = letters.rows.toSorted((a, b) => ((a.value ?? "") < (b.value ?? "") ? -1 : 1));
  return { rows: ids.rows.toSorted(), bad: bad.map(({ error }) => error) };
}
