// Logical types of Avro 1.12 and what of our own a schema carries in attributes. An annotation that does not fit its type is no error: the
// specification says that the type underneath is used.
import { numberOf } from "../json-numbers.ts";
import type { AvroField, AvroRecord, AvroSchema } from "./avro-schema.ts";

/** What is counted, in nanoseconds: units of one clock can be turned into each other. */
export const UNIT_NANOS = {
  date: 86_400_000_000_000,
  "timestamp-millis": 1_000_000,
  "timestamp-micros": 1_000,
  "timestamp-nanos": 1,
  "local-timestamp-millis": 1_000_000,
  "local-timestamp-micros": 1_000,
  "local-timestamp-nanos": 1,
  "time-millis": 1_000_000,
  "time-micros": 1_000,
} as const;

export type UnitName = keyof typeof UNIT_NANOS;

/** Whether both count from the same moment: the time of day begins at midnight, everything else in 1970. */
export function sameClock(a: UnitName, b: string): boolean {
  return Object.hasOwn(UNIT_NANOS, b) && a.startsWith("time-") === b.startsWith("time-");
}

export type AvroLogical =
  | { readonly name: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly name: UnitName | "uuid" | "duration" }
  /** An array of records with a key and a value, as Apache Iceberg and Kafka Connect have it: maps whose keys are no strings. */
  | { readonly name: "map"; readonly entry: AvroRecord };

/** Of a long: the reader wants bigints. */
export const BIGINT = "bigint";
/** The attribute with a field's or record's real name, where Avro's rules allow only another. */
export const NAME_ATTRIBUTE = "millrace.name";
/** The attribute of a long or double that says which type it stands for: "bigint", "float". */
export const TYPE_ATTRIBUTE = "millrace.type";
/** The attribute of a string that may be one of these only. */
export const VALUES_ATTRIBUTE = "millrace.values";

export function avroLogical(schema: AvroSchema): AvroLogical | undefined {
  if (schema.type === "union") return undefined;
  const name = schema.attributes.get("logicalType");
  switch (name) {
    case "decimal":
      return decimalOf(schema);
    case "date":
    case "time-millis":
      return schema.type === "int" ? { name } : undefined;
    case "time-micros":
    case "timestamp-millis":
    case "timestamp-micros":
    case "timestamp-nanos":
    case "local-timestamp-millis":
    case "local-timestamp-micros":
    case "local-timestamp-nanos":
      return schema.type === "long" ? { name } : undefined;
    case "uuid":
      return schema.type === "string" || (schema.type === "fixed" && schema.size === 16) ? { name } : undefined;
    case "duration":
      return schema.type === "fixed" && schema.size === 12 ? { name } : undefined;
    case "map":
      return schema.type === "array" && isEntry(schema.items) ? { name, entry: schema.items } : undefined;
    case undefined:
      return schema.type === "array" && isEntry(schema.items) && isConnectEntry(schema.items)
        ? { name: "map", entry: schema.items }
        : undefined;
    default:
      return undefined;
  }
}

/** Kafka Connect's maps whose keys are no strings. */
function isConnectEntry({ name, attributes }: AvroRecord): boolean {
  return name === "io.confluent.connect.avro.MapEntry" || attributes.get("connect.internal.type") === "MapEntry";
}

function decimalOf(schema: AvroSchema): AvroLogical | undefined {
  if (schema.type !== "bytes" && schema.type !== "fixed") return undefined;
  const precision = numberOf(schema.attributes.get("precision"));
  const scale = numberOf(schema.attributes.get("scale") ?? 0);
  if (precision === undefined || scale === undefined || !Number.isInteger(precision) || !Number.isInteger(scale)) return undefined;
  return precision >= 1 && scale >= 0 && scale <= precision ? { name: "decimal", precision, scale } : undefined;
}

function isEntry(schema: AvroSchema): schema is AvroRecord {
  return schema.type === "record" && schema.fields.length === 2 && schema.fields[0]!.name === "key" && schema.fields[1]!.name === "value";
}

/** The name under which JavaScript knows a field. */
export function propertyName(field: AvroField): string {
  const name = field.attributes.get(NAME_ATTRIBUTE);
  return typeof name === "string" ? name : field.name;
}

/** The texts that a string may be; undefined: any. */
export function allowedValues(schema: AvroSchema): ReadonlySet<string> | undefined {
  if (schema.type !== "string") return undefined;
  const values = schema.attributes.get(VALUES_ATTRIBUTE);
  return Array.isArray(values) && values.every((value) => typeof value === "string") ? new Set(values) : undefined;
}
