// Whether a JSON value is a default of an Avro type. A union's default may be of any of its branches (Avro 1.12); strings stand for bytes.
import { isJsonObject, numberText } from "../json-numbers.ts";
import type { AvroSchema } from "./avro-schema.ts";

const INT_MIN = -(2n ** 31n);
const INT_MAX = 2n ** 31n - 1n;
const LONG_MIN = -(2n ** 63n);
const LONG_MAX = 2n ** 63n - 1n;
const SPECIAL_FLOATS = new Set(["NaN", "Infinity", "-Infinity"]);

export function isValidDefault(schema: AvroSchema, value: unknown): boolean {
  switch (schema.type) {
    case "null":
      return value === null;
    case "boolean":
      return typeof value === "boolean";
    case "int":
      return isWhole(value, INT_MIN, INT_MAX);
    case "long":
      return isWhole(value, LONG_MIN, LONG_MAX);
    case "float":
    case "double":
      return numberText(value) !== undefined || (typeof value === "string" && SPECIAL_FLOATS.has(value));
    case "string":
    case "bytes":
    case "fixed":
      return typeof value === "string";
    case "enum":
      return typeof value === "string" && schema.symbols.includes(value);
    case "array":
      return Array.isArray(value) && value.every((item) => isValidDefault(schema.items, item));
    case "map":
      return isJsonObject(value) && Object.values(value).every((item) => isValidDefault(schema.values, item));
    case "union":
      return schema.branches.some((branch) => isValidDefault(branch, value));
    case "record":
    case "error":
      return (
        isJsonObject(value) &&
        schema.fields.every(({ name, type, hasDefault }) => (Object.hasOwn(value, name) ? isValidDefault(type, value[name]) : hasDefault))
      );
  }
}

function isWhole(value: unknown, least: bigint, most: bigint): boolean {
  const text = numberText(value);
  if (text === undefined || !/^-?\d+$/.test(text)) return false;
  const whole = BigInt(text);
  return whole >= least && whole <= most;
}
