// Does a JS value fit a type? Returns where and why not. Extra properties of a record are no mismatch (they are dropped at the next
// codec); a missing optional field is none either.
import { fieldValue } from "./field-value.ts";
import { describeValue, fieldPath, SchemaError, type Mismatch } from "./schema-error.ts";
import type { TypeInfo } from "./type-info.ts";
import { typeName } from "./type-names.ts";
import { variantOfValue } from "./union-variants.ts";

/** How deep a value may nest. Deeper is an error in every codec, so that no input can exhaust the stack. */
export const MAX_DEPTH = 64;

/** Throws SchemaError unless `value` fits `type`. */
export function checkValue(type: TypeInfo, value: unknown): void {
  const mismatch = mismatchOf(type, value, 0);
  if (mismatch !== undefined) throw new SchemaError(mismatch);
}

export function mismatchOf(type: TypeInfo, value: unknown, depth = 0): Mismatch | undefined {
  switch (type.kind) {
    case "optional":
      return value === undefined || value === null ? undefined : mismatchOf(type.of, value, depth);
    case "record":
      return inRecord(type, value, depth);
    case "array":
      return inArray(type, value, depth);
    case "map":
      return inMap(type, value, depth);
    case "union": {
      const variant = variantOfValue(type, value);
      return variant < 0 ? wrong(type, value) : mismatchOf(type.of[variant]!, value, depth);
    }
    default:
      return fitsScalar(type, value) ? undefined : wrong(type, value);
  }
}

export function wrong(type: TypeInfo, value: unknown): Mismatch {
  return { path: "", expected: typeName(type), got: describeValue(value) };
}

export function fitsScalar(type: TypeInfo, value: unknown): boolean {
  switch (type.kind) {
    case "string":
      return typeof value === "string";
    case "int":
      return typeof value === "number" && value === (value | 0);
    case "long":
    case "timestamp":
      return Number.isSafeInteger(value);
    case "double":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    case "bigint":
      return typeof value === "bigint" && BigInt.asIntN(64, value) === value;
    case "bytes":
      return value instanceof Uint8Array && (type.size === undefined || value.length === type.size);
    case "literal":
      return typeof value === "string" && type.values.includes(value);
    case "decimal":
      return typeof value === "string" && isDecimal(value, type.precision, type.scale);
    default:
      return false;
  }
}

/** Plain notation only: optional "-", digits, optionally a point and digits; within precision and scale. */
export function isDecimal(text: string, precision: number, scale: number): boolean {
  const match = /^-?(0|[1-9][0-9]*)(?:\.([0-9]+))?$/.exec(text);
  if (match === null) return false;
  const whole = match[1] === "0" ? 0 : match[1]!.length;
  const fraction = match[2]?.length ?? 0;
  return fraction <= scale && whole + scale <= precision;
}

function tooDeep(): Mismatch {
  return { path: "", expected: `at most ${MAX_DEPTH} levels`, got: "more" };
}

function inRecord(type: TypeInfo & { kind: "record" }, value: unknown, depth: number): Mismatch | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Map) return wrong(type, value);
  if (depth >= MAX_DEPTH) return tooDeep();
  for (const field of type.fields) {
    const inside = mismatchOf(field.type, fieldValue(value, field.name), depth + 1);
    if (inside !== undefined) return { ...inside, path: fieldPath(field.name, inside.path) };
  }
  return undefined;
}

function inArray(type: TypeInfo & { kind: "array" }, value: unknown, depth: number): Mismatch | undefined {
  if (!Array.isArray(value)) return wrong(type, value);
  if (depth >= MAX_DEPTH) return tooDeep();
  for (let index = 0; index < value.length; index++) {
    const inside = mismatchOf(type.of, value[index], depth + 1);
    if (inside !== undefined) return { ...inside, path: indexPath(index, inside.path) };
  }
  return undefined;
}

function inMap(type: TypeInfo & { kind: "map" }, value: unknown, depth: number): Mismatch | undefined {
  if (!(value instanceof Map)) return wrong(type, value);
  if (depth >= MAX_DEPTH) return tooDeep();
  let index = 0;
  for (const [key, of] of value as Map<unknown, unknown>) {
    const badKey = mismatchOf(type.key, key, depth + 1);
    if (badKey !== undefined) return { ...badKey, path: indexPath(index, "key") };
    const inside = mismatchOf(type.value, of, depth + 1);
    if (inside !== undefined) return { ...inside, path: indexPath(index, inside.path) };
    index++;
  }
  return undefined;
}

export function indexPath(index: number, rest: string): string {
  return rest === "" || rest.startsWith("[") ? `[${index}]${rest}` : `[${index}].${rest}`;
}
