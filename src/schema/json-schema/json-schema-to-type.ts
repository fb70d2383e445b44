// A JSON Schema as a type: of ours, of Kafka Connect's, and what Zod, Valibot, ArkType, Effect and TypeBox make of their types. What a type
// cannot say is refused with its place and what to do instead; nothing becomes "anything".
import { isJsonObject, numberOf } from "../json-numbers.ts";
import { ForeignNotes, noType as bad, refusalOf } from "../foreign/foreign-notes.ts";
import { unitedType } from "../foreign/united-type.ts";
import { CONNECT_NAMES, connectDecimal, namedType } from "../connect/connect-schema.ts";
import { notedType } from "../protobuf/leaf-type.ts";
import { fieldPath } from "../schema-error.ts";
import type { FieldInfo, TypeInfo } from "../type-info.ts";
import { resolveReference, type JsonSchemaValue, type SchemaDocument } from "./json-schema-document.ts";
import { KEY_KEYWORD, TYPE_KEYWORD, UUID_PATTERN } from "./type-to-json-schema.ts";

type Node = Readonly<Record<string, unknown>>;

const MAX_NODES = 20_000;
const INT = 2 ** 31;
/** Of Connect's decimals where nothing is said; of 38 digits. */
const DECIMAL_SCALE = 18;

/** A node that its library could not say: what it is (a name of refusalOf()). */
export const REFUSED_KEYWORD = "millrace.refused";

export interface JsonSchemaReading {
  /** Of records without a title. Default "Value". */
  readonly name?: string;
  /** Is told what the schema's own validator expects beyond the type. */
  readonly notes?: ForeignNotes;
  /** Only the library itself would fill in what `default` says: refused. Otherwise it is no more than a remark. */
  readonly refuseDefaults?: boolean;
  /** By name and $id: what it refers to. */
  readonly others?: SchemaDocument["others"];
}

/** Throws BadSchemaError. */
export function jsonSchemaToType(schema: unknown, options: JsonSchemaReading = {}): TypeInfo {
  return new Reader(schema, options).of(schema, "", options.name ?? "Value");
}

class Reader {
  #document: SchemaDocument;
  readonly #notes: ForeignNotes;
  readonly #refuseDefaults: boolean;
  readonly #open: unknown[] = [];
  #nodes = 0;

  constructor(root: unknown, { notes = new ForeignNotes(), refuseDefaults = false, others = new Map() }: JsonSchemaReading) {
    this.#document = { root: root as JsonSchemaValue, others };
    this.#notes = notes;
    this.#refuseDefaults = refuseDefaults;
  }

