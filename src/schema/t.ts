// The builder of schemas: `t.record("Tx", { id: t.string(), amount: t.double() })`. The TypeScript type is inferred from it.
// Invariant: what it returns is frozen and valid; a type that no codec could carry is refused here (BadSchemaError).
import { BadSchemaError } from "./schema-error.ts";
import { standardOf } from "./standard.ts";
import type { Infer, Schema, StandardProperties, TypeInfo } from "./type-info.ts";
import { checkUnion } from "./union-variants.ts";

/** A decimal as text, such as "12.50"; made by a codec or by decimal(). */
export type Decimal = string & { readonly "~decimal": true };

export type Fields = { readonly [name: string]: Schema<unknown> };

type Simplify<T> = { [K in keyof T]: T[K] } & {};
type OptionalNames<F extends Fields> = { [K in keyof F]: undefined extends Infer<F[K]> ? K : never }[keyof F];
export type RecordOf<F extends Fields> = Simplify<
  { [K in Exclude<keyof F, OptionalNames<F>>]: Infer<F[K]> } & { [K in OptionalNames<F>]?: Infer<F[K]> }
>;

class TypedSchema<T> implements Schema<T> {
  declare readonly "~type"?: { readonly of: T } | undefined;
  readonly type: TypeInfo;

  constructor(type: TypeInfo) {
    this.type = Object.freeze(type);
    Object.freeze(this);
  }

  get "~standard"(): StandardProperties<T> {
    return standardOf(this.type);
  }
}

function schema<T>(type: TypeInfo): Schema<T> {
  return new TypedSchema(type);
}

const STRING = schema<string>({ kind: "string" });
const INT = schema<number>({ kind: "int" });
const LONG = schema<number>({ kind: "long" });
const BIGINT = schema<bigint>({ kind: "bigint" });
const DOUBLE = schema<number>({ kind: "double" });
const BOOLEAN = schema<boolean>({ kind: "boolean" });
const TIMESTAMP = schema<number>({ kind: "timestamp" });
const BYTES = schema<Uint8Array>({ kind: "bytes" });
const FLOAT = schema<number>({ kind: "double", logical: "float" });
const DATE = schema<number>({ kind: "int", logical: "date" });
const TIME = schema<number>({ kind: "int", logical: "time-millis" });
const UUID = schema<string>({ kind: "string", logical: "uuid" });
const LOCAL_TIMESTAMP = schema<number>({ kind: "long", logical: "local-timestamp-millis" });
const TIMESTAMP_MICROS = schema<number>({ kind: "long", logical: "timestamp-micros" });
const TIME_MICROS = schema<number>({ kind: "long", logical: "time-micros" });
const LOCAL_TIMESTAMP_MICROS = schema<number>({ kind: "long", logical: "local-timestamp-micros" });
const LOCAL_TIMESTAMP_NANOS = schema<bigint>({ kind: "bigint", logical: "local-timestamp-nanos" });
const TIMESTAMP_NANOS = schema<bigint>({ kind: "bigint", logical: "timestamp-nanos" });
/** As Avro has it: a length of time in parts that do not turn into each other. */
export interface Duration {
  months: number;
  days: number;
  millis: number;
}
const PART: TypeInfo = Object.freeze({ kind: "long" });
const DURATION_FIELDS = Object.freeze(["months", "days", "millis"].map((name) => Object.freeze({ name, type: PART })));
const MAX_DECIMAL_PRECISION = 1000;
const MAX_FIXED_BYTES = 1 << 20;

