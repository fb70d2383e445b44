// Objects: required properties, and what may stand beside the named ones. A content model is open (anything may), closed (nothing may) or
// partially open (what a schema takes). A property new to the reader is harmless only where the writer could not have written another.
import type { Incompatibility } from "../incompatibility.ts";
import { isJsonObject } from "../json-numbers.ts";
import { compareDependencies } from "./compare-dependencies.ts";
import { additionalOf, besideNamed, comparePatterns, isOpen } from "./compare-patterns.ts";
import { incompatible, limit, type Compare, type Side } from "./comparison.ts";
import { hidesSiblings, kindOf, type JsonObject } from "./json-schema-kind.ts";

export function compareObjects(reader: Side, writer: Side, path: string, compare: Compare): Incompatibility[] {
  return [
    ...required(reader, writer, path),
    ...properties(reader, writer, path, compare),
    ...compareDependencies(reader, writer, path, compare),
    ...comparePatterns(reader, writer, path, compare),
    ...names(reader, writer, path, compare),
    ...additional(reader, writer, path, compare),
    ...limit(reader.keywords, writer.keywords, "maxProperties", "MAX_PROPERTIES", "max", path),
    ...limit(reader.keywords, writer.keywords, "minProperties", "MIN_PROPERTIES", "min", path),
  ];
}

function propertiesOf({ keywords }: Side): JsonObject {
  return isJsonObject(keywords["properties"]) ? keywords["properties"] : {};
}

function isRequired({ keywords }: Side, name: string): boolean {
  return Array.isArray(keywords["required"]) && keywords["required"].includes(name);
}

/** What stands beside a reference does not count up to draft 7, a default neither. */
function hasDefault({ located }: Side, schema: unknown): boolean {
  if (!isJsonObject(schema) || !Object.hasOwn(schema, "default")) return false;
  return !hidesSiblings(schema, located(schema).document);
}

function required(reader: Side, writer: Side, path: string): Incompatibility[] {
  const [read, written] = [propertiesOf(reader), propertiesOf(writer)];
  return Object.keys(written)
    .filter((name) => Object.hasOwn(read, name) && isRequired(reader, name) && !isRequired(writer, name) && !hasDefault(reader, read[name]))
    .map((name) =>
      incompatible(
        "REQUIRED_ATTRIBUTE_ADDED",
        `${path}/required/${name}`,
        `"${name}" was optional and is required, without a default.`,
        name,
        undefined,
      ),
    );
}

function properties(reader: Side, writer: Side, path: string, compare: Compare): Incompatibility[] {
  const [read, written] = [propertiesOf(reader), propertiesOf(writer)];
  return [...new Set([...Object.keys(written), ...Object.keys(read)])].flatMap((name) => {
    const here = `${path}/properties/${name}`;
    if (!Object.hasOwn(read, name)) return removed(reader, writer, name, written[name], here, compare);
    if (!Object.hasOwn(written, name)) return added(reader, writer, name, read[name], here, compare);
    return compare(reader.located(read[name]), writer.located(written[name]), here);
  });
}

function removed(reader: Side, writer: Side, name: string, schema: unknown, path: string, compare: Compare): Incompatibility[] {
  if (isOpen(reader)) return [];
  const covering = besideNamed(reader, name, compare);
  if (covering !== undefined) {
    const found = compare(covering, writer.located(schema), path);
    if (found.length === 0) return [];
    const text = `"${name}" is gone, and what the reader takes beside its named properties does not take it.`;
    return [...found, incompatible("PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", path, text, covering.schema, schema)];
  }
  if (kindOf(writer.located(schema)).kind === "never") return [];
  const text = `"${name}" is gone, and the reader allows no properties beside the named ones.`;
  return [incompatible("PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL", path, text, undefined, schema)];
}

function added(reader: Side, writer: Side, name: string, schema: unknown, path: string, compare: Compare): Incompatibility[] {
  const required = isRequired(reader, name);
  if (isOpen(writer)) {
    if (kindOf(reader.located(schema)).kind === "any") return [];
    const text = `"${name}" is new, and the writer may have written anything under that name.`;
    const type = !required ? "OPTIONAL_PROPERTY" : hasDefault(reader, schema) ? "REQUIRED_PROPERTY_WITH_DEFAULT" : "REQUIRED_PROPERTY";
    return [incompatible(`${type}_ADDED_TO_OPEN_CONTENT_MODEL`, path, text, schema, undefined)];
  }
  const covering = besideNamed(writer, name, compare);
  const found = covering === undefined ? [] : compare(reader.located(schema), covering, path);
  if (found.length > 0) {
    const text = `"${name}" is new, and the writer may have written other things under that name.`;
    found.push(incompatible("PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", path, text, schema, covering?.schema));
  }
  if (!required || hasDefault(reader, schema)) return found;
  const text = `"${name}" is new and required, without a default.`;
  return [...found, incompatible("REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL", path, text, schema, undefined)];
}

function additional(reader: Side, writer: Side, path: string, compare: Compare): Incompatibility[] {
  const [read, written] = [additionalOf(reader), additionalOf(writer)];
  const unevaluated = reader.keywords["additionalProperties"] === undefined;
  const here = `${path}/${unevaluated ? "unevaluatedProperties" : "additionalProperties"}`;
  const name = unevaluated ? "UNEVALUATED_PROPERTIES" : "ADDITIONAL_PROPERTIES";
  if (read === false && written !== false)
    return [incompatible(`${name}_REMOVED`, here, "The reader allows no additional properties, the writer did.", read, written)];
  if (!isJsonObject(read) || written === false) return [];
  if (isJsonObject(written)) return compare(reader.located(read), writer.located(written), here);
  const text = "The writer allowed any additional properties, the reader does not.";
  return [incompatible(`${name}_NARROWED`, here, text, read, written)];
}

function names(reader: Side, writer: Side, path: string, compare: Compare): Incompatibility[] {
  const here = `${path}/propertyNames`;
  const [read, written] = [reader.keywords["propertyNames"], writer.keywords["propertyNames"]];
  if (read === undefined || kindOf(reader.located(read)).kind === "any") return [];
  if (written !== undefined) return compare(reader.located(read), writer.located(written), here);
  return [incompatible("PROPERTY_NAMES_ADDED", here, "The reader restricts the names of properties, the writer did not.", read, undefined)];
}
