// What a new JSON Schema is held to beyond the shape that comparison needs: keywords hold values of the kinds that their draft says, patterns
// can be read. What Confluent's registry refuses is refused; what it lets pass (`items` of other drafts, odd values of unknown keywords) passes.
import { SchemaParseError } from "../incompatibility.ts";
import { isJsonObject, numberOf } from "../json-numbers.ts";
import { children, type JsonSchemaValue } from "./json-schema-document.ts";
import type { JsonObject } from "./json-schema-kind.ts";
import { draftOf, type Draft } from "./schema-index.ts";

const TEXTS = ["$schema", "$ref", "title", "description", "format"];
/** Java knows more of patterns than JavaScript: what may be of its own is not judged. */
const JAVA_ONLY = /\(\?[a-zA-Z<>-]|[+*?}]\+|\\[QEAZzGhHRXpPxN]|&&|\[[^\]]*\[/;

/** Throws SchemaParseError. */
export function checkKeywords(root: JsonSchemaValue): void {
  const draft = draftOf(root, 7);
  const visit = (schema: unknown, path: string): void => {
    if (!isJsonObject(schema)) return;
    checkOne(schema, path, draft);
    for (const [child, childPath] of children(schema, path)) visit(child, childPath);
  };
  visit(root, "#");
}

function checkOne(schema: JsonObject, path: string, draft: Draft): void {
  for (const name of [...TEXTS, draft === 4 ? "id" : "$id"])
    if (schema[name] !== undefined && typeof schema[name] !== "string") fail(path, name, "a text");
  if (schema["uniqueItems"] !== undefined && typeof schema["uniqueItems"] !== "boolean") fail(path, "uniqueItems", "true or false");
  if (draft <= 7 && numberOf(schema["multipleOf"]) === 0) fail(path, "multipleOf", "another number than 0");
  for (const name of ["exclusiveMinimum", "exclusiveMaximum"]) checkExclusive(schema, name, path, draft);
  if (draft === 2020 && Array.isArray(schema["items"]))
    fail(path, "items", "one schema (for items by position this draft has prefixItems)");
  if (draft <= 7) checkDependencies(schema["dependencies"], path);
  checkPattern(schema["pattern"], `${path}/pattern`);
  const { patternProperties } = schema;
  if (isJsonObject(patternProperties))
    for (const pattern of Object.keys(patternProperties)) checkPattern(pattern, `${path}/patternProperties`);
}

/** Draft 4 says true or false there, beside the limit. */
function checkExclusive(schema: JsonObject, name: string, path: string, draft: Draft): void {
  const value = schema[name];
  if (value === undefined) return;
  if (draft === 4 && typeof value !== "boolean") fail(path, name, "true or false");
  if (draft > 4 && numberOf(value) === undefined) fail(path, name, "a number");
}

function checkDependencies(dependencies: unknown, path: string): void {
  if (!isJsonObject(dependencies)) return;
  for (const [name, each] of Object.entries(dependencies))
    if (typeof each !== "boolean" && typeof each !== "object") fail(path, `dependencies/${name}`, "a schema or a list of names");
}

function checkPattern(pattern: unknown, path: string): void {
  if (typeof pattern !== "string" || JAVA_ONLY.test(pattern) || canBeRead(pattern, "") || canBeRead(pattern, "u")) return;
  throw new SchemaParseError(`JSON Schema at ${path}: ${JSON.stringify(pattern)} is no regular expression.`);
}

function canBeRead(pattern: string, flags: string): boolean {
  try {
    return new RegExp(pattern, flags).flags === flags;
  } catch {
    return false;
  }
}

function fail(path: string, name: string, expected: string): never {
  throw new SchemaParseError(`JSON Schema at ${path}/${name}: expected ${expected}.`);
}
