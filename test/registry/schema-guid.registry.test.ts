// The digest that is a schema's GUID beside that of Confluent's own class, which its serialisers bring along: random texts, references,
// metadata and rules (MILLRACE_SEED).
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import type { Metadata, RuleSet, SchemaContent } from "../../src/registry/schema-entry.ts";
import { guidOf } from "../../src/registry/schema-guid.ts";
import { compiled, confluentSerializerJars, missing } from "./prerequisites.ts";

const SCHEMAS = 3000;
const SOURCE = fileURLToPath(new URL("java/SchemaDigests.java", import.meta.url));

const text = fc.oneof(fc.constantFrom("a", "b", "PII", "größe 🙂", ""), fc.string({ maxLength: 5 }));
const name = fc.constantFrom("a", "b", "c", "z", "Ä", "**.x");
const texts = fc.uniqueArray(text, { maxLength: 3 });
const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined });
const reference = fc.record({
  name: text,
  subject: text,
  version: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 2 ** 31 - 1 })),
});
const metadata = fc.record({
  tags: maybe(fc.dictionary(name, texts, { maxKeys: 3 })),
  properties: maybe(fc.dictionary(name, text, { maxKeys: 3 })),
  sensitive: maybe(texts),
});
const rule = fc.record({
  name: text,
  doc: maybe(text),
  kind: maybe(fc.constantFrom("TRANSFORM", "CONDITION")),
  mode: maybe(fc.constantFrom("UPGRADE", "DOWNGRADE", "UPDOWN", "WRITE", "READ", "WRITEREAD")),
  type: maybe(text),
  tags: maybe(texts),
  params: maybe(fc.dictionary(name, text, { maxKeys: 3 })),
  expr: maybe(text),
  onSuccess: maybe(text),
  onFailure: maybe(text),
  disabled: maybe(fc.boolean()),
});
const rules = maybe(fc.array(rule, { maxLength: 2 }));
const content = fc.record({
  schema: fc.oneof(text, fc.string({ maxLength: 80 })),
  schemaType: fc.constantFrom("AVRO", "JSON", "PROTOBUF"),
  references: fc.array(reference, { maxLength: 3 }),
  metadata: maybe(metadata),
  ruleSet: maybe(fc.record({ migrationRules: rules, domainRules: rules })),
});

function theirs(lines: readonly string[]): string[] {
  const directory = mkdtempSync(join(tmpdir(), "schema-digests-"));
  try {
    const classPath = compiled(SOURCE, confluentSerializerJars(), directory);
    const options = { input: lines.map((line) => `${line}\n`).join(""), encoding: "utf8", maxBuffer: 1 << 28 } as const;
    const { status, stdout, stderr } = spawnSync("java", ["-Xmx256m", "-cp", classPath, "SchemaDigests"], options);
    assert.equal(status, 0, stderr);
    return stdout.trim().split("\n");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test(`${SCHEMAS} random schemas have the GUIDs that Confluent gives them`, { skip: missing("java", "javac", "mvn") }, () => {
  const seed = Number(process.env["MILLRACE_SEED"] ?? 20261123);
  const contents = fc.sample(content, { numRuns: SCHEMAS, seed });
  const lines = contents.map((each) => JSON.stringify(each));
  const expected = theirs(lines);
  assert.equal(expected.length, SCHEMAS);
  const different = contents.flatMap(({ schema, schemaType, references, metadata: given, ruleSet }, i) => {
    const own: SchemaContent = {
      schema,
      schemaType,
      references,
      metadata: given as Metadata | undefined,
      ruleSet: ruleSet as RuleSet | undefined,
    };
    return guidOf(own).replaceAll("-", "") === expected[i] ? [] : [lines[i]!];
  });
  assert.equal(
    different.length,
    0,
    `${different.length} differ, such as\n${different
      .toSorted((a, b) => a.length - b.length)
      .slice(0, 6)
      .join("\n")}`,
  );
});
