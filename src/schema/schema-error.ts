// What schema code throws: a value or bytes that do not fit a type (BAD_DATA), or a type that cannot be (BAD_SCHEMA).
// Invariant: the message describes types and sizes, never contents, so that it can be logged.

export type SchemaErrorCode = "BAD_DATA" | "BAD_SCHEMA";

export interface Mismatch {
  /** Where in the value, such as "items[3].price"; "" for the value itself. */
  readonly path: string;
  /** The type that was wanted, such as "int" or "record Address". */
  readonly expected: string;
  /** A short description of what was there instead. */
  readonly got: string;
}

export class SchemaError extends Error implements Mismatch {
  override readonly name = "SchemaError";
  readonly code: SchemaErrorCode;
  readonly path: string;
  readonly expected: string;
  readonly got: string;
  /** Byte position in the input, if there are bytes; otherwise −1. */
  readonly at: number;

  constructor(mismatch: Mismatch, at = -1) {
    const where = mismatch.path === "" ? "" : `${mismatch.path}: `;
    super(`${where}expected ${mismatch.expected}, got ${mismatch.got}${at < 0 ? "" : ` (at byte ${at})`}`);
    this.code = "BAD_DATA";
    this.path = mismatch.path;
    this.expected = mismatch.expected;
    this.got = mismatch.got;
    this.at = at;
  }
}

/** An error whose position is counted in an array of bytes, counted from where its document begins; others as they are. */
export function fromStart(error: unknown, start: number): unknown {
  return error instanceof SchemaError && error.at >= 0 && start > 0 ? new SchemaError(error, error.at - start) : error;
}

/** A type that cannot be: thrown by the `t` builder and by the makers of codecs. */
export class BadSchemaError extends Error {
  override readonly name = "BadSchemaError";
  readonly code: SchemaErrorCode = "BAD_SCHEMA";
}

/** What a value is, without what is in it. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case "undefined":
      return "nothing";
    case "string":
      return `a string of ${value.length} characters`;
    case "number":
      return describeNumber(value);
    case "object":
      return describeObject(value);
    default:
      return `a ${typeof value}`;
  }
}

function describeNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return "an infinite number";
  if (!Number.isInteger(value)) return "a number with a fraction";
  return Number.isSafeInteger(value) ? "an integer" : "an integer beyond ±2^53";
}

function describeObject(value: object | null): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value instanceof Map) return `a Map of ${value.size}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  const name = (value as { constructor?: { name?: unknown } }).constructor?.name;
  return typeof name === "string" && name !== "Object" && name !== "" ? `an object of class ${name.slice(0, 40)}` : "an object";
}

/** `parent` followed by a field: "a" + "b" is "a.b"; names that are no identifiers are quoted. */
export function fieldPath(name: string, rest: string): string {
  const own = /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) ? name : `[${JSON.stringify(name.slice(0, 60))}]`;
  return rest === "" || rest.startsWith("[") ? own + rest : `${own}.${rest}`;
}
