// Kafka Connect's schemas (org.apache.kafka.connect.data), in the form in which its JsonConverter writes them, to types and back. Invariant:
// connectToType(typeToConnect(type)) is the type; what Connect and Debezium have no name for is in the parameter "millrace.type".
import { notedType } from "../protobuf/leaf-type.ts";
import { BadSchemaError } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";

export interface ConnectSchema {
  /** int8 … int64, float, double, boolean, string, bytes, array, map, struct; "float32" and "float64" are read, too. */
  readonly type: string;
  readonly optional?: boolean;
  /** The logical type, or a struct's own name. */
  readonly name?: string;
  readonly version?: number;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly items?: ConnectSchema;
  readonly keys?: ConnectSchema;
  readonly values?: ConnectSchema;
  /** Of a struct; each with its name. */
  readonly fields?: readonly (ConnectSchema & { readonly field: string })[];
}

export const CONNECT_NAMES = {
  decimal: "org.apache.kafka.connect.data.Decimal",
  date: "org.apache.kafka.connect.data.Date",
  time: "org.apache.kafka.connect.data.Time",
  timestamp: "org.apache.kafka.connect.data.Timestamp",
  uuid: "io.debezium.data.Uuid",
  enum: "io.debezium.data.Enum",
  union: "io.confluent.connect.avro.Union",
} as const;

/** Debezium's Timestamps have no zone: they are what the calendar said. */
const NAMED: Readonly<Record<string, TypeInfo>> = {
  [CONNECT_NAMES.date]: { kind: "int", logical: "date" },
  [CONNECT_NAMES.time]: { kind: "int", logical: "time-millis" },
  [CONNECT_NAMES.timestamp]: { kind: "timestamp" },
  [CONNECT_NAMES.uuid]: { kind: "string", logical: "uuid" },
  "io.debezium.time.Date": { kind: "int", logical: "date" },
  "io.debezium.time.Time": { kind: "int", logical: "time-millis" },
  "io.debezium.time.MicroTime": { kind: "long", logical: "time-micros" },
  "io.debezium.time.Timestamp": { kind: "long", logical: "local-timestamp-millis" },
  "io.debezium.time.MicroTimestamp": { kind: "long", logical: "local-timestamp-micros" },
  "io.debezium.time.NanoTimestamp": { kind: "bigint", logical: "local-timestamp-nanos" },
};
/** What the name of a scalar's schema says its values are, be they enums; undefined: nothing that is known. */
export function namedType(name: string, parameters: Readonly<Record<string, unknown>>): TypeInfo | undefined {
  if (name !== CONNECT_NAMES.enum) return Object.hasOwn(NAMED, name) ? NAMED[name] : undefined;
  const { allowed } = parameters;
  const values = typeof allowed === "string" && allowed !== "" ? allowed.split(",") : [];
  return values.length > 0 && new Set(values).size === values.length ? { kind: "literal", values } : undefined;
}

/** undefined: Connect's Decimal has a scale, from 0 to its precision. */
export function connectDecimal(parameters: Readonly<Record<string, unknown>>): (TypeInfo & { readonly kind: "decimal" }) | undefined {
  const [scale, precision] = [Number(parameters["scale"]), Number(parameters[PRECISION_PARAMETER] ?? DEFAULT_PRECISION)];
  const fits = Number.isInteger(precision) && Number.isInteger(scale) && scale >= 0 && scale <= precision && precision > 0;
  return fits && precision <= MAX_PRECISION ? { kind: "decimal", precision, scale } : undefined;
}

/** The first name of each. */
const NAME_OF = new Map(
  Object.entries(NAMED)
    .map(([name, type]) => [JSON.stringify(type), name] as const)
    .toReversed(),
);
const TYPE_PARAMETER = "millrace.type";
const VALUES_PARAMETER = "millrace.values";
const PRECISION_PARAMETER = "connect.decimal.precision";
/** Where Connect does not say. */
const DEFAULT_PRECISION = 38;
const MAX_PRECISION = 1000;
const MAX_DEPTH = 100;

/** Throws BadSchemaError for a type that nests too deep. */
export function typeToConnect(type: TypeInfo, depth = 0): ConnectSchema {
  if (depth > MAX_DEPTH) throw new BadSchemaError(`The type nests more than ${MAX_DEPTH} levels deep.`);
  switch (type.kind) {
    case "optional":
      return { ...typeToConnect(type.of, depth + 1), optional: true };
    case "record": {
      const fields = type.fields.map(({ name, type: of }) => ({ ...typeToConnect(of, depth + 1), field: name }));
      const noted = type.logical === undefined ? {} : { parameters: { [TYPE_PARAMETER]: type.logical } };
      return { type: "struct", name: type.name, optional: false, fields, ...noted };
    }
    case "array":
      return { type: "array", optional: false, items: typeToConnect(type.of, depth + 1) };
    case "map":
      return { type: "map", optional: false, keys: typeToConnect(type.key, depth + 1), values: typeToConnect(type.value, depth + 1) };
    case "union": {
      const fields = type.of.map((member, index) => ({ ...typeToConnect(member, depth + 1), optional: true, field: `member${index}` }));
      return { type: "struct", name: CONNECT_NAMES.union, optional: false, fields };
    }
    case "literal": {
      const allowed = { allowed: type.values.join(",") };
      const parameters =
        type.values.some((value) => value.includes(",")) || type.values.includes("")
          ? { ...allowed, [VALUES_PARAMETER]: JSON.stringify(type.values) }
          : allowed;
      return { type: "string", name: CONNECT_NAMES.enum, optional: false, parameters };
    }
    case "decimal": {
      const parameters = { scale: String(type.scale), [PRECISION_PARAMETER]: String(type.precision) };
      return { type: "bytes", name: CONNECT_NAMES.decimal, version: 1, optional: false, parameters };
    }
    default:
      return scalar(type);
  }
}

