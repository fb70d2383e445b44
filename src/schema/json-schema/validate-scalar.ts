// The keywords of JSON Schema for any value, numbers and texts. Numbers may be as they were written (json-numbers.ts); multiples are exact.
import { isJsonObject, numberOf, numberText } from "../json-numbers.ts";
import { describeValue } from "../schema-error.ts";
import { formatHolds } from "./json-formats.ts";
import { hasType } from "./json-type.ts";
import type { Failure, Walk } from "./json-validation.ts";
import type { SchemaNode } from "./schema-index.ts";

/** A pattern of another's making may take long on long texts. */
const MAX_MATCHED_LENGTH = 10_000;
const MAX_PATTERNS = 1000;
const MAX_EXPONENT = 400;

export function scalarFailure(schema: SchemaNode, value: unknown, path: string, walk: Walk): Failure | undefined {
  const { type } = schema;
  if (type !== undefined && !hasType(value, type, walk.draft)) {
    const wanted = [type].flat().join(" or ");
    return { path, reason: `expected ${wanted}, got ${describeValue(numberOf(value) ?? value)}`, isAnother: true };
  }
  if (Array.isArray(schema["enum"]) && !schema["enum"].some((each) => sameJson(each, value)))
    return { path, reason: "it is none of the values of `enum`", isAnother: true };
  if (walk.draft >= 6 && Object.hasOwn(schema, "const") && !sameJson(schema["const"], value))
    return { path, reason: "it is not the value of `const`", isAnother: true };
  const number = numberOf(value);
  const reason =
    number !== undefined
      ? numberFailure(schema, value, number, walk)
      : typeof value === "string"
        ? textFailure(schema, value, walk)
        : undefined;
  return reason === undefined ? undefined : { path, reason };
}

function numberFailure(schema: SchemaNode, value: unknown, number: number, walk: Walk): string | undefined {
  const limit = (name: string): number | undefined => numberOf(schema[name]);
  const [least, most, step] = [limit("minimum"), limit("maximum"), schema["multipleOf"]];
  let [above, below] = [limit("exclusiveMinimum"), limit("exclusiveMaximum")];
  if (walk.draft === 4) {
    above = schema["exclusiveMinimum"] === true ? least : undefined;
    below = schema["exclusiveMaximum"] === true ? most : undefined;
  }
  if (least !== undefined && number < least) return `expected at least ${least}`;
  if (most !== undefined && number > most) return `expected at most ${most}`;
  if (above !== undefined && number <= above) return `expected more than ${above}`;
  if (below !== undefined && number >= below) return `expected less than ${below}`;
  return numberText(step) !== undefined && !isMultiple(numberText(value)!, numberText(step)!)
    ? `expected a multiple of ${numberText(step)}`
    : undefined;
}

function isMultiple(value: string, step: string): boolean {
  const [a, b] = [parts(value), parts(step)];
  if (b.digits === 0n) return false;
  if (a.digits === 0n) return true;
  const shift = a.exponent - b.exponent;
  if (Math.abs(shift) > MAX_EXPONENT) return Number.isInteger(Number(value) / Number(step));
  const scaled = 10n ** BigInt(Math.abs(shift));
  return shift >= 0 ? (a.digits * scaled) % b.digits === 0n : a.digits % (b.digits * scaled) === 0n;
}

/** digits × 10^exponent. */
function parts(text: string): { readonly digits: bigint; readonly exponent: number } {
  const match = /^(-?\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text)!;
  const fraction = match[2] ?? "";
  return { digits: BigInt(match[1]! + fraction), exponent: Number(match[3] ?? 0) - fraction.length };
}

function textFailure(schema: SchemaNode, value: string, walk: Walk): string | undefined {
  const [least, most] = [numberOf(schema["minLength"]), numberOf(schema["maxLength"])];
  if (least !== undefined || most !== undefined) {
    const length = lengthOf(value);
    if (least !== undefined && length < least) return `expected at least ${least} characters, got ${length}`;
    if (most !== undefined && length > most) return `expected at most ${most} characters, got ${length}`;
  }
  const { pattern, format } = schema;
  if (typeof pattern === "string" && !matcher(pattern)(value)) return `it does not match ${JSON.stringify(pattern)}`;
  return walk.formats && typeof format === "string" && !formatHolds(format, value) ? `it is no ${format}` : undefined;
}

function lengthOf(text: string): number {
  let length = text.length;
  for (let at = 0; at < text.length - 1; at++) if (isHigh(text.charCodeAt(at)) && isLow(text.charCodeAt(at + 1))) length--;
  return length;
}

const isHigh = (code: number): boolean => code >= 0xd800 && code < 0xdc00;
const isLow = (code: number): boolean => code >= 0xdc00 && code < 0xe000;

const matchers = new Map<string, (text: string) => boolean>();

/** ECMA 262, with "u" where that is allowed. A pattern that is none matches nothing. */
export function matcher(pattern: string): (text: string) => boolean {
  let found = matchers.get(pattern);
  if (found === undefined) {
    if (matchers.size >= MAX_PATTERNS) matchers.clear();
    const regExp = compiled(pattern, "u") ?? compiled(pattern, "");
    found = (text) => regExp !== undefined && text.length <= MAX_MATCHED_LENGTH && regExp.test(text);
    matchers.set(pattern, found);
  }
  return found;
}

function compiled(pattern: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(pattern, flags);
  } catch {
    return undefined;
  }
}

/** 1 and 1.0 are the same. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined || y !== undefined) return x === y;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((each, index) => sameJson(each, b[index]));
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && sameJson(a[name], b[name]));
}
