// Avro schemas in words, for messages. Contents are never described, only types.
import { shortName, type AvroNamed, type AvroRecord, type AvroSchema } from "./avro-schema.ts";

const MAX_BRANCHES = 8;

export function describeAvro(schema: AvroSchema, depth = 0): string {
  switch (schema.type) {
    case "record":
    case "error":
      return `record ${schema.name}`;
    case "enum":
      return `enum ${schema.name}`;
    case "fixed":
      return `fixed ${schema.name} of ${schema.size} bytes`;
    case "array":
      return depth > 2 ? "array" : `array of ${describeAvro(schema.items, depth + 1)}`;
    case "map":
      return depth > 2 ? "map" : `map of ${describeAvro(schema.values, depth + 1)}`;
    case "union": {
      const shown = schema.branches.slice(0, MAX_BRANCHES).map((branch) => describeAvro(branch, depth + 1));
      return `[${shown.join(", ")}${schema.branches.length > MAX_BRANCHES ? ", …" : ""}]`;
    }
    default: {
      const logical = schema.attributes.get("logicalType");
      return typeof logical === "string" ? `${schema.type} (${logical.slice(0, 40)})` : schema.type;
    }
  }
}

export function isAvroRecord(schema: AvroSchema): schema is AvroRecord {
  return schema.type === "record" || schema.type === "error";
}

/** Names without their namespace, or an alias of the reader. */
export function namesMatch(writer: AvroNamed, reader: AvroNamed): boolean {
  return shortName(writer.name) === shortName(reader.name) || reader.aliases.includes(writer.name);
}

/** Of several records: those that have no namesake among the others, which are what those with one are not. */
export function withoutNamesake(records: readonly AvroRecord[], others: readonly AvroRecord[]): readonly AvroRecord[] {
  return records.filter((record) => !others.some((other) => namesMatch(record, other)));
}
