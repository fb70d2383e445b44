// Can any document of a JSON Schema be read as a type, and can any value of a type be one? Says no only where it is certain: documents that
// happen not to fit are met one by one when they are read.
import { isJsonObject } from "../json-numbers.ts";
import { fieldPath } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { typeName } from "../type-names.ts";
import type { JsonSchemaValue, Located, SchemaDocument } from "./json-schema-document.ts";
import { kindOf, type JsonObject, type SchemaKind } from "./json-schema-kind.ts";
import { hasTextKeys } from "../union-variants.ts";
import { hasType } from "./json-type.ts";

const MAX_DEPTH = 100;
const MAX_SHOWN = 120;

/** undefined: some can; otherwise a path and both definitions, without a full stop. */
export function jsonMismatch(type: TypeInfo, document: SchemaDocument, use: "read" | "write" = "read"): string | undefined {
  const found = new Reading(use === "write").mismatch(type, { schema: document.root, document }, 0);
  if (found === undefined) return undefined;
  return found.path === "" ? found.reason : `${found.path}: ${found.reason}`;
}

interface Found {
  readonly path: string;
  readonly reason: string;
}

/** A type and a schema are looked at once, and taken to fit inside of themselves. */
class Reading {
  readonly #known = new Map<TypeInfo, Map<JsonSchemaValue, Found | undefined>>();
  readonly #isWriting: boolean;

  constructor(isWriting: boolean) {
    this.#isWriting = isWriting;
  }

  mismatch(type: TypeInfo, located: Located, depth: number): Found | undefined {
    const kind = kindOf(located);
    if (depth > MAX_DEPTH || kind.kind === "any" || kind.kind === "not" || kind.kind === "conditional") return undefined;
    if (type.kind === "optional") return kind.kind === "type" && kind.type === "null" ? undefined : this.mismatch(type.of, located, depth);
    if (type.kind === "union") {
      const found = type.of.map((member) => this.mismatch(member, located, depth + 1));
      if (this.#isWriting) return found.find((each) => each !== undefined);
      return found.includes(undefined) ? undefined : this.#refuse(type, kind.schema);
    }
    if (kind.kind === "combined") return this.#once(type, kind, depth);
    const wanted = this.#isWriting ? writtenAs(type) : jsonTypesOf(type);
    if (kind.kind === "enum") {
      const fits =
        this.#isWriting && type.kind === "literal"
          ? type.values.every((value) => kind.values.includes(value))
          : kind.values.some((value) => hasType(value, wanted));
      return fits ? undefined : this.#refuse(type, kind.schema);
    }
    if (this.#isWriting && type.kind === "double" && kind.kind === "type" && kind.type === "integer")
      return this.#refuse(type, kind.schema);
    if (kind.kind !== "type" || !wanted.includes(kind.type === "integer" ? "number" : kind.type)) return this.#refuse(type, kind.schema);
    return this.#inner(type, kind.keywords, kind.document, depth);
  }

  #once(type: TypeInfo, kind: Extract<SchemaKind, { kind: "combined" }>, depth: number): Found | undefined {
    let known = this.#known.get(type);
    if (known === undefined) this.#known.set(type, (known = new Map()));
    if (known.has(kind.schema)) return known.get(kind.schema);
    known.set(kind.schema, undefined);
    const found = this.#combined(type, kind, depth);
    known.set(kind.schema, found);
    return found;
  }

  #combined(type: TypeInfo, { criterion, parts, schema }: Extract<SchemaKind, { kind: "combined" }>, depth: number): Found | undefined {
    const found = parts.map((part) => this.mismatch(type, part, depth + 1));
    if (criterion === "allOf") return found.find((each) => each !== undefined);
    if (found.length === 0 || found.includes(undefined)) return undefined;
    return found.length === 1 ? found[0] : this.#refuse(type, schema);
  }

  #refuse(type: TypeInfo, schema: unknown): Found {
    const text = JSON.stringify(schema);
    const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
    return { path: "", reason: `${typeName(type)} cannot be ${this.#isWriting ? "written as" : "read from"} ${shown}` };
  }

  /** The types fit; what they are made of. */
  #inner(type: TypeInfo, keywords: JsonObject, document: SchemaDocument, depth: number): Found | undefined {
    if (type.kind === "array" && isSchema(keywords["items"]))
      return inside("[]", this.mismatch(type.of, { schema: keywords["items"], document }, depth + 1));
    return type.kind === "record" ? this.#fields(type, keywords, document, depth) : undefined;
  }

  #fields(type: TypeInfo & { readonly kind: "record" }, keywords: JsonObject, document: SchemaDocument, depth: number): Found | undefined {
    const properties = isJsonObject(keywords["properties"]) ? keywords["properties"] : {};
    const closed = keywords["additionalProperties"] === false && keywords["patternProperties"] === undefined;
    const lacking = this.#isWriting ? missing(type, keywords["required"]) : undefined;
    if (lacking !== undefined) return lacking;
    for (const field of type.fields) {
      const schema = Object.hasOwn(properties, field.name) ? properties[field.name] : undefined;
      let found: Found | undefined;
      if (isSchema(schema)) found = this.mismatch(field.type, { schema, document }, depth + 1);
      else if (closed && this.#isWriting)
        found = { path: "", reason: "the schema has no such property and allows no others, so it would be refused" };
      else if (closed && field.type.kind !== "optional")
        found = { path: "", reason: `${typeName(field.type)} is not optional, and the schema has no such property and allows no others` };
      if (found !== undefined) return inside(fieldPath(field.name, ""), found);
    }
    return undefined;
  }
}

function isSchema(value: unknown): value is JsonSchemaValue {
  return typeof value === "boolean" || isJsonObject(value);
}

function inside(name: string, found: Found | undefined): Found | undefined {
  if (found === undefined) return undefined;
  return { path: found.path === "" || found.path.startsWith("[") ? name + found.path : `${name}.${found.path}`, reason: found.reason };
}

/** What the schema requires and values of the type may lack. */
function missing(type: TypeInfo & { readonly kind: "record" }, required: unknown): Found | undefined {
  if (!Array.isArray(required)) return undefined;
  const always = new Set(type.fields.filter((field) => field.type.kind !== "optional").map(({ name }) => name));
  const name = (required as unknown[]).find((each): each is string => typeof each === "string" && !always.has(each));
  if (name === undefined) return undefined;
  const why = type.fields.some((field) => field.name === name) ? "it is optional in" : "it is not in";
  return { path: fieldPath(name, ""), reason: `the schema requires it, and ${why} ${typeName(type)}` };
}

/** What a value of the type is written as. */
function writtenAs(type: TypeInfo): readonly string[] {
  if (type.kind === "bigint") return ["number"];
  if (type.kind === "map") return [hasTextKeys(type.key) ? "object" : "array"];
  return type.kind === "decimal" ? ["string"] : jsonTypesOf(type);
}

/** What a document of the type may be. */
function jsonTypesOf(type: TypeInfo): readonly string[] {
  switch (type.kind) {
    case "boolean":
      return ["boolean"];
    case "int":
    case "long":
    case "timestamp":
    case "double":
      return ["number"];
    case "bigint":
    case "decimal":
      return ["number", "string"];
    case "array":
      return ["array"];
    case "map":
      return ["object", "array"];
    case "record":
      return ["object"];
    default:
      return ["string"];
  }
}
