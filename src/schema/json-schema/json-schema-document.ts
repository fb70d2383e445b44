// A JSON Schema text, the documents it refers to, and what "$ref" leads to: JSON pointers, anchors, ids and the names of references.
import { SchemaParseError } from "../incompatibility.ts";
import { isJsonObject, numberOf, parseKeepingNumbers } from "../json-numbers.ts";
import { draftOf } from "./schema-index.ts";

export type JsonSchemaValue = boolean | Readonly<Record<string, unknown>>;

export interface SchemaDocument {
  readonly root: JsonSchemaValue;
  /** Other documents by name and by their $id. */
  readonly others: Map<string, SchemaDocument>;
}

/** A schema and the document in which its references are meant. */
export interface Located {
  readonly schema: JsonSchemaValue;
  readonly document: SchemaDocument;
}

const TYPES = new Set(["string", "number", "integer", "boolean", "null", "object", "array"]);
/** Keywords whose value is a schema. */
const ONE = [
  "additionalProperties",
  "additionalItems",
  "contains",
  "propertyNames",
  "not",
  "if",
  "then",
  "else",
  "unevaluatedProperties",
  "unevaluatedItems",
];
/** …a list of schemas. */
const LISTS = ["allOf", "anyOf", "oneOf", "prefixItems"];
/** …schemas by name. */
const MAPS = ["properties", "patternProperties", "definitions", "$defs", "dependentSchemas"];
const DEFINITIONS = new Set(["definitions", "$defs"]);
/** Keywords that name a schema for references, and what they put in front of the name. */
const ANCHORS = [
  ["$anchor", ""],
  ["$dynamicAnchor", ""],
  ["$id", "#"],
  ["id", "#"],
] as const;
const MAX_DEPTH = 200;

/** Throws SchemaParseError. */
export function parseJsonSchema(text: string): JsonSchemaValue {
  let root: unknown;
  try {
    root = parseKeepingNumbers(text);
  } catch (error) {
    throw new SchemaParseError(`The JSON Schema is not JSON: ${(error as Error).message}.`);
  }
  checkShape(root, "#", 0);
  return root as JsonSchemaValue;
}

/** Every schema has the shape its keywords ask for. Throws SchemaParseError. */
function checkShape(schema: unknown, path: string, depth: number): void {
  if (typeof schema === "boolean") return;
  if (!isJsonObject(schema)) fail(path, "expected an object, true or false");
  if (depth > MAX_DEPTH) fail(path, `schemas nest more than ${MAX_DEPTH} levels deep`);
  const { type, required, pattern } = schema;
  for (const each of Array.isArray(type) ? type : type === undefined ? [] : [type])
    if (!TYPES.has(each as string)) fail(`${path}/type`, `there is no type ${JSON.stringify(each)}`);
  if (
    required !== undefined &&
    typeof required !== "boolean" &&
    !(Array.isArray(required) && required.every((each) => typeof each === "string"))
  )
    fail(`${path}/required`, "expected an array of names");
  if (schema["enum"] !== undefined && !Array.isArray(schema["enum"])) fail(`${path}/enum`, "expected an array");
  if (pattern !== undefined && typeof pattern !== "string") fail(`${path}/pattern`, "expected a text");
  for (const name of ["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"])
    if (schema[name] !== undefined && !isCount(schema[name])) fail(`${path}/${name}`, "expected a whole number from 0");
  for (const name of ["minimum", "maximum", "multipleOf"])
    if (schema[name] !== undefined && numberOf(schema[name]) === undefined) fail(`${path}/${name}`, "expected a number");
  for (const [child, childPath] of children(schema, path)) checkShape(child, childPath, depth + 1);
}

/** The schemas in a schema, and where they stand. Throws SchemaParseError where a keyword does not hold what it should. */
export function* children(schema: Readonly<Record<string, unknown>>, path: string): Generator<[unknown, string]> {
  for (const name of ONE) if (schema[name] !== undefined) yield [schema[name], `${path}/${name}`];
  for (const name of LISTS) {
    const list = schema[name];
    if (list === undefined) continue;
    if (!Array.isArray(list)) fail(`${path}/${name}`, "expected an array of schemas");
    for (const [i, each] of list.entries()) yield [each, `${path}/${name}/${i}`];
  }
  for (const name of MAPS) {
    const map = schema[name];
    if (map === undefined) continue;
    if (!isJsonObject(map)) fail(`${path}/${name}`, "expected an object of schemas");
    // What stands among definitions and is no schema is nobody's, unless something refers to it.
    const isSchema = (value: unknown): boolean => !DEFINITIONS.has(name) || typeof value === "boolean" || isJsonObject(value);
    for (const [key, each] of Object.entries(map)) if (isSchema(each)) yield [each, `${path}/${name}/${key}`];
  }
  const { items } = schema;
  if (Array.isArray(items)) for (const [i, each] of items.entries()) yield [each, `${path}/items/${i}`];
  else if (items !== undefined) yield [items, `${path}/items`];
}

