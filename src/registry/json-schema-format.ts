// JSON Schema for the registry: texts with references in, forms and comparison out. A reference's name is what "$ref" says.
import { isJsonObject, parseKeepingNumbers, sortNames } from "../schema/json-numbers.ts";
import { jsonSchemaIncompatibilities } from "../schema/json-schema/json-schema-compatibility.ts";
import { checkReferences, parseJsonSchema, type SchemaDocument } from "../schema/json-schema/json-schema-document.ts";
import type { Checks, ParsedSchema, ResolvedReference } from "./parsed-schema.ts";

interface ParsedJsonSchema extends ParsedSchema {
  readonly document: SchemaDocument;
}

/** Throws SchemaParseError. */
export function parseJsonSchemaText(text: string, references: readonly ResolvedReference[], checks: Checks): ParsedSchema {
  const others = new Map<string, SchemaDocument>();
  for (const reference of references) {
    const document = { root: parseJsonSchema(reference.schema), others };
    others.set(reference.name, document);
    const id = isJsonObject(document.root) ? document.root["$id"] : undefined;
    if (typeof id === "string") others.set(id, document);
  }
  const document: SchemaDocument = { root: parseJsonSchema(text), others };
  if (checks.rules) checkReferences(document);
  const parsed: ParsedJsonSchema = {
    type: "JSON",
    document,
    canonical: withoutSpace(text),
    normalized: () => JSON.stringify(sortNames(parseKeepingNumbers(text))),
    resolved: () => undefined,
    hasTopLevelField: (name) => {
      const properties = isJsonObject(document.root) ? document.root["properties"] : undefined;
      return isJsonObject(properties) && Object.hasOwn(properties, name);
    },
    incompatibilities: (writer, { policy }) => {
      const older = (writer as ParsedJsonSchema).document;
      return jsonSchemaIncompatibilities(
        { schema: document.root, document },
        { schema: older.root, document: older },
        policy === "LENIENT",
      );
    },
  };
  return parsed;
}

/** Strings keep what they have. */
function withoutSpace(json: string): string {
  return json.replace(/("(?:\\.|[^"\\])*")|\s+/g, "$1");
}
