// What a JSON Schema is, for comparison: one type, a list of values, several schemas together, a negation, a condition, everything or nothing.
import { isJsonObject } from "../json-numbers.ts";
import { resolveReference, type JsonSchemaValue, type Located, type SchemaDocument } from "./json-schema-document.ts";
import { draftOf } from "./schema-index.ts";

export type SimpleType = "string" | "number" | "integer" | "boolean" | "null" | "object" | "array";
export type Criterion = "allOf" | "anyOf" | "oneOf";
export type JsonObject = Readonly<Record<string, unknown>>;

export type SchemaKind = { readonly document: SchemaDocument; readonly schema: JsonSchemaValue } & (
  | { readonly kind: "any" | "never" }
  | { readonly kind: "type"; readonly type: SimpleType; readonly keywords: JsonObject }
  | { readonly kind: "enum"; readonly values: readonly unknown[] }
  | { readonly kind: "combined"; readonly criterion: Criterion; readonly parts: readonly Located[] }
  | { readonly kind: "not"; readonly inner: Located }
  | { readonly kind: "conditional"; readonly keywords: JsonObject }
);

const COMBINED: readonly Criterion[] = ["allOf", "anyOf", "oneOf"];
const CONDITION = ["if", "then", "else"] as const;
const MAX_REFERENCES = 100;
/** From this draft on, what stands beside "$ref" counts, too. */
const REFERENCES_COMBINE = 2019;
const DEFAULT_DRAFT = 7;

