// What a JSON Schema is, for comparison: one type, a list of values, several schemas together, a negation, a condition, everything or nothing.
// What stands beside each other (a type and its values, an object and its alternatives) is a product of one part each.
import { isJsonObject } from "../json-numbers.ts";
import { resolveReference, type JsonSchemaValue, type Located, type SchemaDocument } from "./json-schema-document.ts";
import { draftOf } from "./schema-index.ts";

export type SimpleType = "string" | "number" | "integer" | "boolean" | "null" | "object" | "array";
export type Criterion = "allOf" | "anyOf" | "oneOf";
export type JsonObject = Readonly<Record<string, unknown>>;

export type SchemaKind = { readonly document: SchemaDocument; readonly schema: JsonSchemaValue } & (
  | { readonly kind: "any" | "never" }
  | { readonly kind: "type"; readonly type: SimpleType; readonly keywords: JsonObject }
  | { readonly kind: "enum"; readonly values: readonly unknown[]; readonly isConst: boolean }
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

/** Kept with a type, though they restrict nothing: what a value is without them. */
const REMARKS = ["default", "connect.type"];

/** What restricts values of a type; in a list of its own what only drafts from 6 and from 2019 on know. */
const KEYWORDS: Readonly<
  Partial<Record<SimpleType, { readonly all: readonly string[]; readonly from6: readonly string[]; readonly from2019: readonly string[] }>>
> = {
  array: {
    all: ["items", "additionalItems", "minItems", "maxItems", "uniqueItems"],
    from6: ["contains"],
    from2019: ["prefixItems", "minContains", "maxContains", "unevaluatedItems"],
  },
  object: {
    all: ["properties", "required", "additionalProperties", "patternProperties", "minProperties", "maxProperties", "dependencies"],
    from6: ["propertyNames"],
    from2019: ["dependentRequired", "dependentSchemas", "unevaluatedProperties"],
  },
  number: { all: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"], from6: [], from2019: [] },
  string: { all: ["minLength", "maxLength", "pattern"], from6: [], from2019: [] },
};

interface Drafts {
  readonly draft: number;
  /** Whose keywords count: where the text does not say its draft, those of all. */
  readonly words: number;
}

function draftsOf({ root }: SchemaDocument): Drafts {
  const draft = draftOf(root, DEFAULT_DRAFT);
  return { draft, words: draftOf(root, 2020) };
}

export function formatsAreRemarks({ root }: SchemaDocument): boolean {
  return draftOf(root, DEFAULT_DRAFT) >= REFERENCES_COMBINE;
}

/** Up to draft 7 Confluent's registry takes "format" for a restriction of texts, which it compares with nothing; since then for a remark. */
function keywordsOf(type: SimpleType, { draft, words }: Drafts): readonly string[] {
  const keywords = KEYWORDS[type === "integer" ? "number" : type];
  if (keywords === undefined) return [];
  const format = type === "string" && draft < REFERENCES_COMBINE ? ["format"] : [];
  return [...keywords.all, ...(words >= 6 ? keywords.from6 : []), ...(words >= REFERENCES_COMBINE ? keywords.from2019 : []), ...format];
}

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

function resolved(from: Located): SchemaKind {
  let { schema, document } = from;
  for (let i = 0; i <= MAX_REFERENCES; i++) {
    if (typeof schema === "boolean") return { kind: schema ? "any" : "never", schema, document };
    const at = referenceIn(schema);
    const beside = at === undefined ? undefined : besideReference(schema, document);
    // What is referred to keeps its own kind: a schema that leads to itself would have ever new parts.
    if (i > 0 && (at === undefined || beside !== undefined)) return kindOf({ schema, document });
    if (at === undefined) return classify(schema, document);
    if (beside !== undefined) return beside;
    const target = resolveReference(at, document);
    if (target === undefined) break;
    ({ schema, document } = target);
  }
  return { kind: "any", schema, document };
}

/** "$recursiveRef" and "$dynamicRef" lead where "$ref" would: nothing extends a registered schema from outside. */
function referenceIn(schema: JsonSchemaValue): string | undefined {
  if (!isJsonObject(schema)) return undefined;
  const reference = schema["$ref"] ?? schema["$dynamicRef"] ?? schema["$recursiveRef"];
  return typeof reference === "string" ? reference : undefined;
}

/** A reference of a draft in which what stands beside it does not count. */
export function hidesSiblings(schema: JsonObject, document: SchemaDocument): boolean {
  return referenceIn(schema) !== undefined && draftOf(document.root, DEFAULT_DRAFT) < REFERENCES_COMBINE;
}

/** A reference and what restricts beside it; undefined: nothing does, or the draft does not count it. */
function besideReference(schema: JsonObject, document: SchemaDocument): SchemaKind | undefined {
  if (hidesSiblings(schema, document)) return undefined;
  const { $ref, $dynamicRef, $recursiveRef, ...rest } = schema;
  const parts = partsOf(rest, draftsOf(document));
  if (parts.length === 0) return undefined;
  const reference = { $ref: $ref ?? $dynamicRef ?? $recursiveRef };
  return { kind: "combined", schema, document, criterion: "allOf", parts: located([...parts, reference], document) };
}

function classify(schema: JsonObject, document: SchemaDocument): SchemaKind {
  const parts = partsOf(schema, draftsOf(document));
  if (parts.length === 0) return { kind: "any", schema, document };
  if (parts.length === 1) return only(parts[0]!, schema, document);
  return { kind: "combined", criterion: "allOf", parts: located(parts, document), schema, document };
}

/** One schema for each thing that is asked for: a value, alternatives, parts, a negation, a type, a condition. */
function partsOf(schema: JsonObject, drafts: Drafts): JsonObject[] {
  const one = (name: string): JsonObject[] => (schema[name] === undefined ? [] : [{ [name]: schema[name] }]);
  const { draft } = drafts;
  const condition = draft >= DEFAULT_DRAFT && schema["if"] !== undefined && (schema["then"] !== undefined || schema["else"] !== undefined);
  return [
    ...(Array.isArray(schema["enum"]) ? one("enum") : []),
    ...COMBINED.filter((criterion) => Array.isArray(schema[criterion])).flatMap(one),
    ...one("not"),
    ...(draft > 4 ? one("const") : []),
    ...(schema["type"] === undefined ? [] : [typed(schema, schema["type"], drafts)]),
    ...inferredTypes(schema, drafts),
    ...(condition ? [picked(schema, CONDITION)] : []),
  ];
}

/** What `part`, all that `schema` asks for, is. */
function only(part: JsonObject, schema: JsonObject, document: SchemaDocument): SchemaKind {
  const at = { schema, document };
  if (part["enum"] !== undefined) return { ...at, kind: "enum", values: part["enum"] as unknown[], isConst: false };
  if (Object.hasOwn(part, "const")) return { ...at, kind: "enum", values: [part["const"]], isConst: true };
  const criterion = COMBINED.find((name) => part[name] !== undefined);
  if (criterion !== undefined) {
    const parts = located(part[criterion], document);
    return { ...at, kind: "combined", criterion, parts: criterion === "allOf" ? parts.flatMap(ofProduct) : parts };
  }
  if (part["not"] !== undefined) return { ...at, kind: "not", inner: { schema: part["not"] as JsonSchemaValue, document } };
  if (part["if"] !== undefined) return { ...at, kind: "conditional", keywords: part };
  const { type } = part;
  const drafts = draftsOf(document);
  if (!Array.isArray(type)) return { ...at, kind: "type", type: (type ?? typesFor(part, drafts)[0]) as SimpleType, keywords: part };
  return { ...at, kind: "combined", criterion: "anyOf", parts: located(type.map((each) => typed(part, each, drafts)), document) }; // prettier-ignore
}

/** Since draft 2019-09 what stands side by side in a part of "allOf" are parts of it. */
function ofProduct(part: Located): readonly Located[] {
  const { schema, document } = part;
  if (typeof schema === "boolean" || draftOf(document.root, DEFAULT_DRAFT) < REFERENCES_COMBINE) return [part];
  const kind = referenceIn(schema) === undefined ? classify(schema, document) : besideReference(schema, document);
  const isProduct = kind?.kind === "combined" && kind.criterion === "allOf" && partsOf(schema, draftsOf(document)).length > 1;
  const isBeside = kind?.kind === "combined" && referenceIn(schema) !== undefined;
  return isProduct || isBeside ? kind.parts : [part];
}

/** The schema's type, or some of its types, with the keywords that restrict them. */
function typed(schema: JsonObject, type: unknown, drafts: Drafts): JsonObject {
  const names = (Array.isArray(type) ? type : [type]).flatMap((each) => keywordsOf(each as SimpleType, drafts));
  return { type, ...picked(schema, [...names, ...REMARKS]) };
}

/** Keywords tell of themselves for which types the schema says something: without "type", and beside it for the types that it does not name. */
function inferredTypes(schema: JsonObject, drafts: Drafts): JsonObject[] {
  const { type } = schema;
  const named = (Array.isArray(type) ? type : [type]).map((each) => (each === "integer" ? "number" : each) as SimpleType);
  const remarks = type === undefined ? REMARKS : [];
  return typesFor(schema, drafts)
    .filter((each) => !named.includes(each))
    .map((each) => picked(schema, [...keywordsOf(each, drafts), ...remarks]));
}

function typesFor(schema: JsonObject, drafts: Drafts): SimpleType[] {
  const names = Object.keys(KEYWORDS) as SimpleType[];
  return names.filter((type) => keywordsOf(type, drafts).some((keyword) => saysSomething(schema, keyword, drafts)));
}

/** Of the type that the keyword is of. */
function saysSomething(schema: JsonObject, keyword: string, { draft }: Drafts): boolean {
  const value = schema[keyword];
  if (keyword === "minContains" || keyword === "maxContains") return value !== undefined && schema["contains"] !== undefined;
  if (draft >= REFERENCES_COMBINE && (keyword === "properties" || keyword === "patternProperties"))
    return isJsonObject(value) && Object.keys(value).length > 0;
  return value !== undefined;
}

function picked(schema: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.filter((name) => schema[name] !== undefined).map((name) => [name, schema[name]]));
}

function located(list: unknown, document: SchemaDocument): Located[] {
  return (list as readonly JsonSchemaValue[]).map((schema) => ({ schema, document }));
}
