// Random types and rows (MILLRACE_SEED): what a pipeline wrote, Confluent's own deserialiser reads and its serialiser writes again, with a schema
// that it registers itself, and a pipeline reads it as it was.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { BadSchemaError, pipeline, type Schema } from "millrace";
import { kafkaSink, kafkaSource, topic, type Topic } from "millrace/connectors/kafka";
import { arraySource, collectSink } from "millrace/connectors/memory";
import { fromProtobuf } from "millrace/schema";
import { anyRecord, makeObject, valueOf } from "../../src/schema/fixtures/arbitrary-types.ts";
import { chooserOf, IMPORTED, protoTextOf, randomFile, randomImport, type Choose } from "../../src/schema/fixtures/random-proto.ts";
import type { MessageSchema, ValueSchema } from "../../src/schema/protobuf/proto-schema.ts";
import { readProtoSchema } from "../../src/schema/protobuf/read-proto-schema.ts";
import type { TypeInfo } from "../../src/schema/type-info.ts";
import { ConfluentExchange, type ExchangeFormat } from "./confluent-exchange.ts";
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

  /** Writes the rows to topics "ours", has Java copy them to "theirs", and reads those. */
  async function passed(
    name: string,
    samples: readonly { readonly schema: Schema<object>; readonly rows: readonly object[] }[],
    topicOf: (what: "ours" | "theirs", i: number) => Topic<object, unknown>,
    format: ExchangeFormat,
  ): Promise<void> {
    const write = pipeline(`${name}-write`, (p) => {
      for (const [i, { schema, rows }] of samples.entries())
        p.from(`rows-${i}`, arraySource(schema, rows)).to(`ours-${i}`, kafkaSink(topicOf("ours", i)));
    });
    await exchange.run(write);
    const topics = samples.map(({ rows }, i) => ({ from: topicOf("ours", i).name, to: topicOf("theirs", i).name, count: rows.length }));
    await exchange.java(format, confluentPlatformJars()).copy(topics);
    const read = samples.map(() => collectSink<object>());
    const reading = pipeline(`${name}-read`, (p) => {
      for (const [i, sink] of read.entries()) p.from(`theirs-${i}`, kafkaSource(topicOf("theirs", i))).to(`read-${i}`, sink);
    });
    await exchange.run(reading);
    for (const [i, { rows }] of samples.entries()) assert.deepEqual(plain(read[i]!.rows), plain(rows), topics[i]!.to);
  }

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
      await passed(format, samples, topicOf, main);
    });

  test(`${TYPES} messages of random files, as the newest schema of their subject`, async () => {
    const seed = Number(process.env["MILLRACE_SEED"] ?? 20261123);
    const samples: Foreign[] = [];
    for (let n = 0; samples.length < TYPES; n++) {
      const found = foreign(chooserOf(seed * 1_000_003 + n));
      if (found !== undefined) samples.push(found);
    }
    const name = (what: string, i: number): string => `foreign-${what}-${i}`;
    for (const what of ["ours", "theirs"]) await exchange.created(samples.map((_, i) => name(what, i)));
    for (const [i, { text, imported }] of samples.entries()) {
      await exchange.ask(`/subjects/dependency-${i}/versions`, { schemaType: "PROTOBUF", schema: imported });
      const references = [{ name: IMPORTED, subject: `dependency-${i}`, version: 1 }];
      await exchange.ask(`/subjects/${name("ours", i)}-value/versions`, { schemaType: "PROTOBUF", schema: text, references });
    }
    // Java registers all imported files under the one name that they have.
    await fetch(`${exchange.server.registryUrl}/config/${encodeURIComponent(IMPORTED)}`, {
      method: "PUT",
      body: '{"compatibility":"NONE"}',
    });
    const options = (i: number) => ({ format: "protobuf", registry: { useLatest: true, ids: IDS[i % 3]! } }) as const;
    await passed("foreign", samples, (what, i) => topic(name(what, i), samples[i]!.schema, options(i)), "ProtobufExchange");
  });
});

/** A message of a random file, which Java understands as it stands in the registry. */
interface Foreign {
  readonly text: string;
  readonly imported: string;
  readonly message: MessageSchema;
  readonly schema: Schema<object>;
  readonly rows: readonly object[];
}

/** undefined: the message has no type (it holds itself), or no field; or its file has groups, which the schema that Java makes lacks. */
function foreign(choose: Choose): Foreign | undefined {
  const dependency = randomImport(choose);
  const [text, imported] = [protoTextOf(randomFile(choose, dependency), choose), protoTextOf(dependency)];
  if (/\bgroup\b/.test(text)) return undefined;
  try {
    const messages = readProtoSchema(text, [imported]).messages();
    const message = messages[choose(messages.length)]!;
    const schema = fromProtobuf(text, { message: message.name, imports: [imported] }) as Schema<object>;
    const rows = Array.from({ length: 3 }, () => onlyOne(message, rowFor(choose, schema.type)) as object);
    return message.fields.length === 0 ? undefined : { text, imported, message, schema, rows };
  } catch (error) {
    if (error instanceof BadSchemaError) return undefined;
    throw error;
  }
}

/** Numbers are such that all scalars hold them. */
function rowFor(choose: Choose, type: TypeInfo): unknown {
  switch (type.kind) {
    case "string":
      return ["", "a", "ünï 🙂"][choose(3)];
    case "boolean":
      return choose(2) === 0;
    case "bytes":
      return Uint8Array.from({ length: choose(3) }, () => choose(256));
    case "literal":
      return type.values[choose(type.values.length)];
    case "optional":
      return choose(2) === 0 ? undefined : rowFor(choose, type.of);
    case "array":
      return Array.from({ length: choose(3) }, () => rowFor(choose, type.of));
    case "map":
      return new Map(Array.from({ length: choose(3) }, () => [rowFor(choose, type.key), rowFor(choose, type.value)]));
    case "record":
      return makeObject(type.fields.map((field) => [field.name, rowFor(choose, field.type)]));
    default:
      return choose(1000);
  }
}

/** Of the members of a oneof only the first stays. */
function onlyOne(of: ValueSchema, value: unknown): unknown {
  if (of.kind !== "message" || typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((each) => onlyOne(of, each));
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [key, onlyOne(of, each)]));
  const set = new Set<string>();
  const entries = Object.entries(value).map(([name, each]) => {
    const { oneof, value: inside } = of.fields.find((field) => field.name === name)!;
    const gone = oneof !== undefined && set.has(oneof);
    if (oneof !== undefined && each !== undefined) set.add(oneof);
    return [name, gone ? undefined : onlyOne(inside, each)] as const;
  });
  return makeObject(entries);
}

/** A Buffer is its bytes. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [key, plain(each)]));
  if (typeof value !== "object" || value === null) return value;
  return makeObject(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}
