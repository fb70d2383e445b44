// What Confluent's own Java Protobuf serialiser wrote, through a pipeline, is read by Confluent's own deserialiser, where somebody has its classes
// (confluent-classes.ts): schemas that it registers itself, with imports, nested messages, keys, and such that it looks up.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { pipeline, t } from "millrace";
import { createClient, type KafkaClient } from "millrace/client";
import { kafkaSink, kafkaSource, topic } from "millrace/connectors/kafka";
import { startServer, type Server } from "millrace/server";
import { confluentClasses, withoutConfluent } from "./confluent-classes.ts";
import { compiled } from "./prerequisites.ts";

const SOURCE = fileURLToPath(new URL("java/ProtobufExchange.java", import.meta.url));
const SERIALIZER = "io.confluent.kafka.serializers.protobuf.KafkaProtobufSerializer";
const DESERIALIZER = "io.confluent.kafka.serializers.protobuf.KafkaProtobufDeserializer";
const RECORD_NAMES = "value.subject.name.strategy=io.confluent.kafka.serializers.subject.RecordNameStrategy";

const ORDER = `syntax = "proto3"; package shop; import "google/protobuf/timestamp.proto";
  message Other { string x = 1; }
  message Order { string id = 1; double amount = 2; google.protobuf.Timestamp at = 3; repeated Line lines = 4; map<string, int64> tags = 5;
    optional string note = 6; message Line { string sku = 1; int32 count = 2; } }`;

const Order = t.record("Order", {
  id: t.string(),
  amount: t.double(),
  at: t.timestamp(),
  lines: t.array(t.record("Line", { sku: t.string(), count: t.int() })),
  tags: t.map(t.string(), t.long()),
  note: t.optional(t.string()),
});

const ROWS = [
  { id: "o1", amount: 1.5, at: "2026-01-02T03:04:05.678Z", lines: [{ sku: "x", count: -3 }], tags: { a: "5" }, note: "ünï" },
  { id: "o2", amount: -2, at: "1969-12-31T23:59:59Z", lines: [], tags: {} },
];