/**
 * All references that something reaches lead somewhere; since draft 2019-09 those in definitions that nothing refers to, too, as in Confluent's
 * registry. Throws SchemaParseError.
 */
export function checkReferences(document: SchemaDocument): void {
  const all = draftOf(document.root, 7) >= 2019;
  const seen = new Set<unknown>();
  const left: [schema: unknown, path: string][] = [[document.root, "#"]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [schema, path] = next;
    if (!isJsonObject(schema) || seen.has(schema)) continue;
    seen.add(schema);
    for (const keyword of ["$ref", "$dynamicRef"]) {
      const reference = schema[keyword];
      if (typeof reference !== "string") continue;
      const target = resolveReference(reference, document);
      if (target === undefined) fail(path, `"${keyword}": ${JSON.stringify(reference)} leads nowhere`);
      if (target.document === document) left.push([target.schema, reference]);
    }
    const { definitions: _definitions, $defs: _defs, ...reached } = schema;
    left.push(...children(all ? schema : reached, path));
  }
}

/** undefined: it leads nowhere. */
export function resolveReference(reference: string, document: SchemaDocument): Located | undefined {
  const hash = reference.indexOf("#");
  const name = hash < 0 ? reference : reference.slice(0, hash);
  const fragment = hash < 0 ? "" : reference.slice(hash + 1);
  const target = name === "" ? document : documentNamed(name, document);
  const root = target === undefined ? embedded(name, document) : target.root;
  if (root === undefined) return undefined;
  const at = target ?? document;
  if (fragment === "") return { schema: root, document: at };
  const schema = fragment.startsWith("/")
    ? byPointer(root, fragment)
    : findByAnchor(root, (each) => ANCHORS.some(([keyword, prefix]) => each[keyword] === prefix + fragment));
  return schema === undefined ? undefined : { schema, document: at };
}

/** By its name, its $id, or where the name leads from the document's own $id. */
function documentNamed(name: string, document: SchemaDocument): SchemaDocument | undefined {
  const { others } = document;
  const own = idOf(document.root);
  if (own === name) return document;
  const direct = others.get(name) ?? (name.startsWith("./") ? others.get(name.slice(2)) : undefined);
  if (direct !== undefined || own === undefined) return direct;
  const full = address(name, own);
  if (full === undefined) return undefined;
  const known = others.get(full);
  if (known !== undefined) return known;
  for (const [other, found] of others) if (address(other, own) === full) return found;
  return undefined;
}

/** A schema inside of the document with an $id of its own. */
function embedded(name: string, document: SchemaDocument): JsonSchemaValue | undefined {
  const own = idOf(document.root);
  const full = own === undefined ? undefined : address(name, own);
  return findByAnchor(document.root, (schema) => {
    const id = idOf(schema);
    return id !== undefined && (id === name || (full !== undefined && own !== undefined && address(id, own) === full));
  });
}

function idOf(schema: JsonSchemaValue): string | undefined {
  const id = isJsonObject(schema) ? (schema["$id"] ?? schema["id"]) : undefined;
  return typeof id === "string" ? id.replace(/#$/, "") : undefined;
}

function address(name: string, base: string): string | undefined {
  return URL.parse(name, base)?.href;
}

function byPointer(root: JsonSchemaValue, pointer: string): JsonSchemaValue | undefined {
  let at: unknown = root;
  for (const part of pointer.split("/").slice(1)) {
    const key = decodePart(part);
    if (Array.isArray(at)) at = at[Number(key)];
    else if (isJsonObject(at) && Object.hasOwn(at, key)) at = at[key];
    else return undefined;
  }
  return typeof at === "boolean" || isJsonObject(at) ? at : undefined;
}

function decodePart(part: string): string {
  let text = part;
  try {
    text = decodeURIComponent(part);
  } catch {
    // as it is
  }
  return text.replaceAll("~1", "/").replaceAll("~0", "~");
}

function findByAnchor(root: unknown, matches: (schema: Readonly<Record<string, unknown>>) => boolean): JsonSchemaValue | undefined {
  if (!isJsonObject(root)) return undefined;
  if (matches(root)) return root;
  for (const [child] of children(root, "")) {
    const found = findByAnchor(child, matches);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isCount(value: unknown): boolean {
  const number = numberOf(value);
  return number !== undefined && Number.isInteger(number) && number >= 0;
}

function fail(path: string, reason: string): never {
  throw new SchemaParseError(`JSON Schema at ${path}: ${reason}.`);
}
