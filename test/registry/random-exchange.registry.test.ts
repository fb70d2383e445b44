// Random types and rows (MILLRACE_SEED): what a pipeline wrote, Confluent's own deserialiser reads and its serialiser writes again, with a schema
// that it registers itself, and a pipeline reads it as it was.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { pipeline, type Schema } from "millrace";
import { kafkaSink, kafkaSource, topic } from "millrace/connectors/kafka";
import { arraySource, collectSink } from "millrace/connectors/memory";
import { anyRecord, makeObject, valueOf } from "../../src/schema/fixtures/arbitrary-types.ts";
import { ConfluentExchange } from "./confluent-exchange.ts";
import { confluentPlatformJars, missing } from "./prerequisites.ts";

const TYPES = 40;
const IDS = ["prefix", "guid", "header"] as const;

const cases = anyRecord.chain((schema) =>
  fc
    .array(valueOf(schema.type) as fc.Arbitrary<object>, { minLength: 1, maxLength: 4 })
    .map((rows) => ({ schema: schema as Schema<object>, rows })),
);

describe("random types through Confluent's Java deserialisers and serialisers", { skip: missing("java", "javac", "python3") }, () => {
  let exchange: ConfluentExchange;
  before(async () => {
    exchange = await ConfluentExchange.start();
  });
  after(async () => await exchange?.close());

  for (const [format, main] of [
    ["protobuf", "ProtobufExchange"],
    ["avro", "AvroExchange"],
  ] as const)
    test(`${TYPES} types in ${format}, each with ids in another place`, async () => {
      const seed = Number(process.env["MILLRACE_SEED"] ?? 20261123);
      const samples = fc.sample(cases, { numRuns: TYPES, seed });
      const name = (what: string, i: number): string => `${format}-${what}-${i}`;
      const topicOf = (what: string, i: number) => topic(name(what, i), samples[i]!.schema, { format, registry: { ids: IDS[i % 3]! } });
      for (const what of ["ours", "theirs"]) await exchange.created(samples.map((_, i) => name(what, i)));
      const write = pipeline(`${format}-write`, (p) => {
        for (const [i, { schema, rows }] of samples.entries())
          p.from(`rows-${i}`, arraySource(schema, rows)).to(`ours-${i}`, kafkaSink(topicOf("ours", i)));
      });
      await exchange.run(write);
      const java = exchange.java(main, confluentPlatformJars());
      await java.copy(samples.map(({ rows }, i) => ({ from: name("ours", i), to: name("theirs", i), count: rows.length })));
      const read = samples.map(() => collectSink<object>());
      const reading = pipeline(`${format}-read`, (p) => {
        for (const [i, sink] of read.entries()) p.from(`theirs-${i}`, kafkaSource(topicOf("theirs", i))).to(`read-${i}`, sink);
      });
      await exchange.run(reading);
      for (const [i, { rows }] of samples.entries()) assert.deepEqual(plain(read[i]!.rows), plain(rows), name("theirs", i));
    });
});

/** A Buffer is its bytes. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [key, plain(each)]));
  if (typeof value !== "object" || value === null) return value;
  return makeObject(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}
