// How our comparison understands JSON Schemas of drafts 4, 6 and 7 beside the library under Confluent's rules (everit), set as Confluent's
// registry sets it: what is a type, what a product of what stands side by side, what a reference with siblings is, what formats and keywords of
// another type do. Random schemas (MILLRACE_SEED).
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import {
  parseJsonSchema,
  type JsonSchemaValue,
  type Located,
  type SchemaDocument,
} from "../../src/schema/json-schema/json-schema-document.ts";
import { kindOf, type SchemaKind } from "../../src/schema/json-schema/json-schema-kind.ts";
import { chooser, draws } from "../../src/schema/fixtures/arbitrary-avro.ts";
import { jsonSchemaDocument, type SchemaDraft } from "../../src/schema/fixtures/arbitrary-json-schema.ts";
import { isJsonObject } from "../../src/schema/json-numbers.ts";
import { compiled, everitJars, missing } from "./prerequisites.ts";

const SCHEMAS = 6000;
const DEPTH = 5;
const DRAFTS: readonly SchemaDraft[] = [4, 6, 7];
const SOURCE = fileURLToPath(new URL("java/SchemaShapes.java", import.meta.url));
type Json = Readonly<Record<string, unknown>>;

function shape(at: Located, depth: number): Json {
  if (depth > DEPTH) return { kind: "deep" };
  const kind = kindOf(at);
  if (kind.kind === "any" || kind.kind === "never") return { kind: kind.kind };
  const inside = (schema: unknown): Json => shape({ schema: schema as JsonSchemaValue, document: kind.document }, depth + 1);
  switch (kind.kind) {
    case "enum":
      return { kind: kind.isConst ? "const" : "enum", values: kind.values };
    case "not":
      return { kind: "not", inner: shape(kind.inner, depth + 1) };
    case "conditional":
      return { kind: "conditional" };
    case "combined":
      return { kind: kind.criterion, parts: kind.parts.map((part) => shape(part, depth + 1)) };
    case "type":
      return typeShape(kind, inside);
  }
}

function typeShape({ type, keywords }: Extract<SchemaKind, { kind: "type" }>, inside: (schema: unknown) => Json): Json {
  const given = (...names: readonly string[]): Json =>
    Object.fromEntries(names.filter((name) => keywords[name] !== undefined).map((name) => [name, keywords[name]]));
  const under = (name: string, keyword: string): Json => (keywords[keyword] === undefined ? {} : { [name]: inside(keywords[keyword]) });
  const maps = (name: string, keyword: string): Json => {
    const entries = Object.entries((keywords[keyword] ?? {}) as Json);
    return entries.length === 0 ? {} : { [name]: Object.fromEntries(entries.map(([key, each]) => [key, inside(each)])) };
  };
  const open = (name: string, keyword: string): Json => {
    const value = keywords[keyword];
    if (value === undefined || value === true) return {};
    return { [name]: value === false ? false : inside(value) };
  };
  switch (type) {
    case "string":
      return { kind: type, ...given("minLength", "maxLength", "pattern") };
    case "number":
    case "integer":
      return { kind: type, ...given("minimum", "maximum", "multipleOf") };
    case "object": {
      const properties = Object.entries((keywords["properties"] ?? {}) as Json);
      const defaults = properties
        .filter(([, each]) => isJsonObject(each) && Object.hasOwn(each, "default") && !("$ref" in each))
        .map(([name]) => name);
      const required = keywords["required"] as readonly string[] | undefined;
      return {
        kind: type,
        ...maps("properties", "properties"),
        ...(defaults.length === 0 ? {} : { defaults }),
        ...(required === undefined || required.length === 0 ? {} : { required }),
        ...open("additional", "additionalProperties"),
        ...maps("patterns", "patternProperties"),
        ...under("names", "propertyNames"),
        ...given("minProperties", "maxProperties"),
      };
    }
    case "array": {
      const { items } = keywords;
      const isSchema = items !== undefined && !Array.isArray(items);
      return {
        kind: type,
        ...(Array.isArray(items) ? { byPosition: items.map(inside) } : under("items", "items")),
        ...(isSchema && keywords["additionalItems"] === false ? {} : open("rest", "additionalItems")),
        ...under("contains", "contains"),
        ...(keywords["uniqueItems"] === true ? { unique: true } : {}),
        ...given("minItems", "maxItems"),
      };
    }
    default:
      return { kind: type };
  }
}

/** Members by name, lists whose order means nothing in one order. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, each]) => {
    const ordered = inOrder(each);
    const isSet = ["parts", "required", "defaults", "values"].includes(name);
    return [name, isSet ? (ordered as unknown[]).map((item) => JSON.stringify(item)).sort() : ordered] as const;
  });
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function ours(text: string): string {
  const document: SchemaDocument = { root: parseJsonSchema(text), others: new Map() };
  return JSON.stringify(inOrder(shape({ schema: document.root, document }, 0)));
}

function theirs(texts: readonly string[]): string[] {
  const directory = mkdtempSync(join(tmpdir(), "schema-shapes-"));
  try {
    const classPath = compiled(SOURCE, everitJars(), directory);
    const options = { input: texts.map((text) => `${text}\n`).join(""), encoding: "utf8", maxBuffer: 1 << 28 } as const;
    const { status, stdout, stderr } = spawnSync("java", ["-Xmx512m", `-Ddepth=${DEPTH}`, "-cp", classPath, "SchemaShapes"], options);
    assert.equal(status, 0, stderr);
    return stdout
      .trim()
      .split("\n")
      .map((line) => (line === "refused" ? line : JSON.stringify(inOrder(JSON.parse(line)))));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test(`${SCHEMAS} random JSON Schemas are understood as Confluent's registry does`, { skip: missing("java", "javac", "mvn") }, () => {
  const seed = Number(process.env["MILLRACE_SEED"] ?? 20261123);
  const drawn = fc.sample(draws, { numRuns: SCHEMAS, seed });
  const texts = drawn.map((numbers, i) => JSON.stringify(jsonSchemaDocument(DRAFTS[i % DRAFTS.length]!, chooser(numbers))));
  const expected = theirs(texts);
  assert.equal(expected.length, texts.length);
  const refused = expected.filter((each) => each === "refused").length;
  const different = texts.flatMap((text, i) => {
    if (expected[i] === "refused") return [];
    const own = ours(text);
    return own === expected[i] ? [] : [`${text}\n  ours   ${own}\n  theirs ${expected[i]}`];
  });
  assert.equal(
    different.length,
    0,
    `${different.length} differ, such as\n${different
      .toSorted((a, b) => a.length - b.length)
      .slice(0, 5)
      .join("\n")}`,
  );
  assert.ok(refused < SCHEMAS / 5, `${refused} of ${SCHEMAS} are refused by the other`);
  console.log(`# ${SCHEMAS - refused} compared`);
});