const SCALARS = {
  string: "string",
  int: "int32",
  long: "int64",
  bigint: "int64",
  timestamp: "int64",
  double: "double",
  boolean: "boolean",
  bytes: "bytes",
} as const;
type Scalar = TypeInfo & { readonly kind: keyof typeof SCALARS };

function scalar(type: Scalar): ConnectSchema {
  const base = type.kind === "double" && type.logical === "float" ? "float" : SCALARS[type.kind];
  const name = NAME_OF.get(JSON.stringify(type));
  if (name !== undefined) return { type: base, name, version: 1, optional: false };
  const own = plain(base);
  const isPlain = JSON.stringify(own) === JSON.stringify(type);
  return { type: base, optional: false, ...(isPlain ? {} : { parameters: { [TYPE_PARAMETER]: JSON.stringify(type) } }) };
}

/** `name`: of structs without one. Throws BadSchemaError with the path of what is no Connect schema. */
export function connectToType(schema: ConnectSchema, name = "Value", path = "", depth = 0): TypeInfo {
  if (depth > MAX_DEPTH) throw bad(path, `it nests more than ${MAX_DEPTH} levels deep`);
  if (typeof schema !== "object" || schema === null || typeof schema.type !== "string") throw bad(path, "it has no type");
  const of = present(schema, name, path, depth);
  return schema.optional === true ? { kind: "optional", of } : of;
}

function present(schema: ConnectSchema, name: string, path: string, depth: number): TypeInfo {
  const inside = (of: ConnectSchema | undefined, at: string, suffix: string): TypeInfo => {
    if (of === undefined) throw bad(path, `the schema of its ${at} is missing`);
    return connectToType(of, name + suffix, `${path}/${at}`, depth + 1);
  };
  switch (schema.type) {
    case "array":
      return { kind: "array", of: inside(schema.items, "items", "_item") };
    case "map":
      return { kind: "map", key: inside(schema.keys, "keys", "_key"), value: inside(schema.values, "values", "_value") };
    case "struct":
      return struct(schema, name, path, depth);
    default:
      return scalarType(schema, path);
  }
}

function struct(schema: ConnectSchema, otherwise: string, path: string, depth: number): TypeInfo {
  const name = schema.name ?? otherwise;
  const fields = (schema.fields ?? []).map((of) => ({
    name: of.field,
    type: connectToType(of, `${name}_${of.field}`, `${path}/${of.field}`, depth + 1),
  }));
  if (schema.name === CONNECT_NAMES.union)
    return { kind: "union", of: fields.map(({ type }) => (type.kind === "optional" ? type.of : type)) };
  const duration = schema.parameters?.[TYPE_PARAMETER] === "duration" ? ({ logical: "duration" } as const) : {};
  return { kind: "record", name, fields, ...duration };
}

function scalarType(schema: ConnectSchema, path: string): TypeInfo {
  const { name, parameters = {} } = schema;
  const noted = parameters[TYPE_PARAMETER] === undefined ? undefined : notedType(parameters[TYPE_PARAMETER]);
  if (noted !== undefined) return noted;
  if (name === CONNECT_NAMES.enum) {
    const values =
      parameters[VALUES_PARAMETER] === undefined
        ? (parameters["allowed"] ?? "").split(",")
        : (JSON.parse(parameters[VALUES_PARAMETER]) as string[]);
    return { kind: "literal", values };
  }
  if (name === CONNECT_NAMES.decimal) {
    const decimal = connectDecimal(parameters);
    if (decimal === undefined) throw bad(path, "a Decimal has a parameter scale, from 0 to its precision");
    return decimal;
  }
  const own = plain(schema.type);
  if (own === undefined) throw bad(path, `there is no type ${JSON.stringify(schema.type)}`);
  return name === undefined ? own : (namedType(name, {}) ?? own);
}

function plain(type: string): TypeInfo | undefined {
  switch (type) {
    case "int8":
    case "int16":
    case "int32":
      return { kind: "int" };
    case "int64":
      return { kind: "long" };
    case "float":
    case "float32":
      return { kind: "double", logical: "float" };
    case "double":
    case "float64":
      return { kind: "double" };
    case "string":
    case "boolean":
    case "bytes":
      return { kind: type };
    default:
      return undefined;
  }
}

function bad(path: string, reason: string): BadSchemaError {
  return new BadSchemaError(`The Connect schema${path === "" ? "" : ` at ${path}`} is none: ${reason}.`);
}
