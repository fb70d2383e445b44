// JSON Schema for the registry: texts with references in, forms and comparison out. A reference's name is what "$ref" says.
import { SchemaParseError } from "../schema/incompatibility.ts";
import { isJsonObject } from "../schema/json-numbers.ts";
import { jsonSchemaIncompatibilities } from "../schema/json-schema/json-schema-compatibility.ts";
import { checkKeywords } from "../schema/json-schema/keyword-check.ts";
import { checkReferences, parseJsonSchema, type JsonSchemaValue, type SchemaDocument } from "../schema/json-schema/json-schema-document.ts";
import { jsonText } from "./json-text.ts";
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
  if (checks.rules) {
    checkKeywords(document.root);
    checkReferences(document);
  }
  if (checks.fields === true) checkNames(document.root);
  const parsed: ParsedJsonSchema = {
    type: "JSON",
    document,
    canonical: jsonText(text, false),
    normalized: () => jsonText(text, true),
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

function checkNames(root: JsonSchemaValue): void {
  const properties = isJsonObject(root) ? root["properties"] : undefined;
  const name = isJsonObject(properties) ? Object.keys(properties).find((each) => each.startsWith("$$")) : undefined;
  if (name === undefined) return;
  throw new SchemaParseError(`JSON Schema at #/properties/${name}: the subject takes no names that begin with $$ (validateFields).`);
}