  of(given: unknown, path: string, name: string): TypeInfo {
    if (++this.#nodes > MAX_NODES) throw bad(path, `the schema has more than ${MAX_NODES} parts when written out`, "make it smaller");
    if (!isJsonObject(given)) throw bad(path, "it allows anything", "say what it is");
    if (this.#open.includes(given)) throw bad(path, "it holds itself, which a type cannot", "limit the depth with types of their own");
    this.#open.push(given);
    const type = typeof given["$ref"] === "string" ? this.#referred(given["$ref"], path, name) : this.#node(given, path, name);
    this.#open.pop();
    return type;
  }

  #referred(reference: string, path: string, name: string): TypeInfo {
    const target = resolveReference(reference, this.#document);
    const fix = reference.startsWith("#") ? "put it into $defs" : "put it into $defs, or give the document that it names";
    if (target === undefined) throw bad(path, `it refers to ${JSON.stringify(reference)}, which is not there`, fix);
    const before = this.#document;
    this.#document = target.document;
    const type = this.of(target.schema, path, name);
    this.#document = before;
    return type;
  }

  #node(node: Node, path: string, name: string): TypeInfo {
    if (typeof node[REFUSED_KEYWORD] === "string") throw refusalOf(node[REFUSED_KEYWORD], path);
    // TypeBox's codecs, of which there is one of today and one of before.
    if ("~codec" in node || Object.getOwnPropertySymbols(node).some(({ description }) => description === "TypeBox.Transform"))
      throw refusalOf("transform", path);
    if (this.#refuseDefaults && node["default"] !== undefined) throw refusalOf("default", path);
    const noted = typeof node[TYPE_KEYWORD] === "object" ? notedType(JSON.stringify(node[TYPE_KEYWORD])) : undefined;
    if (noted !== undefined) return noted;
    const choices = node["oneOf"] ?? node["anyOf"];
    if (Array.isArray(choices)) return this.#choice(choices, path, name);
    if (Array.isArray(node["allOf"]) && node["allOf"].length === 1 && node["type"] === undefined)
      return this.of(node["allOf"][0], path, name);
    if ("const" in node) return this.#literal([node["const"]], path);
    if (Array.isArray(node["enum"])) return this.#literal(node["enum"], path);
    const { type } = node;
    if (Array.isArray(type))
      return this.#choice(
        type.map((each: unknown) => ({ ...node, type: each })),
        path,
        name,
      );
    switch (type) {
      case "string":
        return text(node);
      case "boolean":
        return { kind: "boolean" };
      case "number":
        return number(node);
      case "integer":
        return integer(node);
      case "array":
        return this.#array(node, path, name);
      case "object":
        return this.#object(node, path, name);
      case "bigint":
        return { kind: "bigint" };
      case "Uint8Array":
        return { kind: "bytes" };
      case undefined:
        if (isJsonObject(node["not"]) && Object.keys(node["not"]).length === 0) throw refusalOf("never", path);
        if (node["not"] !== undefined) throw bad(path, "it says only what it is not", "say what it is");
        throw refusalOf(node["allOf"] === undefined ? "unknown" : "intersection", path);
      default:
        throw refusalOf(String(type), path);
    }
  }

  #choice(choices: readonly unknown[], path: string, name: string): TypeInfo {
    const present = choices.filter((each) => !isJsonObject(each) || (each["type"] !== "null" && each["type"] !== "undefined"));
    if (present.length === 0) throw refusalOf("null", path);
    const types = present.map((each) => this.of(each, path, present.length > 1 ? `${name}_${present.indexOf(each) + 1}` : name));
    const of = unitedType(types, path, this.#notes);
    if (present.length === choices.length) return of;
    return this.#notes.optional(of, choices.some((each) => isJsonObject(each) && each["type"] === "null") ? "null" : "undefined");
  }

  #literal(values: readonly unknown[], path: string): TypeInfo {
    const present = values.filter((value) => value !== null);
    if (values.length === 0) throw refusalOf("never", path);
    const of = literalType(present);
    if (of === undefined) throw bad(path, "it is one of several values of different types", "use texts, or the type of the values");
    return present.length < values.length ? this.#notes.optional(of, "null") : of;
  }

  #array(node: Node, path: string, name: string): TypeInfo {
    const { items } = node;
    if (node[TYPE_KEYWORD] === "map" && isJsonObject(items)) {
      const pair = items["prefixItems"] ?? items["items"];
      if (Array.isArray(pair) && pair.length === 2)
        return { kind: "map", key: this.of(pair[0], `${path}[]`, name), value: this.of(pair[1], `${path}[]`, name) };
    }
    if (Array.isArray(items) || node["prefixItems"] !== undefined) throw bad(path, "it is a tuple", "use an object with a field for each");
    if (items === undefined || items === true) throw bad(`${path}[]`, "its items can be anything", "say what they are");
    return { kind: "array", of: this.of(items, `${path}[]`, `${name}_item`) };
  }

  #object(node: Node, path: string, name: string): TypeInfo {
    const { properties, additionalProperties: rest, patternProperties } = node;
    if (isJsonObject(properties)) {
      if (isJsonObject(rest) && Object.keys(rest).length > 0 && Object.keys(properties).length > 0)
        throw bad(path, "it has fields and others beside them", "put the others into a map of their own");
      return this.#record(node, properties, path, typeof node["title"] === "string" ? node["title"] : name);
    }
    const value = isJsonObject(rest) ? rest : isJsonObject(patternProperties) ? Object.values(patternProperties)[0] : undefined;
    if (value === undefined && node["allOf"] !== undefined) throw refusalOf("intersection", path);
    if (value === undefined) throw bad(path, "its fields can be anything", "say what they are");
    const key = isJsonObject(node[KEY_KEYWORD]) ? notedType(JSON.stringify(node[KEY_KEYWORD])) : undefined;
    const map = this.#notes.object(this.of(value, `${path}[]`, `${name}_value`)) as TypeInfo & { readonly kind: "map" };
    return key === undefined ? map : { ...map, key };
  }

  #record(node: Node, properties: Node, path: string, name: string): TypeInfo {
    const required = new Set(Array.isArray(node["required"]) ? (node["required"] as unknown[]) : []);
    const entries = Object.entries(properties).map(([field, of], at) => ({ field, of, at: indexOf(of) ?? at }));
    const fields = entries
      .sort((a, b) => a.at - b.at)
      .map(({ field, of }): FieldInfo => {
        const type = this.of(of, path === "" ? fieldPath(field, "") : `${path}.${fieldPath(field, "")}`, `${name}_${field}`);
        return { name: field, type: required.has(field) ? type : this.#notes.optional(type, "undefined") };
      });
    const duration = node[TYPE_KEYWORD] === "duration" ? ({ logical: "duration" } as const) : {};
    return { kind: "record", name, fields, ...duration };
  }
}