export const t = Object.freeze({
  /** Text; as UTF-8 outside the process, where lone surrogates become U+FFFD. */
  string: (): Schema<string> => STRING,
  /** An integer of 32 bits. */
  int: (): Schema<number> => INT,
  /** An integer within ±2^53; beyond it is an error, never rounded. */
  long: (): Schema<number> => LONG,
  /** An integer of 64 bits. */
  bigint: (): Schema<bigint> => BIGINT,
  double: (): Schema<number> => DOUBLE,
  boolean: (): Schema<boolean> => BOOLEAN,
  /** Milliseconds since 1970-01-01T00:00Z, an integer within ±2^53. */
  timestamp: (): Schema<number> => TIMESTAMP,
  /** A double that is stored as a float of 32 bits where the format has one. */
  float: (): Schema<number> => FLOAT,
  /** A calendar date: days since 1970-01-01. */
  date: (): Schema<number> => DATE,
  /** A time of day: milliseconds since midnight. */
  time: (): Schema<number> => TIME,
  /** A time of day: microseconds since midnight. */
  timeMicros: (): Schema<number> => TIME_MICROS,
  /** Text such as "f81d4fae-7dec-11d0-a765-00a0c91e6bf6". */
  uuid: (): Schema<string> => UUID,
  /** A date and time without a zone, in milliseconds as if it were UTC. */
  localTimestamp: (): Schema<number> => LOCAL_TIMESTAMP,
  /** A date and time without a zone, in microseconds as if it were UTC. */
  localTimestampMicros: (): Schema<number> => LOCAL_TIMESTAMP_MICROS,
  /** A date and time without a zone, in nanoseconds as if it were UTC. */
  localTimestampNanos: (): Schema<bigint> => LOCAL_TIMESTAMP_NANOS,
  /** Microseconds since 1970-01-01T00:00Z, within ±2^53: until the year 2255. */
  timestampMicros: (): Schema<number> => TIMESTAMP_MICROS,
  /** Nanoseconds since 1970-01-01T00:00Z. */
  timestampNanos: (): Schema<bigint> => TIMESTAMP_NANOS,
  /** A length of time: months, days and milliseconds, each from 0 to 2^32 − 1. `name`: as of a record. */
  duration: (name = "Duration"): Schema<Duration> => {
    checkName(name, "t.duration(name)");
    return schema({ kind: "record", name, fields: DURATION_FIELDS, logical: "duration" });
  },
  /** Exactly `size` bytes. */
  fixed: (size: number): Schema<Uint8Array> => {
    if (!Number.isInteger(size) || size < 1 || size > MAX_FIXED_BYTES)
      throw new BadSchemaError(`t.fixed(size): size is 1 to ${MAX_FIXED_BYTES} bytes, not ${size}.`);
    return schema({ kind: "bytes", size });
  },
  /** Base64 in JSON. */
  bytes: (): Schema<Uint8Array> => BYTES,
  /** Exact: at most `precision` digits, `scale` of them after the point. A string in TypeScript. */
  decimal: (precision: number, scale: number): Schema<Decimal> => {
    if (!Number.isInteger(precision) || precision < 1 || precision > MAX_DECIMAL_PRECISION)
      throw new BadSchemaError(`t.decimal(precision, scale): precision is 1 to ${MAX_DECIMAL_PRECISION}, not ${precision}.`);
    if (!Number.isInteger(scale) || scale < 0 || scale > precision)
      throw new BadSchemaError(`t.decimal(precision, scale): scale is 0 to precision (${precision}), not ${scale}.`);
    return schema({ kind: "decimal", precision, scale });
  },
  /** One of these texts. */
  literal: <const V extends string>(...values: readonly V[]): Schema<V> => {
    if (values.length === 0) throw new BadSchemaError("t.literal() needs at least one value.");
    if (new Set(values).size !== values.length) throw new BadSchemaError("t.literal() was given a value twice.");
    return schema({ kind: "literal", values: Object.freeze([...values]) });
  },
  array: <T>(of: Schema<T>): Schema<T[]> => schema({ kind: "array", of: typeOf(of, "t.array(of)") }),
  /** A Map. In JSON an object when the keys are strings, otherwise an array of [key, value]. */
  map: <K, V>(key: Schema<K>, value: Schema<V>): Schema<Map<K, V>> => {
    const keyType = typeOf(key, "t.map(key, value)");
    if (!["string", "literal", "decimal", "int", "long", "bigint", "boolean", "timestamp"].includes(keyType.kind))
      throw new BadSchemaError(`t.map(key, value): a key is a string, an integer or a boolean, not ${keyType.kind}.`);
    return schema({ kind: "map", key: keyType, value: typeOf(value, "t.map(key, value)") });
  },
  /** A named record. A field whose type is optional may be left out. */
  record: <const F extends Fields>(name: string, fields: F): Schema<RecordOf<F>> => {
    checkName(name, "t.record(name, fields)");
    const list = Object.entries(fields).map(([field, of]) => {
      if (field === "") throw new BadSchemaError(`t.record("${name}"): a field has no name.`);
      return Object.freeze({ name: field, type: typeOf(of, `t.record("${name}"): field "${field}"`) });
    });
    return schema({ kind: "record", name, fields: Object.freeze(list) });
  },
  /** One of several: told apart by what JSON shows (string, number, boolean, array, object), records by a field of t.literal() in each. */
  union: <const S extends readonly Schema<unknown>[]>(...of: S): Schema<Infer<S[number]>> => {
    const types = of.map((one) => typeOf(one, "t.union(…)"));
    const flat = types.flatMap((type) => (type.kind === "union" ? type.of : [type]));
    checkUnion(flat);
    return schema({ kind: "union", of: Object.freeze(flat) });
  },
  /** The value or undefined; null or missing in JSON. */
  optional: <T>(of: Schema<T>): Schema<T | undefined> => {
    const type = typeOf(of, "t.optional(of)");
    return type.kind === "optional" ? of : schema({ kind: "optional", of: type });
  },
});

function checkName(name: unknown, where: string): void {
  if (typeof name !== "string" || !/^[\p{L}_][\p{L}\p{N}_.]*$/u.test(name))
    throw new BadSchemaError(`${where}: the name is letters, digits, "_" and ".", not ${JSON.stringify(name)}.`);
}

/** A schema from a type that was made by `t` (derived streams). */
export function schemaOf<T>(type: TypeInfo): Schema<T> {
  return schema<T>(type);
}

export function isSchema(value: unknown): value is Schema<unknown> {
  return typeof value === "object" && value !== null && typeof (value as Schema<unknown>).type?.kind === "string";
}

function typeOf(of: Schema<unknown>, where: string): TypeInfo {
  if (!isSchema(of)) throw new BadSchemaError(`${where}: a schema is wanted, such as t.string().`);
  return of.type;
}
