// An Avro schema as a type. What a type cannot say is refused with its place: types that hold themselves, unions whose members JSON could
// not tell apart, null alone.
import { namedType } from "../connect/connect-schema.ts";
import { isJsonObject } from "../json-numbers.ts";
import { BadSchemaError, fieldPath } from "../schema-error.ts";
import type { FieldInfo, LogicalName, TypeInfo } from "../type-info.ts";
import { checkUnion } from "../union-variants.ts";
import { avroLogical, BIGINT, NAME_ATTRIBUTE, propertyName, TYPE_ATTRIBUTE, VALUES_ATTRIBUTE } from "./avro-logical.ts";
import type { AvroRecord, AvroSchema } from "./avro-schema.ts";
import { describeAvro } from "./describe-avro.ts";

/** A few definitions that name each other twice would become a tree without end. */
const MAX_NODES = 20_000;

/** Throws BadSchemaError. */
export function avroToType(schema: AvroSchema): TypeInfo {
  return deepFreeze(new Reader().of(schema, ""));
}

class Reader {
  readonly #open = new Set<AvroSchema>();
  #nodes = 0;

  of(schema: AvroSchema, path: string): TypeInfo {
    if (++this.#nodes > MAX_NODES) throw bad(path, `the schema has more than ${MAX_NODES} parts when written out`);
    if (schema.type === "union") return this.#union(schema.branches, path);
    const logical = avroLogical(schema);
    const connect = logical === undefined ? connectType(schema) : undefined;
    if (connect !== undefined) return connect;
    switch (schema.type) {
      case "null":
        throw bad(path, "a type that is always null");
      case "boolean":
      case "double":
        return { kind: schema.type };
      case "float":
        return { kind: "double", logical: "float" };
      case "int":
        return { kind: "int", ...named(logical?.name) };
      case "long":
        return long(schema.attributes.get(TYPE_ATTRIBUTE) === BIGINT, logical?.name);
      case "string":
        return this.#string(schema);
      case "bytes":
        return logical?.name === "decimal" ? { kind: "decimal", precision: logical.precision, scale: logical.scale } : { kind: "bytes" };
      case "fixed":
        if (logical?.name === "decimal") return { kind: "decimal", precision: logical.precision, scale: logical.scale };
        if (logical?.name === "uuid") return { kind: "string", logical: "uuid" };
        if (logical?.name === "duration") return { kind: "record", name: realName(schema), fields: DURATION_FIELDS, logical: "duration" };
        return { kind: "bytes", size: schema.size };
      case "enum":
        return { kind: "literal", values: [...schema.symbols] };
      case "array":
        if (logical?.name === "map") return this.#entries(logical.entry, path);
        return { kind: "array", of: this.of(schema.items, `${path}[]`) };
      case "map":
        return { kind: "map", key: { kind: "string" }, value: this.of(schema.values, `${path}[]`) };
      case "record":
      case "error":
        return this.#record(schema, path);
    }
  }

  #record(schema: AvroRecord, path: string): TypeInfo {
    if (this.#open.has(schema)) throw bad(path, `${describeAvro(schema)} holds itself, which a type cannot`);
    this.#open.add(schema);
    const fields = schema.fields.map((field): FieldInfo => {
      const name = propertyName(field);
      return { name, type: this.of(field.type, path === "" ? name : `${path}.${fieldPath(name, "")}`) };
    });
    this.#open.delete(schema);
    return { kind: "record", name: realName(schema), fields };
  }

  #string(schema: AvroSchema & { readonly type: unknown }): TypeInfo {
    const values = schema.type === "string" ? schema.attributes.get(VALUES_ATTRIBUTE) : undefined;
    if (Array.isArray(values) && values.length > 0) return { kind: "literal", values: values.map(String) };
    return { kind: "string", ...named(avroLogical(schema)?.name) };
  }

  #entries(entry: AvroRecord, path: string): TypeInfo {
    const key = this.of(entry.fields[0]!.type, `${path}[].key`);
    return { kind: "map", key, value: this.of(entry.fields[1]!.type, `${path}[].value`) };
  }

  #union(branches: readonly AvroSchema[], path: string): TypeInfo {
    const values = branches.filter((branch) => branch.type !== "null");
    if (values.length === 0) throw bad(path, "a type that is always null");
    const members = values.map((branch) => this.of(branch, path));
    const of: TypeInfo = members.length === 1 ? members[0]! : { kind: "union", of: members };
    if (of.kind === "union") {
      try {
        checkUnion(of.of);
      } catch (error) {
        throw bad(path, (error as Error).message.replace(/^t\.union\(…\): /, "").replace(/\.$/, ""));
      }
    }
    return values.length < branches.length ? { kind: "optional", of } : of;
  }
}

const KINDS: Readonly<Record<string, readonly string[]>> = {
  int: ["int"],
  long: ["long", "bigint", "timestamp"],
  string: ["string", "literal"],
};

/** What Kafka Connect and Debezium say of a scalar in attributes. */
function connectType(schema: AvroSchema & { readonly attributes: ReadonlyMap<string, unknown> }): TypeInfo | undefined {
  const name = schema.attributes.get("connect.name");
  const kinds = KINDS[schema.type as string];
  if (typeof name !== "string" || kinds === undefined) return undefined;
  const parameters = schema.attributes.get("connect.parameters");
  const found = namedType(name, isJsonObject(parameters) ? parameters : {});
  return found !== undefined && kinds.includes(found.kind) ? found : undefined;
}

function bad(path: string, reason: string): BadSchemaError {
  return new BadSchemaError(`The Avro schema has no counterpart as a type${path === "" ? "" : ` at ${path}`}: ${reason}.`);
}

function named(logical: string | undefined): { readonly logical?: LogicalName } {
  return logical === undefined ? {} : { logical: logical as LogicalName };
}

/** Nanoseconds of today are beyond 2^53. */
function long(big: boolean, logical: string | undefined): TypeInfo {
  if (logical === "timestamp-millis" && !big) return { kind: "timestamp" };
  return { kind: big || logical?.endsWith("-nanos") === true ? "bigint" : "long", ...named(logical) };
}

function realName(schema: AvroSchema & { readonly name: string }): string {
  const name = schema.type === "union" ? undefined : schema.attributes.get(NAME_ATTRIBUTE);
  return typeof name === "string" ? name : schema.name;
}

const DURATION_FIELDS: readonly FieldInfo[] = [
  { name: "months", type: { kind: "long" } },
  { name: "days", type: { kind: "long" } },
  { name: "millis", type: { kind: "long" } },
];

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const each of Object.values(value)) deepFreeze(each);
  }
  return value;
}
