// The types of JSON Schema, of values as they were read: numbers may be as they were written (json-numbers.ts).
import { isJsonObject, isRawNumber, numberOf } from "../json-numbers.ts";

/** `type`: a name or several, "bigint" too, which libraries make up. Draft 4 takes 1.0 for no integer. */
export function hasType(value: unknown, type: unknown, draft = 2020): boolean {
  if (Array.isArray(type)) return type.some((each) => hasType(value, each, draft));
  const number = numberOf(value);
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return isJsonObject(value);
    case "number":
      return number !== undefined;
    case "integer":
      return number !== undefined && Number.isInteger(number) && (draft > 4 || !isRawNumber(value) || !/[.eE]/.test(value.rawJSON));
    case "bigint":
    case "string":
    case "boolean":
      return typeof value === type;
    default:
      return false;
  }
}
