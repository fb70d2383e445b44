// Strings, numbers and lists of values: limits may widen, patterns go, values be added.
import type { Incompatibility } from "../incompatibility.ts";
import { numberOf } from "../json-numbers.ts";
import { incompatible, limit } from "./comparison.ts";
import type { JsonObject } from "./json-schema-kind.ts";

export function compareStrings(reader: JsonObject, writer: JsonObject, path: string): Incompatibility[] {
  const { pattern } = reader;
  const before = writer["pattern"];
  const patterns =
    pattern === undefined || pattern === before
      ? []
      : [
          incompatible(
            before === undefined ? "PATTERN_ADDED" : "PATTERN_CHANGED",
            `${path}/pattern`,
            "The reader's texts follow a pattern that the writer's need not.",
            pattern,
            before,
          ),
        ];
  return [
    ...limit(reader, writer, "maxLength", "MAX_LENGTH", "max", path),
    ...limit(reader, writer, "minLength", "MIN_LENGTH", "min", path),
    ...patterns,
  ];
}

export function compareNumbers(reader: JsonObject, writer: JsonObject, path: string): Incompatibility[] {
  const [read, written] = [withDraft4Limits(reader, false), withDraft4Limits(writer, true)];
  return [
    ...limit(read, written, "maximum", "MAXIMUM", "max", path),
    ...limit(read, written, "minimum", "MINIMUM", "min", path),
    ...limit(read, written, "exclusiveMaximum", "EXCLUSIVE_MAXIMUM", "max", path),
    ...limit(read, written, "exclusiveMinimum", "EXCLUSIVE_MINIMUM", "min", path),
    ...multiples(read, written, path),
  ];
}

/** Draft 4 says exclusiveMaximum: true beside maximum. What was written within the exclusive limit is within the plain one, too. */
function withDraft4Limits(keywords: JsonObject, isWriter: boolean): JsonObject {
  const result: Record<string, unknown> = { ...keywords };
  for (const [exclusive, plain] of [
    ["exclusiveMaximum", "maximum"],
    ["exclusiveMinimum", "minimum"],
  ] as const) {
    if (keywords[exclusive] === true) {
      result[exclusive] = keywords[plain];
      if (!isWriter) delete result[plain];
    } else if (keywords[exclusive] === false) delete result[exclusive];
  }
  return result;
}

function multiples(reader: JsonObject, writer: JsonObject, path: string): Incompatibility[] {
  const [read, written] = [numberOf(reader["multipleOf"]), numberOf(writer["multipleOf"])];
  if (read === undefined || read === written) return [];
  const here = `${path}/multipleOf`;
  if (written === undefined)
    return [incompatible("MULTIPLE_OF_ADDED", here, `The reader's numbers are multiples of ${read}, the writer's any.`, read, undefined)];
  if (Number.isInteger(written / read)) return [];
  const type = Number.isInteger(read / written) ? "MULTIPLE_OF_EXPANDED" : "MULTIPLE_OF_CHANGED";
  return [incompatible(type, here, `Multiples of ${written} need not be multiples of ${read}.`, read, written)];
}

/** `isConst`: both are "const". */
export function compareValues(reader: readonly unknown[], writer: readonly unknown[], isConst: boolean, path: string): Incompatibility[] {
  const [read, written] = [reader, writer].map((values) => new Set(values.map((value) => canonical(value)))) as [Set<string>, Set<string>];
  const missing = [...written.difference(read)];
  if (missing.length === 0) return [];
  const type = !isConst && read.isSubsetOf(written) ? "ENUM_ARRAY_NARROWED" : "ENUM_ARRAY_CHANGED";
  const text = `The reader does not know the values ${missing.join(", ")}.`;
  return [incompatible(type, `${path}/${isConst ? "const" : "enum"}`, text, reader, writer)];
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each) && numberOf(each) === undefined
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : (numberOf(each) ?? each),
  );
}
