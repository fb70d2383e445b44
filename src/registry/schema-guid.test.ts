// The GUID stands in front of records: it must be the one that Confluent's registry gives to the same content.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { SchemaContent } from "./schema-entry.ts";
import { guidOf } from "./schema-guid.ts";

const PLAIN: SchemaContent = { schema: '"string"', schemaType: "AVRO", references: [], metadata: undefined, ruleSet: undefined };
const digest = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash("md5");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};
const plain = (content: Partial<SchemaContent>): string => guidOf({ ...PLAIN, ...content }).replaceAll("-", "");

test("a schema alone is digested as its text, whatever its type", () => {
  assert.match(guidOf(PLAIN), /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/);
  assert.equal(plain({}), digest('"string"'));
  assert.equal(plain({ schema: '{"title":"größe 🙂"}', schemaType: "JSON" }), digest('{"title":"größe 🙂"}'));
  assert.equal(plain({ schema: "x".repeat(1000) }), digest("x".repeat(1000)));
});

test("references follow with name, subject and their version in four bytes", () => {
  const references = [
    { name: "a.b", subject: "s", version: 3 },
    { name: "c", subject: "t", version: 300 },
  ];
  assert.equal(plain({ references }), digest('"string"', "a.bs", Uint8Array.of(0, 0, 0, 3), "ct", Uint8Array.of(0, 0, 1, 44)));
});

test("metadata in order of their names, told from none at all", () => {
  const one = Uint8Array.of(1);
  assert.equal(plain({ metadata: {} }), digest('"string"', one));
  const metadata = { properties: { z: "1", a: "2" }, tags: { "**.x": ["q", "p"] }, sensitive: ["z", "a"] };
  assert.equal(plain({ metadata }), digest('"string"', one, "**.xpq", "a2z1", "az"));
});

test("rules as they stand, with the kind and mode that they have when they name none", () => {
  const migrationRules = [
    { name: "up", kind: "CONDITION", mode: "UPGRADE", type: "CEL", params: { b: "2", a: "1" }, expr: "true", onSuccess: "NONE" },
  ];
  const domainRules = [{ name: "pii", doc: "d", type: "ENCRYPT", tags: ["Z", "A"], onFailure: "ERROR", disabled: true }];
  assert.equal(
    plain({ ruleSet: { migrationRules, domainRules } }),
    digest('"string"', Uint8Array.of(1), "upCONDITIONUPGRADECELa1b2trueNONE", "piidTRANSFORMWRITEREADENCRYPTAZERROR", Uint8Array.of(1)),
  );
});