describe(
  "Confluent's KafkaProtobufSerializer and KafkaProtobufDeserializer (Java)",
  { skip: withoutConfluent("Confluent's Protobuf serialisers", SERIALIZER, DESERIALIZER) },
  () => {
    // prettier-ignore
    let directory = "";
    let classPath = "";
    let server: Server;
    let client: KafkaClient;

    before(async () => {
      directory = mkdtempSync(join(tmpdir(), "millrace-protobuf-exchange-"));
      classPath = compiled(SOURCE, confluentClasses(), directory);
      server = await startServer({
        dataDir: join(directory, "data"),
        brokerPort: 0,
        consolePort: 0,
        registryPort: 0,
        logger: { log() {} },
      });
      client = createClient({ brokers: server.bootstrapServers });
    });
    after(async () => {
      await client?.close();
      await server?.close();
      rmSync(directory, { recursive: true, force: true });
    });

    /** The server is in this process: nothing here may block it. */
    async function java(args: readonly string[], settings: readonly string[] = [], lines: readonly string[] = []): Promise<string[]> {
      const all = [...args, `bootstrap.servers=${server.bootstrapServers}`, `schema.registry.url=${server.registryUrl}`, ...settings];
      const child = spawn("java", ["-Xmx256m", "-Dfile.encoding=UTF-8", "-cp", classPath, "ProtobufExchange", ...all], { timeout: 90_000 });
      let [stdout, stderr] = ["", ""];
      child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
      child.stdin.end(lines.map((line) => `${line}\n`).join(""));
      const status = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
      assert.equal(status, 0, stderr);
      return stdout.split("\n").filter((line) => line !== "");
    }

    const created = async (...names: string[]): Promise<unknown> =>
      await client.admin().createTopics(names.map((name) => ({ name, partitions: 1 })));
    const message = (name: string, files: readonly string[], row: unknown): string =>
      `${name} ${Buffer.from(files.join("\0")).toString("base64")} ${JSON.stringify(row)}`;
    const orders = (name: string, files: readonly string[]): string[] => ROWS.map((row, n) => `k${n}\t${message(name, files, row)}`);
    const request = async (path: string, body?: object): Promise<Record<string, unknown>> => {
      const init =
        body === undefined ? {} : { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } };
      return (await (await fetch(`${server.registryUrl}${path}`, init)).json()) as Record<string, unknown>;
    };
    const rowsOf = (lines: readonly string[]): unknown[] => lines.map((line) => JSON.parse(line.slice(line.indexOf(" {") + 1)) as unknown);
    const expected = ROWS.map(({ lines, tags, ...row }) => ({ ...row, ...(lines.length > 0 && { lines }), ...(Object.keys(tags).length > 0 && { tags }) })); // prettier-ignore

    async function copies(from: string, to: string, registry: object = {}): Promise<unknown[]> {
      const copy = pipeline(to, (p) =>
        p
          .from("in", kafkaSource(topic(from, Order, { key: "id", format: "protobuf" })))
          .to("out", kafkaSink(topic(to, Order, { key: "id", format: "protobuf", registry }))),
      );
      const { state, ...rest } = await (await server.run(copy, { once: true })).finished;
      assert.equal(state, "finished", JSON.stringify(rest));
      const lines = await java(["consume", to, `${ROWS.length}`]);
      assert.deepEqual(lines.map((line) => line.split("\t")[0]), ["o1", "o2"]); // prettier-ignore
      return rowsOf(lines);
    }

    test("a schema that it registers itself", async () => {
      await created("own-in", "own-out");
      await java(["produce", "own-in"], [], orders("shop.Order", [ORDER]));
      assert.deepEqual(await copies("own-in", "own-out"), expected);
    });

    test("a nested message of a file with others", async () => {
      const nested = ORDER.replace("message Order {", "message Box { message Before {} message Order {").replace(/ \}$/, " } }");
      await created("nested-in", "nested-out");
      await java(["produce", "nested-in"], [], orders("shop.Box.Order", [nested]));
      assert.deepEqual(await copies("nested-in", "nested-out"), expected);
    });

    test("an imported file, which it registers under the file's name", async () => {
      const line = 'syntax = "proto3"; package shop.parts; message Line { string sku = 1; int32 count = 2; }';
      const order = ORDER.replace(" message Line { string sku = 1; int32 count = 2; }", "").replace("repeated Line", "repeated shop.parts.Line").replace('import "google', 'import "shop/line.proto"; import "google'); // prettier-ignore
      await created("import-in", "import-out");
      await java(["produce", "import-in"], [], orders("shop.Order", [order, "shop/line.proto", line]));
      const { references } = await request("/subjects/import-in-value/versions/latest");
      assert.deepEqual(references, [{ name: "shop/line.proto", subject: "shop/line.proto", version: 1 }]);
      assert.deepEqual(await copies("import-in", "import-out"), expected);
    });

    test("a schema that is there, normalised: it is found and not registered again", async () => {
      await created("there", "there-out");
      const { id } = await request("/subjects/there-value/versions?normalize=true", { schemaType: "PROTOBUF", schema: ORDER });
      await java(["produce", "there"], ["auto.register.schemas=false", "normalize.schemas=true"], orders("shop.Order", [ORDER]));
      assert.deepEqual(await request("/subjects/there-value/versions"), [1]);
      assert.equal((await request("/subjects/there-value/versions/latest"))["id"], id);
      assert.deepEqual(await copies("there", "there-out"), expected);
    });

    test("the schema that a pipeline registered, under the message's name, as the latest version", async () => {
      await created("ours", "theirs", "theirs-out");
      await java(["produce", "ours"], [], orders("shop.Order", [ORDER]));
      const copy = pipeline("ours-theirs", (p) =>
        p
          .from("in", kafkaSource(topic("ours", Order, { key: "id", format: "protobuf" })))
          .to("out", kafkaSink(topic("theirs", Order, { key: "id", format: "protobuf", registry: { subject: "record" } }))),
      );
      assert.equal((await (await server.run(copy, { once: true })).finished).state, "finished");
      const { schema } = (await request("/subjects/Order/versions/latest")) as { schema: string };
      const settings = [RECORD_NAMES, "auto.register.schemas=false", "use.latest.version=true", "latest.compatibility.strict=false"];
      await java(["produce", "theirs"], settings, orders("Order", [schema]));
      const lines = await java(["consume", "theirs", `${2 * ROWS.length}`], [RECORD_NAMES]);
      assert.deepEqual(rowsOf(lines), [...expected, ...expected]);
    });

    test("keys with a schema", async () => {
      await created("keys-in", "keys-out");
      const key = 'syntax = "proto3"; message Key { string id = 1; }';
      const lines = ROWS.map((row) => `${message("Key", [key], { id: row.id })}\t${message("shop.Order", [ORDER], row)}`);
      await java(["produce", "keys-in"], [`key.serializer=${SERIALIZER}`], lines);
      const options = { key: "id", format: "protobuf", keyFormat: "protobuf" } as const;
      const copy = pipeline("keys", (p) =>
        p.from("in", kafkaSource(topic("keys-in", Order, options))).to("out", kafkaSink(topic("keys-out", Order, options))),
      );
      assert.equal((await (await server.run(copy, { once: true })).finished).state, "finished");
      const seen = (await java(["consume", "keys-out", "2"], [`key.deserializer=${DESERIALIZER}`])).map((line) => line.split("\t"));
      assert.deepEqual(seen.map(([each]) => each!.slice(each!.indexOf(" ") + 1)), ['{"id":"o1"}', '{"id":"o2"}']); // prettier-ignore
      assert.deepEqual(rowsOf(seen.map(([, row]) => row!)), expected);
    });
  },
);
