// What Confluent's own Java Protobuf serialiser wrote, through a pipeline, is read by Confluent's own deserialiser: each subject strategy, ids
// before the document and in headers, schemas that it registers itself or looks up, imports, nested messages, keys, every kind of field.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { pipeline, t, type Schema } from "millrace";
import { kafkaSink, kafkaSource, topic, type Topic } from "millrace/connectors/kafka";
import { fromProtobuf } from "millrace/schema";
import { ConfluentExchange, javaPart, type JavaExchange, type JavaPart, type JavaRecord } from "./confluent-exchange.ts";
import { confluentPlatformJars, missing } from "./prerequisites.ts";

const SERIALIZERS = "io.confluent.kafka.serializers";
const SERIALIZER = `${SERIALIZERS}.protobuf.KafkaProtobufSerializer`;
const DESERIALIZER = `${SERIALIZERS}.protobuf.KafkaProtobufDeserializer`;
const IDS_IN_HEADERS = ["key", "value"].map((part) => `${part}.schema.id.serializer=${SERIALIZERS}.schema.id.HeaderSchemaIdSerializer`);

const ORDER = `syntax = "proto3"; package shop; import "google/protobuf/timestamp.proto";
  message Other { string x = 1; }
  message Order { string id = 1; double amount = 2; google.protobuf.Timestamp at = 3; repeated Line lines = 4; map<string, int64> tags = 5;
    optional string note = 6; message Line { string sku = 1; int32 count = 2; } }`;
const KEY = 'syntax = "proto3"; package shop; message Before { int32 x = 1; } message Key { string id = 1; }';

const Order = t.record("shop.Order", {
  id: t.string(),
  amount: t.double(),
  at: t.timestamp(),
  lines: t.array(t.record("Line", { sku: t.string(), count: t.int() })),
  tags: t.map(t.string(), t.long()),
  note: t.optional(t.string()),
});
const Key = t.record("shop.Key", { id: t.string() });

const ROWS = [
  { id: "o1", amount: 1.5, at: "2026-01-02T03:04:05.678Z", lines: [{ sku: "x", count: -3 }], tags: { a: "5" }, note: "ünï" },
  { id: "o2", amount: -2, at: "1969-12-31T23:59:59Z", lines: [], tags: {} },
];
/** Java prints no empty lists. */
const READ = [ROWS[0], { id: "o2", amount: -2, at: "1969-12-31T23:59:59Z" }];

/** All kinds of fields, in proto3. */
const EVERYTHING = `syntax = "proto3"; package all.kinds; import "google/protobuf/wrappers.proto"; import "google/protobuf/struct.proto";
  import "google/protobuf/duration.proto"; import "google/type/date.proto"; import "confluent/type/decimal.proto";
  message First { message In { message Deep { repeated sint64 a = 1; } } }
  message Everything { string id = 1; double d = 2; float f = 3; int32 i = 4; int64 l = 5; uint32 ui = 6; uint64 ul = 7; sint32 si = 8;
    sint64 sl = 9; fixed32 f32 = 10; fixed64 f64 = 11; sfixed32 sf32 = 12; sfixed64 sf64 = 13; bool b = 14; bytes by = 15;
    Kind kind = 16; enum Kind { NONE = 0; SALE = 1; BACK = -1; } repeated Kind kinds = 17; First.In.Deep deep = 18;
    oneof pay { string card = 19; First wire = 20; int64 cash = 21; } map<int32, First.In.Deep> by_number = 22; map<bool, Kind> by_flag = 23;
    optional int32 maybe = 24; optional Kind maybe_kind = 25; google.protobuf.Int64Value wrapped = 26; google.protobuf.Struct any = 27;
    google.protobuf.Duration took = 28; google.type.Date day = 29; repeated double ds = 30 [packed = false]; repeated string ss = 31; }`;
