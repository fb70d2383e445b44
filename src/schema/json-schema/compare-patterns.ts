// What objects may hold beside their named properties: properties by pattern, and all others.
import type { Incompatibility } from "../incompatibility.ts";
import { isJsonObject } from "../json-numbers.ts";
import { incompatible, type Compare, type Side } from "./comparison.ts";
import type { Located } from "./json-schema-document.ts";
import { kindOf } from "./json-schema-kind.ts";
import { NamePattern } from "./pattern-match.ts";

/** Of a patternProperties: compiled once, for it meets each name of the other side. */
const PATTERNS = new WeakMap<object, readonly (readonly [pattern: NamePattern, schema: unknown])[]>();

/** The schema of all properties that nothing names; undefined, true: any may stand there; false: none. */
export function additionalOf({ keywords }: Side): unknown {
  return keywords["additionalProperties"] ?? keywords["unevaluatedProperties"];
}

export function isOpen(side: Side): boolean {
  const rest = additionalOf(side);
  return patterns(side).length === 0 && (rest === undefined || rest === true);
}

/** The schema for a property that is not named; undefined: none may stand there, or anything. */
export function besideNamed(side: Side, name: string, { spend }: Compare): Located | undefined {
  for (const [pattern, schema] of patterns(side)) if (pattern.matches(name, spend)) return side.located(schema);
  const rest = additionalOf(side);
  return isJsonObject(rest) ? side.located(rest) : undefined;
}

/** A pattern that only one side has meets what the other lets stand under such names. */
export function comparePatterns(reader: Side, writer: Side, path: string, compare: Compare): Incompatibility[] {
  const [read, written] = [reader, writer].map((side) => new Map(patterns(side).map(([{ source }, schema]) => [source, schema])));
  const found: Incompatibility[] = [];
  for (const [pattern, schema] of patterns(reader)) {
    const here = `${path}/patternProperties/${pattern.source}`;
    const before = written!.get(pattern.source);
    if (before !== undefined) found.push(...compare(reader.located(schema), writer.located(before), here));
    else if (kindOf(reader.located(schema)).kind !== "any") found.push(...added(reader, schema, pattern, writer, here, compare));
  }
  const rest = additionalOf(reader);
  if (rest === undefined || rest === true) return found;
  for (const [pattern, schema] of written!)
    if (!read!.has(pattern)) found.push(...removed(reader, rest, schema, writer, `${path}/patternProperties/${pattern}`, compare));
  return found;
}

function added(reader: Side, schema: unknown, pattern: NamePattern, writer: Side, path: string, compare: Compare): Incompatibility[] {
  const properties = isJsonObject(writer.keywords["properties"]) ? writer.keywords["properties"] : {};
  const named = Object.keys(properties).filter((name) => pattern.matches(name, compare.spend));
  const found = named.flatMap((name) => compare(reader.located(schema), writer.located(properties[name]), path));
  const rest = additionalOf(writer);
  if (rest === false) return found;
  if (isJsonObject(rest)) return [...found, ...compare(reader.located(schema), writer.located(rest), path)];
  const text = "The pattern is new, and the writer may have written anything under such names.";
  return [...found, incompatible("PATTERN_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL", path, text, schema, undefined)];
}

function removed(reader: Side, rest: unknown, schema: unknown, writer: Side, path: string, compare: Compare): Incompatibility[] {
  if (kindOf(writer.located(schema)).kind === "never") return [];
  if (isJsonObject(rest)) return compare(reader.located(rest), writer.located(schema), path);
  const text = "The pattern is gone, and the reader allows no properties beside those that it names.";
  return [incompatible("PATTERN_PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL", path, text, undefined, schema)];
}

function patterns({ keywords }: Side): readonly (readonly [pattern: NamePattern, schema: unknown])[] {
  const of = keywords["patternProperties"];
  if (!isJsonObject(of)) return [];
  let known = PATTERNS.get(of);
  if (known === undefined) PATTERNS.set(of, (known = Object.entries(of).map(([source, schema]) => [new NamePattern(source), schema])));
  return known;
}
