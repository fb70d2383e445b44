// Registry clients of others, unchanged, against `millrace registry`: what they write is read by themselves and by a client that knows nothing.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { missing, npmClients, pythonWithClient } from "./prerequisites.ts";
import { runningRegistry, type RunningRegistry } from "./running.ts";

const NPM_PROGRAM = fileURLToPath(new URL("fixtures/npm-clients.ts", import.meta.url));
const PYTHON_PROGRAM = fileURLToPath(new URL("fixtures/client.py", import.meta.url));

describe("python: confluent_kafka.schema_registry", { skip: missing("python3") }, () => {
  let registry: RunningRegistry;
  before(async () => {
    registry = await runningRegistry();
  });
  after(async () => await registry?.stop());

  test("Avro, JSON Schema and Protobuf with imports, settings, references, deletion and errors", () => {
    const { status, stdout, stderr } = spawnSync(pythonWithClient(), [PYTHON_PROGRAM, registry.url], { encoding: "utf8", timeout: 60_000 });
    assert.equal(status, 0, stderr);
    const steps = stdout.trim().split("\n").map((line) => JSON.parse(line) as { name: string; value: unknown }); // prettier-ignore
    const record = '{"type":"record","name":"P","fields":[{"name":"a","type":"string"}]}';
    assert.deepEqual(Object.fromEntries(steps.map(({ name, value }) => [name, value])), {
      avro: [{ a: "x" }, { a: "x" }],
      json: [{ a: "x" }, { a: "x" }],
      protobuf: [["x1", 2], ["x1", 2]], // prettier-ignore
      subjects: ["avro-value", "item.proto", "json-value", "proto-value"],
      versions: [1],
      latest: record,
      lookup: 1,
      compatible: false,
      level: ["BACKWARD", "FULL", "FULL"],
      config: ["app", "FULL"],
      reference: "avro-value",
      deleted: [[1], [1]],
      contract: [true, "1", "true"],
      pages: [["avro-value"], [], true],
      places: [["contract", 1]],
      server: [["."], ["AVRO", "JSON", "PROTOBUF"], "READWRITE"],
      mode: ["READONLY", "READONLY", "READONLY"],
      "all versions": false,
      associations: ["elsewhere", "STRONG", [["elsewhere", "moved-1"]], [409, 40905], []],
      "unknown id": [404, 40403],
      incompatible: [409, 409],
      referenced: [422, 42206],
    });
  });
});

describe("npm: avro-schema-registry and @confluentinc/schemaregistry", () => {
  let registry: RunningRegistry;
  before(async () => {
    registry = await runningRegistry();
  });
  after(async () => await registry?.stop());

  test("Avro and JSON Schema, settings, metadata, deletion, ids in headers, conditions and migrations", () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [NPM_PROGRAM, npmClients(), registry.url], {
      encoding: "utf8",
      timeout: 60_000,
    });
    assert.deepEqual([status, stdout.trim()], [0, "done"], stderr);
  });
});
