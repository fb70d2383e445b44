// The keywords of JSON Schema for objects.
import { isJsonObject, numberOf } from "../json-numbers.ts";
import { inField, Seen, type Failure, type Walk } from "./json-validation.ts";
import { matcher } from "./validate-scalar.ts";
import type { SchemaNode } from "./schema-index.ts";

export function objectFailure(schema: SchemaNode, value: SchemaNode, path: string, seen: Seen, walk: Walk): Failure | undefined {
  return (
    countFailure(schema, value, path) ??
    requiredFailure(schema["required"], value, path) ??
    propertiesFailure(schema, value, path, seen, walk) ??
    dependencyFailure(schema, value, path, seen, walk) ??
    namesFailure(schema, value, path, walk) ??
    unevaluatedFailure(schema, value, path, seen, walk)
  );
}

function countFailure(schema: SchemaNode, value: SchemaNode, path: string): Failure | undefined {
  const [least, most] = [numberOf(schema["minProperties"]), numberOf(schema["maxProperties"])];
  if (least === undefined && most === undefined) return undefined;
  const count = Object.keys(value).length;
  if (least !== undefined && count < least) return { path, reason: `expected at least ${least} properties, got ${count}` };
  return most !== undefined && count > most ? { path, reason: `expected at most ${most} properties, got ${count}` } : undefined;
}

function requiredFailure(names: unknown, value: SchemaNode, path: string): Failure | undefined {
  if (!Array.isArray(names)) return undefined;
  const missing = (names as readonly string[]).find((name) => !Object.hasOwn(value, name));
  return missing === undefined ? undefined : { path: inField(path, missing), reason: "it is required, but missing", isAnother: true };
}

function propertiesFailure(schema: SchemaNode, value: SchemaNode, path: string, seen: Seen, walk: Walk): Failure | undefined {
  const { properties, patternProperties, additionalProperties } = schema;
  const patterns = isJsonObject(patternProperties) ? Object.entries(patternProperties) : [];
  for (const name of Object.keys(value)) {
    let known = false;
    const of: unknown[] = [];
    if (isJsonObject(properties) && Object.hasOwn(properties, name)) of.push(properties[name]);
    for (const [pattern, each] of patterns) if (matcher(pattern)(name)) of.push(each);
    if (of.length > 0) known = true;
    else if (additionalProperties !== undefined) {
      of.push(additionalProperties);
      known = true;
    }
    if (known) seen.properties.add(name);
    for (const each of of) {
      const failure =
        each === false
          ? { path: inField(path, name), reason: "the schema has no such property" }
          : walk.check(each, value[name], inField(path, name), new Seen());
      if (failure !== undefined) return failure;
    }
  }
  return undefined;
}

function dependencyFailure(schema: SchemaNode, value: SchemaNode, path: string, seen: Seen, walk: Walk): Failure | undefined {
  const keywords = walk.draft >= 2019 ? ["dependentRequired", "dependentSchemas"] : ["dependencies"];
  for (const keyword of keywords) {
    const dependencies = schema[keyword];
    if (!isJsonObject(dependencies)) continue;
    for (const [name, needs] of Object.entries(dependencies)) {
      if (!Object.hasOwn(value, name)) continue;
      const failure = Array.isArray(needs) ? requiredFailure(needs, value, path) : walk.check(needs, value, path, seen);
      if (failure !== undefined) return failure;
    }
  }
  return undefined;
}

function namesFailure(schema: SchemaNode, value: SchemaNode, path: string, walk: Walk): Failure | undefined {
  const { propertyNames } = schema;
  if (propertyNames === undefined || walk.draft < 6) return undefined;
  for (const name of Object.keys(value)) {
    const failure = walk.check(propertyNames, name, "", new Seen());
    if (failure !== undefined) return { path: inField(path, name), reason: `its name: ${failure.reason}` };
  }
  return undefined;
}

function unevaluatedFailure(schema: SchemaNode, value: SchemaNode, path: string, seen: Seen, walk: Walk): Failure | undefined {
  const { unevaluatedProperties } = schema;
  if (unevaluatedProperties === undefined || walk.draft < 2019) return undefined;
  for (const name of Object.keys(value)) {
    if (seen.properties.has(name)) continue;
    const failure = walk.check(unevaluatedProperties, value[name], inField(path, name), new Seen());
    if (failure !== undefined) return failure;
    seen.properties.add(name);
  }
  return undefined;
}
