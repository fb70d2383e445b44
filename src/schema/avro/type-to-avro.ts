// A type as an Avro schema. Invariant: avroToType() of it is the same type. Names that Avro does not allow, and types of one name that
// differ, get others; the real ones are kept as attributes ("millrace.name"), which readers that do not know them ignore.
import { BadSchemaError } from "../schema-error.ts";
import type { LogicalName, TypeInfo } from "../type-info.ts";
import { typeText } from "../type-names.ts";
import { BIGINT, NAME_ATTRIBUTE, TYPE_ATTRIBUTE, VALUES_ATTRIBUTE } from "./avro-logical.ts";
import type { AvroSchema } from "./avro-schema.ts";
import { parseAvro } from "./parse-avro.ts";

type Json = string | readonly Json[] | { readonly [name: string]: unknown };
type RecordType = TypeInfo & { readonly kind: "record" };

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const MAX_DEPTH = 100;
const known = new WeakMap<TypeInfo, AvroSchema>();

/** Throws BadSchemaError for a type that nests too deep. */
export function typeToAvro(type: TypeInfo): AvroSchema {
  let schema = known.get(type);
  if (schema === undefined) known.set(type, (schema = parseAvro(JSON.stringify(avroJson(type))).schema));
  return schema;
}

/** The schema as its JSON, as one would write it. */
export function avroJson(type: TypeInfo): unknown {
  return new Writer().of(type, "Value", 0);
}

class Writer {
  /** Avro name → the text of the type that has it. */
  readonly #names = new Map<string, string>();
  #namespace = "";

  /** `hint`: a name for what needs one and has none. */
  of(type: TypeInfo, hint: string, depth: number): Json {
    if (depth > MAX_DEPTH) throw new BadSchemaError(`The type nests more than ${MAX_DEPTH} levels deep.`);
    switch (type.kind) {
      case "record":
        return type.logical === "duration" ? this.#duration(type) : this.#record(type, depth);
      case "optional":
        return this.#optional(type.of, hint, depth);
      case "union":
        return type.of.map((member, index) => this.of(member, `${hint}_${index + 1}`, depth + 1));
      case "array":
        return { type: "array", items: this.of(type.of, `${hint}_item`, depth + 1) };
      case "map":
        return this.#map(type, hint, depth);
      case "literal":
        return this.#literal(type.values, hint);
      case "decimal":
        return { type: "bytes", logicalType: "decimal", precision: type.precision, scale: type.scale };
      case "bytes":
        if (type.size === undefined) return "bytes";
        return this.#named(`${hint}_fixed`, undefined, `fixed ${type.size}`, (name) => ({ type: "fixed", name, size: type.size }));
      default:
        return scalar(type);
    }
  }

  #optional(of: TypeInfo, hint: string, depth: number): Json {
    const inner = this.of(of, hint, depth + 1);
    return Array.isArray(inner) ? ["null", ...(inner as readonly Json[])] : ["null", inner];
  }

  #record(type: RecordType, depth: number): Json {
    return this.#named(type.name, type.name, typeText(type), (name, attributes) => {
      const outer = this.#namespace;
      this.#namespace = namespaceOf(name, outer);
      const taken = new Set<string>();
      const fields = type.fields.map((field) => {
        const fieldName = free(plain(field.name), (candidate) => taken.has(candidate));
        taken.add(fieldName);
        const of = this.of(field.type, `${shortOf(name)}_${fieldName}`, depth + 1);
        return {
          name: fieldName,
          type: of,
          ...(field.type.kind === "optional" ? { default: null } : {}),
          ...(fieldName === field.name ? {} : { [NAME_ATTRIBUTE]: field.name }),
        };
      });
      this.#namespace = outer;
      return { type: "record", name, fields, ...attributes };
    });
  }

  #duration(type: RecordType): Json {
    return this.#named(type.name, type.name, typeText(type), (name, attributes) => ({
      type: "fixed",
      name,
      size: 12,
      logicalType: "duration",
      ...attributes,
    }));
  }

  #map(type: TypeInfo & { readonly kind: "map" }, hint: string, depth: number): Json {
    const value = (): Json => this.of(type.value, `${hint}_value`, depth + 2);
    if (type.key.kind === "string" && type.key.logical === undefined) return { type: "map", values: value() };
    const entry = this.#named(`${hint}_entry`, undefined, typeText(type), (name) => ({
      type: "record",
      name,
      fields: [
        { name: "key", type: this.of(type.key, `${hint}_key`, depth + 2) },
        { name: "value", type: value() },
      ],
    }));
    return { type: "array", items: entry, logicalType: "map" };
  }

  #literal(values: readonly string[], hint: string): Json {
    if (!values.every((value) => PLAIN_NAME.test(value))) return { type: "string", [VALUES_ATTRIBUTE]: values };
    return this.#named(hint, undefined, JSON.stringify(values), (name) => ({ type: "enum", name, symbols: values }));
  }

  /** A definition, or the name of the same type that was defined before. `real`: what the type itself is called, if it matters. */
  #named(wanted: string, real: string | undefined, text: string, define: (name: string, attributes: object) => Json): Json {
    const clean = dotted(wanted);
    const name = free(clean, (candidate) => (this.#names.get(this.#full(candidate)) ?? text) !== text);
    const full = this.#full(name);
    if (this.#names.has(full)) return full;
    this.#names.set(full, text);
    return define(name, real === undefined || real === full ? {} : { [NAME_ATTRIBUTE]: real });
  }

  #full(name: string): string {
    return name.includes(".") || this.#namespace === "" ? name : `${this.#namespace}.${name}`;
  }
}

const PRIMITIVE_NAMES = new Set([
  "null",
  "boolean",
  "int",
  "long",
  "float",
  "double",
  "bytes",
  "string",
  "record",
  "enum",
  "array",
  "map",
  "fixed",
]);

function scalar(type: TypeInfo & { readonly logical?: LogicalName }): Json {
  const { kind, logical } = type;
  if (logical === "float") return "float";
  if (kind === "timestamp") return { type: "long", logicalType: "timestamp-millis" };
  const base = kind === "bigint" ? "long" : kind;
  if (logical === undefined && kind !== "bigint") return base;
  return {
    type: base,
    ...(logical === undefined ? {} : { logicalType: logical }),
    ...(kind === "bigint" ? { [TYPE_ATTRIBUTE]: BIGINT } : {}),
  };
}

/** The name with what Avro does not allow written as _xHEX_. */
function plain(name: string): string {
  if (PLAIN_NAME.test(name)) return name;
  const clean = name.replace(/[^A-Za-z0-9_]/gu, (character) => `_x${character.codePointAt(0)!.toString(16)}_`);
  return /^[0-9]/.test(clean) ? `_${clean}` : clean;
}

function dotted(name: string): string {
  const parts = name.split(".");
  if (!parts.every((part) => PLAIN_NAME.test(part))) return plain(name);
  return parts.length === 1 && PRIMITIVE_NAMES.has(name) ? `${name}_` : name;
}

function free(name: string, taken: (name: string) => boolean): string {
  if (!taken(name)) return name;
  for (let n = 2; ; n++) if (!taken(`${name}_${n}`)) return `${name}_${n}`;
}

function namespaceOf(name: string, outer: string): string {
  const dot = name.lastIndexOf(".");
  return dot < 0 ? outer : name.slice(0, dot);
}

function shortOf(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}
