// Avro schema text → AvroSchema, by the specification of Avro 1.12, as strict as Avro's own parser: names, redefinitions, unions, defaults.
// Named types of referenced schemas are known from the start.
import { SchemaParseError } from "../incompatibility.ts";
import { isJsonObject, numberOf, parseKeepingNumbers } from "../json-numbers.ts";
import {
  isNamed,
  isPrimitiveName,
  namespaceOf,
  type AvroAttributes,
  type AvroField,
  type AvroNamed,
  type AvroRecord,
  type AvroSchema,
} from "./avro-schema.ts";
import { isValidDefault } from "./default-value.ts";

type JsonObject = Readonly<Record<string, unknown>>;

const MAX_DEPTH = 200;
const NAME = /^[A-Za-z_]\w*$/;
/** What older registries let pass. */
const LOOSE_NAME = /^[^.\s]+$/;
const RESERVED: Readonly<Record<string, readonly string[]>> = {
  record: ["type", "name", "namespace", "doc", "fields", "aliases"],
  error: ["type", "name", "namespace", "doc", "fields", "aliases"],
  enum: ["type", "name", "namespace", "doc", "symbols", "default", "aliases"],
  fixed: ["type", "name", "namespace", "doc", "size", "aliases"],
  array: ["type", "items"],
  map: ["type", "values"],
  field: ["name", "type", "doc", "default", "order", "aliases"],
};

export interface ParseAvroOptions {
  /** Named types of referenced schemas by full name; not changed. */
  readonly known?: ReadonlyMap<string, AvroNamed>;
  /** Default true. Older schemas may have defaults that do not fit: readers had no trouble with them. */
  readonly checkDefaults?: boolean;
  /** Default true. False: a name may have any characters but dots and white space. */
  readonly checkNames?: boolean;
}

/** Throws SchemaParseError. */
export function parseAvro(text: string, options: ParseAvroOptions = {}): ParsedAvro {
  let json: unknown;
  try {
    json = parseKeepingNumbers(text);
  } catch (error) {
    // A bare type name is accepted, as Avro's own parser does.
    if (!isPrimitiveName(text.trim())) throw new SchemaParseError(`The schema is not JSON: ${(error as Error).message}.`);
    json = text.trim();
  }
  const parser = new Parser(options);
  const schema = parser.schema(json, "", "", 0);
  return { schema, named: parser.defined };
}

export interface ParsedAvro {
  readonly schema: AvroSchema;
  /** The named types that this text defines, by full name. */
  readonly named: ReadonlyMap<string, AvroNamed>;
}

class Parser {
  readonly defined = new Map<string, AvroNamed>();
  readonly #known: ReadonlyMap<string, AvroNamed>;

  readonly #checkDefaults: boolean;
  readonly #name: RegExp;

  constructor({ known, checkDefaults, checkNames }: ParseAvroOptions) {
    this.#known = known ?? new Map<string, AvroNamed>();
    this.#checkDefaults = checkDefaults ?? true;
    this.#name = checkNames === false ? LOOSE_NAME : NAME;
  }

  schema(json: unknown, namespace: string, path: string, depth: number): AvroSchema {
    if (depth > MAX_DEPTH) fail(path, `schemas nest more than ${MAX_DEPTH} levels deep`);
    if (typeof json === "string") return this.#byName(json, namespace, path);
    if (Array.isArray(json)) return this.#union(json, namespace, path, depth);
    if (!isJsonObject(json)) fail(path, `expected a type, got ${show(json)}`);
    const { type } = json;
    if (typeof type !== "string") {
      if (type === undefined) fail(path, `there is no "type"`);
      return this.schema(type, namespace, `${path}/type`, depth + 1);
    }
    switch (type) {
      case "record":
      case "error":
        return this.#record(type, json, namespace, path, depth);
      case "enum":
        return this.#enum(json, namespace, path);
      case "fixed":
        return this.#fixed(json, namespace, path);
      case "array":
        if (json["items"] === undefined) fail(path, `the array has no "items"`);
        return {
          type,
          items: this.schema(json["items"], namespace, `${path}/items`, depth + 1),
          attributes: attributesOf(json, RESERVED["array"]!),
        };
      case "map":
        if (json["values"] === undefined) fail(path, `the map has no "values"`);
        return {
          type,
          values: this.schema(json["values"], namespace, `${path}/values`, depth + 1),
          attributes: attributesOf(json, RESERVED["map"]!),
        };
      default:
        if (isPrimitiveName(type)) return { type, attributes: attributesOf(json, ["type"]) };
        return this.#byName(type, namespace, path);
    }
  }