function indexOf(schema: unknown): number | undefined {
  return isJsonObject(schema) ? numberOf(schema["connect.index"]) : undefined;
}

/** What Connect's name of the logical type says, which is the title here; Flink's notes beside it say more of an instant. */
function connectType(node: Node): TypeInfo | undefined {
  const { title } = node;
  if (typeof title !== "string") return undefined;
  const parameters = isJsonObject(node["connect.parameters"]) ? node["connect.parameters"] : {};
  if (title === CONNECT_NAMES.decimal) return connectDecimal({ ...parameters, ...("scale" in parameters ? {} : { scale: DECIMAL_SCALE }) });
  const named = namedType(title, parameters);
  return named?.kind === "timestamp" && node["flink.type"] === "timestamp" ? { kind: "long", logical: "local-timestamp-millis" } : named;
}

function text(node: Node): TypeInfo {
  const named = connectType(node);
  if (named?.kind === "decimal" || named?.kind === "string") return named;
  if (node["connect.type"] === "bytes" || node["contentEncoding"] === "base64") return { kind: "bytes" };
  return node["format"] === "uuid" || node["pattern"] === UUID_PATTERN ? { kind: "string", logical: "uuid" } : { kind: "string" };
}

/** Connect and Flink write "number" for integers, too. */
function number(node: Node): TypeInfo {
  const named = connectType(node);
  if (named !== undefined && named.kind !== "string" && named.kind !== "literal") return named;
  switch (node["connect.type"]) {
    case "int8":
    case "int16":
    case "int32":
    case "int64":
      return integer(node);
    case "float32":
      return { kind: "double", logical: "float" };
    default:
      return { kind: "double" };
  }
}

function integer(node: Node): TypeInfo {
  const named = connectType(node);
  if (named !== undefined && named.kind !== "string" && named.kind !== "literal") return named;
  const [least, most] = [numberOf(node["minimum"]), numberOf(node["maximum"])];
  const connect = node["connect.type"];
  if (connect === "int8" || connect === "int16" || connect === "int32") return { kind: "int" };
  return least !== undefined && most !== undefined && least >= -INT && most < INT ? { kind: "int" } : { kind: "long" };
}

/** One of several values of one type: texts; numbers and booleans as what they are, held to the values by whoever checks them. */
export function literalType(values: readonly unknown[]): TypeInfo | undefined {
  if (values.length === 0) return undefined;
  if (values.every((value) => typeof value === "string")) return { kind: "literal", values: [...new Set(values)] };
  if (values.every((value) => typeof value === "boolean")) return { kind: "boolean" };
  if (values.every((value) => typeof value === "bigint")) return { kind: "bigint" };
  const numbers = values.map(numberOf);
  if (!numbers.every((value) => value !== undefined)) return undefined;
  return numbers.every(Number.isSafeInteger) ? { kind: "long" } : { kind: "double" };
}