const EVERY_ROW = [
  { id: "a", d: 1.5, f: -0.25, i: -1, l: "-9007199254740991", ui: 4294967295, ul: "9007199254740991", si: -5, sl: "-6", f32: 7, f64: "8", sf32: -9, sf64: "-10", b: true, by: "AP8=", kind: "BACK", kinds: ["SALE", "NONE", "BACK"], deep: { a: ["1", "-2"] }, cash: "0", by_number: { "-3": { a: ["4"] } }, by_flag: { true: "SALE" }, maybe: 0, maybe_kind: "NONE", wrapped: "0", any: { x: [1, null, { y: "z" }] }, took: "1.500s", day: { year: 2026, month: 2, day: 3 }, ds: [0, 1.5], ss: ["", "ü"] }, // prettier-ignore
  { id: "b", card: "" },
  { id: "c", wire: {} },
];

/** As our own schema has them: numbers that fit nothing smaller are int64, enums are strings, a Struct is its JSON. */
const EVERY_ROW_OWN = EVERY_ROW.map((row, i) => {
  const { ui, f32, any, ...rest } = row as Record<string, unknown>;
  return i > 0 ? { kind: "NONE", ...rest } : { ...rest, ui: `${ui as number}`, f32: `${f32 as number}`, any: JSON.stringify(any), took: { seconds: "1", nanos: 500_000_000 } }; // prettier-ignore
});

/** All kinds of fields of proto2. */
const OLDER = `syntax = "proto2"; package older; message Outer { optional int32 x = 1; message Inner { required string id = 1; optional int32 n = 2 [default = 7];
  repeated int32 packed = 3 [packed = true]; repeated int32 plain = 4; optional Kind kind = 5 [default = B]; enum Kind { A = 1; B = 2; }
  oneof one { string s = 6; bytes by = 7; } map<string, Outer> more = 8; extensions 100 to 200; } }`;
const OLDER_ROWS = [{ id: "a", n: 0, packed: [1, -2], plain: [3], kind: "A", by: "AA==", more: { k: { x: 0 }, "": {} } }, { id: "b" }];