const KEYWORDS: Readonly<Record<Exclude<SimpleType, "boolean" | "null" | "integer">, readonly string[]>> = {
  object: [
    "properties",
    "required",
    "additionalProperties",
    "patternProperties",
    "minProperties",
    "maxProperties",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "propertyNames",
    "unevaluatedProperties",
  ],
  array: [
    "items",
    "prefixItems",
    "additionalItems",
    "minItems",
    "maxItems",
    "uniqueItems",
    "contains",
    "minContains",
    "maxContains",
    "unevaluatedItems",
  ],
  string: ["minLength", "maxLength", "pattern"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
};

/** One kind for one schema: its parts stay the same objects, so that pairs of them are known again. */
const KNOWN = new WeakMap<object, { readonly document: SchemaDocument; readonly kind: SchemaKind }>();

/** Follows references first; one that leads round in a circle or nowhere takes everything. */
export function kindOf(located: Located): SchemaKind {
  const { schema, document } = located;
  if (typeof schema === "boolean") return { kind: schema ? "any" : "never", schema, document };
  const known = KNOWN.get(schema);
  if (known?.document === document) return known.kind;
  const kind = resolved(located);
  KNOWN.set(schema, { document, kind });
  return kind;
}

function resolved(located: Located): SchemaKind {
  let { schema, document } = located;
  for (let i = 0, at = referenceIn(schema); at !== undefined; i++, at = referenceIn(schema)) {
    const beside = besideReference(schema as JsonObject, document);
    if (beside !== undefined) return beside;
    const target = resolveReference(at, document);
    if (target === undefined || i > MAX_REFERENCES) return { kind: "any", schema, document };
    ({ schema, document } = target);
  }
  if (typeof schema === "boolean") return { kind: schema ? "any" : "never", schema, document };
  return classify(schema, document);
}

/** "$recursiveRef" and "$dynamicRef" lead where "$ref" would: nothing extends a registered schema from outside. */
function referenceIn(schema: JsonSchemaValue): string | undefined {
  if (!isJsonObject(schema)) return undefined;
  const reference = schema["$ref"] ?? schema["$dynamicRef"] ?? schema["$recursiveRef"];
  return typeof reference === "string" ? reference : undefined;
}

/** A reference and what restricts beside it; undefined: nothing does, or the draft does not count it. */
function besideReference(schema: JsonObject, document: SchemaDocument): SchemaKind | undefined {
  if (draftOf(document.root, DEFAULT_DRAFT) < REFERENCES_COMBINE) return undefined;
  const { $ref, $dynamicRef, $recursiveRef, ...rest } = schema;
  if (classify(rest, document).kind === "any") return undefined;
  const reference = { schema: { $ref: $ref ?? $dynamicRef ?? $recursiveRef }, document };
  return { kind: "combined", schema, document, criterion: "allOf", parts: [{ schema: rest, document }, reference] };
}

function classify(schema: JsonObject, document: SchemaDocument): SchemaKind {
  const at = { schema, document };
  const parts: Located[] = [];
  const own = ownPart(schema, document);
  if (own !== undefined) parts.push(own);
  const groups = COMBINED.filter((criterion) => Array.isArray(schema[criterion]));
  const condition = conditionOf(schema, document);
  if (own === undefined && groups.length === 1 && schema["not"] === undefined && condition === undefined) {
    const [criterion] = groups as [Criterion];
    return { ...at, kind: "combined", criterion, parts: located(schema[criterion], document) };
  }
  for (const criterion of groups) {
    if (criterion === "allOf") parts.push(...located(schema[criterion], document));
    else parts.push({ schema: { [criterion]: schema[criterion] }, document });
  }
  if (schema["not"] !== undefined) {
    const inner = { schema: schema["not"] as JsonSchemaValue, document };
    if (parts.length === 0 && condition === undefined) return { ...at, kind: "not", inner };
    parts.push({ schema: { not: schema["not"] }, document });
  }
  if (condition !== undefined) {
    if (parts.length === 0) return { ...at, kind: "conditional", keywords: condition };
    parts.push({ schema: condition, document });
  }
  if (parts.length === 0) return { ...at, kind: "any" };
  if (parts.length > 1 || own === undefined) return { ...at, kind: "combined", criterion: "allOf", parts };
  return simple(own.schema as JsonObject, document);
}

/** undefined: there is none, or it asks for nothing. */
function conditionOf(schema: JsonObject, document: SchemaDocument): JsonObject | undefined {
  if (schema["if"] === undefined || (schema["then"] === undefined && schema["else"] === undefined)) return undefined;
  if (draftOf(document.root, DEFAULT_DRAFT) < DEFAULT_DRAFT) return undefined;
  return Object.fromEntries(CONDITION.filter((name) => schema[name] !== undefined).map((name) => [name, schema[name]]));
}

/** The schema without what combines, negates and asks; undefined if nothing is left that restricts. */
function ownPart(schema: JsonObject, document: SchemaDocument): Located | undefined {
  const rest: Record<string, unknown> = { ...schema };
  for (const name of [...COMBINED, ...CONDITION, "not"]) delete rest[name];
  const restricts =
    rest["type"] !== undefined || rest["enum"] !== undefined || Object.hasOwn(rest, "const") || inferredType(rest) !== undefined;
  if (!restricts) return undefined;
  return { schema: Object.keys(rest).length === Object.keys(schema).length ? schema : rest, document };
}

function simple(schema: JsonObject, document: SchemaDocument): SchemaKind {
  const at = { schema, document };
  if (Object.hasOwn(schema, "const")) return { ...at, kind: "enum", values: [schema["const"]] };
  if (Array.isArray(schema["enum"])) return { ...at, kind: "enum", values: schema["enum"] };
  const { type } = schema;
  if (Array.isArray(type) && type.length !== 1)
    return {
      ...at,
      kind: "combined",
      criterion: "anyOf",
      parts: type.map((each: unknown) => ({ schema: { ...schema, type: each }, document })),
    };
  const name = (Array.isArray(type) ? type[0] : type) ?? inferredType(schema);
  return { ...at, kind: "type", type: name as SimpleType, keywords: schema };
}

function inferredType(schema: JsonObject): SimpleType | undefined {
  for (const [type, keywords] of Object.entries(KEYWORDS))
    if (keywords.some((keyword) => schema[keyword] !== undefined)) return type as SimpleType;
  return undefined;
}

function located(list: unknown, document: SchemaDocument): Located[] {
  return (list as readonly JsonSchemaValue[]).map((schema) => ({ schema, document }));
}
