// Confluent's own Java client, unchanged, against `millrace registry`; and the texts under which its registry keeps Avro schemas, plain and
// normalised, beside ours for random schemas (MILLRACE_SEED): equal texts get equal ids.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { parseAvroSchema } from "../../src/registry/avro-format.ts";
import { chooser, draws, schemaJson } from "../../src/schema/fixtures/arbitrary-avro.ts";
import { SchemaParseError } from "../../src/schema/incompatibility.ts";
import { compiled, confluentJars, missing } from "./prerequisites.ts";
import { runningRegistry } from "./running.ts";

const SOURCE = fileURLToPath(new URL("java/ConfluentClient.java", import.meta.url));
const SCHEMAS = 3000;
const ORDER = '{"type":"record","name":"Order","fields":[{"name":"id","type":"string"}]}';

describe("Confluent's Java client", { skip: missing("java", "javac", "mvn") }, () => {
  let directory = "";
  let classPath = "";
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "millrace-confluent-"));
    classPath = compiled(SOURCE, confluentJars(), directory);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  function java(args: readonly string[], input = ""): string[] {
    const all = ["-Xmx256m", "-cp", classPath, "ConfluentClient", ...args];
    const { status, stdout, stderr } = spawnSync("java", all, { input, encoding: "utf8", maxBuffer: 1 << 28, timeout: 120_000 });
    assert.equal(status, 0, stderr);
    return stdout.trim().split("\n");
  }

  test("registers, looks up, checks, refers, configures and deletes", async () => {
    const registry = await runningRegistry();
    try {
      const steps = java(["client", registry.url]).map((line) => line.split("\t") as [string, string]);
      assert.deepEqual(Object.fromEntries(steps), {
        register: "1",
        again: "1",
        normalized: "1",
        id: "1",
        version: "1",
        "by id": ORDER,
        "by subject and id": "Order",
        compatible: "true",
        incompatible: "false",
        why: "true",
        refused: "409 409",
        second: "2",
        latest: "2",
        versions: "[1, 2]",
        level: "FULL FULL",
        "no level": "404 40408",
        mode: "READONLY READONLY",
        "read-only": "422 42205",
        "mode back": "done",
        "with reference": "3",
        resolved: "[{name='Order', subject='java-value', version=1}]",
        subjects: "[java-list, java-value]",
        "subjects of id": "[java-value]",
        referenced: "422 42206",
        "delete list": "[1]",
        "delete for good": "[1]",
        "delete version": "2",
        "unknown id": "404 40403",
        "unknown subject": "404 40401",
      });
    } finally {
      await registry.stop();
    }
  });

  test(`${SCHEMAS} random Avro schemas have the same two texts`, () => {
    const seed = Number(process.env["MILLRACE_SEED"] ?? 20261123);
    const texts = fc.sample(draws, { numRuns: SCHEMAS, seed }).map((numbers) => JSON.stringify(schemaJson(chooser(numbers))));
    const theirs = java(["forms"], texts.map((text) => `${text}\n`).join(""));
    const different = texts.flatMap((text, i) => {
      const ours = formsOf(text);
      return ours === theirs[i] ? [] : [`${text}\n  ours   ${ours}\n  theirs ${theirs[i]}`];
    });
    assert.equal(different.length, 0, `${different.length} differ, such as\n${different.slice(0, 3).join("\n")}`);
  });
});

function formsOf(text: string): string {
  try {
    const { canonical, normalized } = parseAvroSchema(text, [], { rules: true, names: true });
    return `${canonical}\t${normalized()}`;
  } catch (error) {
    if (!(error instanceof SchemaParseError)) throw error;
    return "refused";
  }
}
