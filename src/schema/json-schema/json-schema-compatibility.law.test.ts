// Random schemas of all drafts, with references in circles and with siblings: each reads what it wrote itself, however its text is written;
// what LENIENT refuses STRICT refuses.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { chooser, draws } from "../fixtures/arbitrary-avro.ts";
import type { Choose } from "../fixtures/arbitrary-json.ts";
import { evolvedJsonSchema, jsonSchemaDocument, type SchemaDraft } from "../fixtures/arbitrary-json-schema.ts";
import { jsonSchemaIncompatibilities } from "./json-schema-compatibility.ts";
import { checkReferences, parseJsonSchema, type SchemaDocument } from "./json-schema-document.ts";

const DRAFTS: readonly SchemaDraft[] = [4, 6, 7, 2019, 2020];
const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };
const options = { ...seed, numRuns: 100 };

function documentOf(schema: unknown): SchemaDocument {
  const document = { root: parseJsonSchema(JSON.stringify(schema)), others: new Map() };
  checkReferences(document);
  return document;
}

function found(reader: unknown, writer: unknown, lenient = false): string[] {
  const [read, written] = [documentOf(reader), documentOf(writer)];
  const all = jsonSchemaIncompatibilities({ schema: read.root, document: read }, { schema: written.root, document: written }, lenient);
  return all.map(({ type, path }) => `${type} ${path}`);
}

/** The same with members in another order. */
function shuffled(value: unknown, choose: Choose): unknown {
  if (Array.isArray(value)) return value.map((each) => shuffled(each, choose));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, each]) => [choose(1000), name, shuffled(each, choose)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => a - b).map(([, name, each]) => [name, each]));
}

test("a schema reads what it wrote itself", () => {
  fc.assert(
    fc.property(draws, fc.constantFrom(...DRAFTS), (numbers, draft) => {
      const choose = chooser(numbers);
      const schema = jsonSchemaDocument(draft, choose);
      assert.deepEqual(found(schema, schema), []);
      assert.deepEqual(found(shuffled(schema, choose), schema), []);
    }),
    options,
  );
});

test("remarks change nothing", () => {
  const remarks = { title: "t", description: "d", $comment: "c", examples: [1], readOnly: true, "x-own": { type: 7 } };
  fc.assert(
    fc.property(draws, fc.constantFrom(...DRAFTS), (numbers, draft) => {
      const schema = jsonSchemaDocument(draft, chooser(numbers));
      assert.deepEqual(found({ ...schema, ...remarks }, schema), []);
      assert.deepEqual(found(schema, { ...schema, ...remarks }), []);
    }),
    options,
  );
});

test("up to draft 7 what stands beside a reference restricts nothing", () => {
  fc.assert(
    fc.property(draws, fc.constantFrom(4, 6, 7), (numbers, draft: SchemaDraft) => {
      const schema = jsonSchemaDocument(draft, chooser(numbers));
      const bare = withoutSiblings(schema);
      // Equal parts count once.
      fc.pre(!hasEqualParts(bare));
      assert.deepEqual(found(bare, schema), []);
      assert.deepEqual(found(schema, bare), []);
    }),
    options,
  );
});

test("LENIENT refuses nothing that STRICT takes", () => {
  fc.assert(
    fc.property(draws, fc.constantFrom(...DRAFTS), (numbers, draft) => {
      const choose = chooser(numbers);
      const before = jsonSchemaDocument(draft, choose);
      const after = evolvedJsonSchema(before, draft, choose);
      if (found(after, before).length === 0) assert.deepEqual(found(after, before, true), []);
    }),
    options,
  );
});

function hasEqualParts(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const all = Object.values(value);
  if (Array.isArray(value) && new Set(all.map((each) => JSON.stringify(each))).size < all.length) return true;
  return all.some(hasEqualParts);
}

function withoutSiblings(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSiblings);
  if (typeof value !== "object" || value === null) return value;
  const { $ref } = value as Record<string, unknown>;
  if (typeof $ref === "string") return { $ref };
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withoutSiblings(each)]));
}