describe("Confluent's KafkaProtobufSerializer and KafkaProtobufDeserializer (Java)", { skip: missing("java", "javac", "python3") }, () => {
  let exchange: ConfluentExchange;
  let java: JavaExchange;
  before(async () => {
    exchange = await ConfluentExchange.start();
    java = exchange.java("ProtobufExchange", confluentPlatformJars());
  });
  after(async () => await exchange?.close());

  const part = (name: string, files: readonly string[], row: unknown): string => javaPart(files[0]!, row, name, files.slice(1));
  const orders = (name: string, files: readonly string[]): string[] => ROWS.map((row) => `${row.id}\t${part(name, files, row)}`);
  const rows = (records: readonly JavaRecord[], of: (record: JavaRecord) => JavaPart = ({ value }) => value): unknown[] =>
    records.map((record) => (of(record) as { row: unknown }).row);
  const strategy = (name: string): string[] =>
    ["key", "value"].map((each) => `${each}.subject.name.strategy=${SERIALIZERS}.subject.${name}`);

  async function copied<T, K>(from: Topic<T, K>, to: Topic<T, K>): Promise<void> {
    await exchange.run(pipeline(to.name, (p) => p.from("in", kafkaSource(from)).to("out", kafkaSink(to))));
  }

  /** Copies the orders and answers what Java reads. */
  async function copies(from: string, to: string, registry: object = {}): Promise<unknown[]> {
    const options = { key: "id", format: "protobuf" } as const;
    await copied(topic(from, Order, options), topic(to, Order, { ...options, registry }));
    const records = await java.consume(to, ROWS.length);
    assert.deepEqual(records.map(({ key }) => key), ["o1", "o2"]); // prettier-ignore
    return rows(records);
  }

  test("a schema that it registers itself", async () => {
    await exchange.created(["own-in", "own-out"]);
    await java.produce("own-in", orders("shop.Order", [ORDER]));
    assert.deepEqual(await copies("own-in", "own-out"), READ);
  });

  test("a nested message of a file with others", async () => {
    const nested = ORDER.replace("message Order {", "message Box { message Before {} message Order {").replace(/ \}$/, " } }");
    await exchange.created(["nested-in", "nested-out"]);
    await java.produce("nested-in", orders("shop.Box.Order", [nested]));
    assert.deepEqual(await copies("nested-in", "nested-out"), READ);
  });

  test("an imported file, which it registers under the file's name", async () => {
    const line = 'syntax = "proto3"; package shop.parts; message Line { string sku = 1; int32 count = 2; }';
    const order = ORDER.replace(" message Line { string sku = 1; int32 count = 2; }", "").replace("repeated Line", "repeated shop.parts.Line").replace('import "google', 'import "shop/line.proto"; import "google'); // prettier-ignore
    await exchange.created(["import-in", "import-out"]);
    await java.produce("import-in", orders("shop.Order", [order, "shop/line.proto", line]));
    const { references } = await exchange.ask("/subjects/import-in-value/versions/latest");
    assert.deepEqual(references, [{ name: "shop/line.proto", subject: "shop/line.proto", version: 1 }]);
    assert.deepEqual(await copies("import-in", "import-out"), READ);
  });

  test("a schema that is there, normalised: it is found and not registered again", async () => {
    await exchange.created(["there", "there-out"]);
    const { id } = await exchange.ask("/subjects/there-value/versions?normalize=true", { schemaType: "PROTOBUF", schema: ORDER });
    await java.produce("there", orders("shop.Order", [ORDER]), ["auto.register.schemas=false", "normalize.schemas=true"]);
    assert.deepEqual(await exchange.ask("/subjects/there-value/versions"), [1]);
    assert.equal((await exchange.ask("/subjects/there-value/versions/latest"))["id"], id);
    assert.deepEqual(await copies("there", "there-out"), READ);
  });

  for (const [subject, name] of [
    ["record", "RecordNameStrategy"],
    ["topic-record", "TopicRecordNameStrategy"],
  ] as const)
    test(`subjects by ${subject}, also of keys: each writes the schema that the other registered`, async () => {
      const subjectOf = (of: string, record: string): string => (subject === "record" ? record : `${of}-${record}`);
      const [ours, theirs, copy] = [`${subject}-ours`, `${subject}-theirs`, `${subject}-copy`];
      await exchange.created([ours, theirs, copy]);
      // With these strategies its deserialiser takes every record for the first message of its file, its own records, too.
      const [order, key] = [ORDER, KEY].map((file) => file.replace(/message (Other|Before) \{ \w+ x = 1; \}/, ""));
      const settings = [...strategy(name), `key.serializer=${SERIALIZER}`];
      const lines = ROWS.map((row) => `${part("shop.Key", [key!], { id: row.id })}\t${part("shop.Order", [order!], row)}`);
      await java.produce(theirs, lines, settings);
      for (const record of ["shop.Order", "shop.Key"])
        assert.deepEqual(await exchange.ask(`/subjects/${subjectOf(theirs, record)}/versions`), [1]);
      // By topic and record, ours is the first under its subject; by record it joins what Java registered.
      const registry = { subject, useLatest: subject === "record" } as const;
      const options = { key: ["id"], keyType: Key, format: "protobuf", keyFormat: "protobuf", registry, keyRegistry: registry } as const;
      await copied(topic(theirs, Order, options), topic(ours, Order, options));
      const schemas = await Promise.all(["shop.Order", "shop.Key"].map(async (record) => (await exchange.ask(`/subjects/${subjectOf(ours, record)}/versions/latest`))["schema"] as string)); // prettier-ignore
      const latest = ["auto.register.schemas=false", "use.latest.version=true", "latest.compatibility.strict=false"];
      const again = ROWS.map((row) => `${part("shop.Key", [schemas[1]!], { id: row.id })}\t${part("shop.Order", [schemas[0]!], row)}`);
      await java.produce(ours, again, [...settings, ...latest]);
      await copied(topic(ours, Order, options), topic(copy, Order, options));
      for (const seen of [ours, copy]) {
        const records = await java.consume(seen, 2 * ROWS.length, [...strategy(name), `key.deserializer=${DESERIALIZER}`]);
        assert.deepEqual(rows(records), [...READ, ...READ]);
        assert.deepEqual(rows(records, ({ key }) => key), [...ROWS, ...ROWS].map(({ id }) => ({ id }))); // prettier-ignore
        assert.deepEqual([...new Set(records.flatMap(({ key, value }) => [key, value].map((each) => (each as { name: string }).name)))], ["shop.Key", "shop.Order"]); // prettier-ignore
      }
    });

  for (const ids of ["prefix", "guid", "header"] as const)
    test(`ids as ${ids}, of keys and values: Java writes them ${ids === "header" ? "in headers" : "in front"}, and reads ours`, async () => {
      const [from, to] = [`${ids}-in`, `${ids}-out`];
      await exchange.created([from, to]);
      const nested = ORDER.replace("message Order {", "message Box { message Before {} message Order {").replace(/ \}$/, " } }");
      const lines = ROWS.map((row) => `${part("shop.Key", [KEY], { id: row.id })}\t${part("shop.Box.Order", [nested], row)}`);
      await java.produce(from, lines, [`key.serializer=${SERIALIZER}`, ...(ids === "header" ? IDS_IN_HEADERS : [])]);
      const options = { key: ["id"], keyType: Key, format: "protobuf", keyFormat: "protobuf", registry: { ids } } as const;
      await copied(topic(from, Order, options), topic(to, Order, { ...options, keyRegistry: { ids } }));
      const records = await java.consume(to, ROWS.length, [`key.deserializer=${DESERIALIZER}`]);
      assert.deepEqual(rows(records), READ);
      assert.deepEqual(rows(records, ({ key }) => key), ROWS.map(({ id }) => ({ id }))); // prettier-ignore
      const headers = await Promise.all([from, to].map(async (name) => await exchange.headers(name, ROWS.length)));
      const guids = async (of: string): Promise<string[]> =>
        await Promise.all(["key", "value"].map(async (each) => `01${((await exchange.ask(`/subjects/${of}-${each}/versions/latest`))["guid"] as string).replaceAll("-", "")}`)); // prettier-ignore
      // Behind the GUID: which message of the file it is.
      for (const [i, [name, positions]] of (
        [
          [from, ["0202", "040202"]],
          [to, ["00", "00"]],
        ] as const
      ).entries()) {
        const [key, value] = await guids(name);
        const expected = { __key_schema_id: key! + positions[0], __value_schema_id: value! + positions[1] };
        assert.deepEqual(headers[i], ROWS.map(() => (ids === "header" ? expected : {}))); // prettier-ignore
      }
    });

  for (const [what, name, file, all, own] of [
    ["proto3", "all.kinds.Everything", EVERYTHING, EVERY_ROW, EVERY_ROW_OWN],
    ["proto2", "older.Outer.Inner", OLDER, OLDER_ROWS, OLDER_ROWS],
  ] as const)
    test(`every kind of field of ${what}, in the same schema and in our own`, async () => {
      await exchange.created([`${what}-in`, `${what}-same`, `${what}-own`]);
      await java.produce(`${what}-in`, all.map((row) => `${row.id}\t${part(name, [file], row)}`)); // prettier-ignore
      const { schema } = await exchange.ask(`/subjects/${what}-in-value/versions/latest`);
      await exchange.ask(`/subjects/${what}-same-value/versions`, { schemaType: "PROTOBUF", schema });
      const type = fromProtobuf(file, { message: name }) as Schema<{ id: string }>;
      const options = { key: "id", format: "protobuf" } as const;
      await copied(topic(`${what}-in`, type, options), topic(`${what}-same`, type, { ...options, registry: { useLatest: true } }));
      assert.deepEqual(rows(await java.consume(`${what}-same`, all.length)), all);
      await copied(topic(`${what}-same`, type, options), topic(`${what}-own`, type, options));
      assert.deepEqual(rows(await java.consume(`${what}-own`, all.length)), own);
    });
});
