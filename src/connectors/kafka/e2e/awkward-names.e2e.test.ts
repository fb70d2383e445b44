// Fields that are called as JavaScript's own properties, and every kind of value beside them, through a job and back in each format: sinks and
// sources, states and keys, at parallelism 1 and 4; the console shows them as they are.
import assert from "node:assert/strict";
import { test } from "node:test";
import { t, type Decimal } from "../../../schema/t.ts";
import type { Infer } from "../../../schema/type-info.ts";
import { pipeline } from "../../../stream/pipeline.ts";
import { valueState } from "../../../stream/state.ts";
import { arraySource } from "../../memory/array-source.ts";
import { collectSink } from "../../memory/collect-sink.ts";
import { kafkaSink } from "../kafka-sink.ts";
import { kafkaSource } from "../kafka-source.ts";
import { topic } from "../topic.ts";
import { registryWorld } from "./registry-world.ts";

const Inner = t.record("Inner", { hasOwnProperty: t.boolean(), ["__proto__"]: t.optional(t.string()) });
const Row = t.record("Row", {
  constructor: t.string(),
  ["__proto__"]: t.optional(t.long()),
  toString: t.array(t.int()),
  valueOf: t.union(t.string(), Inner),
  isPrototypeOf: t.map(t.string(), t.double()),
  price: t.decimal(12, 2),
  day: t.date(),
  time: t.time(),
  at: t.timestampMicros(),
  wall: t.localTimestamp(),
  age: t.duration(),
  id: t.uuid(),
  raw: t.fixed(3),
});
type Row = Infer<typeof Row>;

const inner = (text: string): Infer<typeof Inner> => ({ hasOwnProperty: true, ["__proto__"]: text });
const rows: Row[] = Array.from({ length: 40 }, (_, n) => ({
  constructor: `key-${n % 7}`,
  ["__proto__"]: n % 3 === 0 ? undefined : n,
  toString: [n, 1 - n],
  valueOf: n % 2 === 0 ? `text ${n}` : inner(`inside ${n}`),
  isPrototypeOf: new Map([["__proto__", n / 4], ["a", 1]]), // prettier-ignore
  price: `${n - 20 === 0 ? 0 : n - 20}.25` as Decimal,
  day: n * 700 - 9000,
  time: n * 1_000_003,
  at: 1_763_870_000_000_000 + n,
  wall: n - 5,
  age: { months: n, days: 0, millis: 2 ** 32 - 1 - n },
  id: `f81d4fae-7dec-11d0-a765-00a0c91e6b${String(n).padStart(2, "0")}`,
  raw: Uint8Array.of(n, 0, 255),
}));

const world = registryWorld();

const byId = (given: readonly Row[]): Row[] => given.toSorted((a, b) => (a.id < b.id ? -1 : 1));

/** What the console shows of a topic: it begins to look when it is asked first. */
async function shown(name: string): Promise<string> {
  const { href, searchParams } = new URL(world.server.consoleUrl!);
  for (;;) {
    const authorization = `Bearer ${searchParams.get("token")}`;
    const answer = await fetch(new URL(`/api/topics/${name}/newest?n=40`, href), { headers: { authorization } });
    assert.equal(answer.status, 200);
    const text = await answer.text();
    if (text !== '{"records":[]}') return text;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

for (const format of ["json", "avro", "protobuf", "json-schema"] as const)
  for (const parallelism of [1, 4])
    test(`${format}, parallelism ${parallelism}`, async () => {
      const name = `names-${format}-${parallelism}`;
      await world.client.admin().createTopics([{ name, partitions: 4 }]);
      const orders = topic(name, Row, { key: "constructor", format });
      const write = pipeline(`write-${name}`, (p) => p.from("rows", arraySource(Row, rows)).to("orders", kafkaSink(orders)));
      await (
        await world.server.run(write, { once: true, parallelism })
      ).finished;
      const out = collectSink(Row);
      const read = pipeline(`read-${name}`, (p) =>
        p
          .from("orders", kafkaSource(orders))
          .keyBy("constructor")
          .process("keep", {
            output: Row,
            state: { last: valueState(Row) },
            onElement(row, ctx) {
              ctx.state.last.set(row);
              ctx.emit(ctx.state.last.get()!);
            },
          })
          .to("out", out),
      );
      await (
        await world.server.run(read, { once: true, parallelism })
      ).finished;
      assert.deepStrictEqual(byId(out.rows), byId(rows));
      if (format === "json") assert.match(await shown(name), /__proto__/);
    });