  #byName(name: string, namespace: string, path: string): AvroSchema {
    if (isPrimitiveName(name)) return { type: name, attributes: NO_ATTRIBUTES };
    const full = name.includes(".") || namespace === "" ? name : `${namespace}.${name}`;
    const found = this.#find(full) ?? (full === name ? undefined : this.#find(name));
    return found ?? fail(path, `there is no type "${full}"`);
  }

  #find(fullName: string): AvroNamed | undefined {
    return this.defined.get(fullName) ?? this.#known.get(fullName);
  }

  #union(json: readonly unknown[], namespace: string, path: string, depth: number): AvroSchema {
    const branches = json.map((branch, i) => this.schema(branch, namespace, `${path}/${i}`, depth + 1));
    const seen = new Set<string>();
    branches.forEach((branch, i) => {
      if (branch.type === "union") fail(`${path}/${i}`, "a union may not hold another union directly");
      const kind = isNamed(branch) ? branch.name : branch.type;
      if (seen.has(kind)) fail(`${path}/${i}`, `the union has ${kind} twice`);
      seen.add(kind);
    });
    return { type: "union", branches };
  }

  #record(type: "record" | "error", json: JsonObject, namespace: string, path: string, depth: number): AvroSchema {
    const head = namedHead(json, namespace, path, this.#name);
    const record: AvroRecord = { type, ...head, fields: [], attributes: attributesOf(json, RESERVED[type]!) };
    this.#define(record, path);
    const { fields } = json;
    if (!Array.isArray(fields)) fail(path, `record "${head.name}" has no "fields" array`);
    const seen = new Set<string>();
    record.fields = fields.map((field: unknown, i): AvroField => {
      const parsed = this.#field(field, namespaceOf(head.name), `${path}/fields/${i}`, depth);
      if (seen.has(parsed.name)) fail(`${path}/fields/${i}`, `record "${head.name}" has the field "${parsed.name}" twice`);
      seen.add(parsed.name);
      return parsed;
    });
    return record;
  }

  #field(json: unknown, namespace: string, path: string, depth: number): AvroField {
    if (!isJsonObject(json)) fail(path, `expected a field, got ${show(json)}`);
    const name = checkedName(json["name"], path, this.#name);
    if (json["type"] === undefined) fail(path, `field "${name}" has no "type"`);
    const type = this.schema(json["type"], namespace, `${path}/type`, depth + 1);
    const hasDefault = Object.hasOwn(json, "default");
    if (hasDefault && this.#checkDefaults && !isValidDefault(type, json["default"]))
      fail(path, `the default ${show(json["default"])} of field "${name}" does not fit its type`);
    const order = json["order"] === undefined ? "ascending" : String(json["order"]).toLowerCase();
    if (order !== "ascending" && order !== "descending" && order !== "ignore")
      fail(path, `order ${show(json["order"])} of field "${name}"`);
    return {
      name,
      type,
      doc: text(json["doc"]),
      default: json["default"],
      hasDefault,
      order,
      aliases: namesList(json["aliases"], `${path}/aliases`),
      attributes: attributesOf(json, RESERVED["field"]!),
    };
  }

  #enum(json: JsonObject, namespace: string, path: string): AvroSchema {
    const head = namedHead(json, namespace, path, this.#name);
    const { symbols, default: fallback } = json;
    if (!Array.isArray(symbols)) fail(path, `enum "${head.name}" has no "symbols" array`);
    const names = symbols.map((symbol: unknown, i) => checkedName(symbol, `${path}/symbols/${i}`, this.#name));
    if (new Set(names).size !== names.length) fail(path, `enum "${head.name}" has a symbol twice`);
    if (fallback !== undefined && (typeof fallback !== "string" || !names.includes(fallback)))
      fail(path, `the default ${show(fallback)} is no symbol of enum "${head.name}"`);
    return this.#define(
      { type: "enum", ...head, symbols: names, default: fallback, attributes: attributesOf(json, RESERVED["enum"]!) },
      path,
    );
  }

  #fixed(json: JsonObject, namespace: string, path: string): AvroSchema {
    const head = namedHead(json, namespace, path, this.#name);
    const size = numberOf(json["size"]);
    if (size === undefined || !Number.isInteger(size) || size < 0) fail(path, `fixed "${head.name}" has no "size" that is a whole number`);
    return this.#define({ type: "fixed", ...head, size, attributes: attributesOf(json, RESERVED["fixed"]!) }, path);
  }

  #define<T extends AvroNamed>(named: T, path: string): T {
    if (this.#find(named.name) !== undefined) fail(path, `"${named.name}" is defined twice`);
    this.defined.set(named.name, named);
    return named;
  }
}

const NO_ATTRIBUTES: AvroAttributes = new Map();

function namedHead(
  json: JsonObject,
  outer: string,
  path: string,
  pattern: RegExp,
): { name: string; aliases: string[]; doc: string | undefined } {
  const { name: given, namespace: own } = json;
  if (typeof given !== "string" || given === "") fail(path, `there is no "name"`);
  if (own !== undefined && own !== null && typeof own !== "string") fail(path, `namespace ${show(own)}`);
  const dot = given.lastIndexOf(".");
  const namespace = dot >= 0 ? given.slice(0, dot) : typeof own === "string" ? own : outer;
  for (const part of namespace === "" ? [] : namespace.split(".")) checkedName(part, path, pattern);
  const short = checkedName(given.slice(dot + 1), path, pattern);
  if (isPrimitiveName(short) && namespace === "") fail(path, `"${short}" is the name of a primitive type`);
  const qualify = (alias: string): string => (alias.includes(".") || namespace === "" ? alias : `${namespace}.${alias}`);
  return {
    name: namespace === "" ? short : `${namespace}.${short}`,
    aliases: namesList(json["aliases"], `${path}/aliases`).map(qualify),
    doc: text(json["doc"]),
  };
}

function namesList(json: unknown, path: string): string[] {
  if (json === undefined || json === null) return [];
  if (!Array.isArray(json) || !json.every((each) => typeof each === "string")) return fail(path, "aliases are an array of names");
  return json;
}

function checkedName(name: unknown, path: string, pattern: RegExp): string {
  if (typeof name === "string" && pattern.test(name)) return name;
  return fail(path, `${show(name)} is no name: letters, digits and _, no digit first`);
}

function attributesOf(json: JsonObject, reserved: readonly string[]): AvroAttributes {
  const entries = Object.entries(json).filter(([name]) => !reserved.includes(name));
  return entries.length === 0 ? NO_ATTRIBUTES : new Map(entries);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function show(value: unknown): string {
  const shown = JSON.stringify(value) ?? "nothing";
  return shown.length > 80 ? `${shown.slice(0, 77)}…` : shown;
}

function fail(path: string, reason: string): never {
  throw new SchemaParseError(`Avro schema at ${path === "" ? "/" : path}: ${reason}.`);
}
