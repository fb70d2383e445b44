// Where the references of JSON Schemas lead: every schema of some documents by its address ($id, id), anchors and dynamic anchors, for the
// validator. Draft rules: "$ref" hides what stands beside it up to draft 7; "id" is draft 4's "$id".
import { isJsonObject } from "../json-numbers.ts";
import { BadSchemaError } from "../schema-error.ts";

export type Draft = 4 | 6 | 7 | 2019 | 2020;
export type SchemaNode = Readonly<Record<string, unknown>>;

const MAX_SCHEMAS = 100_000;
const MAX_DEPTH = 500;
/** Keywords whose values are schemas or arrays of them: nowhere else is an address given. */
const SCHEMAS = new Set(
  `additionalProperties propertyNames unevaluatedProperties unevaluatedItems contentSchema items prefixItems additionalItems contains
   not if then else allOf anyOf oneOf`.split(/\s+/),
);
/** Keywords whose values are schemas by name. */
const SCHEMAS_BY_NAME = new Set(["properties", "patternProperties", "definitions", "$defs", "dependencies", "dependentSchemas"]);
const NOWHERE = "json-schema:/";

export function draftOf(schema: unknown, otherwise: Draft): Draft {
  const named = isJsonObject(schema) ? schema["$schema"] : undefined;
  const match = typeof named === "string" ? /draft[-/](0[4-7]|2019-09|2020-12)/.exec(named) : null;
  if (match === null) return otherwise;
  const year = Number(match[1]!.slice(0, match[1]!.length > 2 ? 4 : 2));
  return (year === 5 ? 4 : year) as Draft;
}

export class SchemaIndex {
  readonly #byAddress = new Map<string, unknown>();
  readonly #dynamic = new Map<string, unknown>();
  /** The address of the document (or part with an $id) in which a schema stands. */
  readonly #bases = new WeakMap<object, string>();
  readonly #draft: Draft;
  #schemas = 0;

  /** `others`: by the names under which they are referred to. Throws BadSchemaError for documents beyond the limits. */
  constructor(root: unknown, others: ReadonlyMap<string, unknown>, draft: Draft) {
    this.#draft = draft;
    for (const [name, other] of others) this.#add(other, resolved(name, NOWHERE), true, 0);
    this.#add(root, NOWHERE, true, 0);
  }

  baseOf(schema: object): string {
    return this.#bases.get(schema) ?? NOWHERE;
  }

  /** undefined: it leads nowhere. */
  target(reference: string, base: string): unknown {
    const full = resolved(reference, base);
    const hash = full.indexOf("#");
    const [address, fragment] = hash < 0 ? [full, ""] : [full.slice(0, hash), full.slice(hash + 1)];
    if (fragment === "") return this.#byAddress.get(address);
    if (!fragment.startsWith("/")) return this.#byAddress.get(`${address}#${fragment}`);
    return this.#byPointer(this.#byAddress.get(address), fragment, address);
  }

  dynamic(base: string, anchor: string): unknown {
    return this.#dynamic.get(`${base}#${anchor}`);
  }

  resource(base: string): unknown {
    return this.#byAddress.get(base);
  }

  #byPointer(root: unknown, pointer: string, address: string): unknown {
    let at = root;
    let base = address;
    for (const part of pointer.split("/").slice(1)) {
      const key = unescaped(part);
      if (Array.isArray(at)) at = at[Number(key)];
      else if (isJsonObject(at) && Object.hasOwn(at, key)) at = at[key];
      else return undefined;
      if (isJsonObject(at)) base = this.#bases.get(at) ?? base;
    }
    // A schema under a name that no keyword has.
    if (isJsonObject(at) && !this.#bases.has(at)) this.#add(at, base, false, 0);
    return at;
  }

  #add(schema: unknown, base: string, isRoot: boolean, depth: number): void {
    if (!isJsonObject(schema)) {
      if (isRoot) this.#byAddress.set(base, schema);
      return;
    }
    if (++this.#schemas > MAX_SCHEMAS || depth > MAX_DEPTH)
      throw new BadSchemaError(`The JSON Schema has more than ${MAX_SCHEMAS} parts or ${MAX_DEPTH} levels.`);
    if (isRoot) this.#byAddress.set(base, schema);
    const own = this.#ownAddress(schema, base);
    this.#bases.set(schema, own);
    for (const keyword of ["$anchor", "$dynamicAnchor"]) {
      const anchor = this.#draft >= 2019 ? schema[keyword] : undefined;
      if (typeof anchor !== "string") continue;
      this.#byAddress.set(`${own}#${anchor}`, schema);
      if (keyword === "$dynamicAnchor") this.#dynamic.set(`${own}#${anchor}`, schema);
    }
    for (const [keyword, value] of Object.entries(schema)) {
      if (SCHEMAS.has(keyword)) this.#addChildren(value, own, depth);
      else if (SCHEMAS_BY_NAME.has(keyword) && isJsonObject(value)) this.#addChildren(Object.values(value), own, depth);
    }
  }

  #addChildren(value: unknown, base: string, depth: number): void {
    if (Array.isArray(value)) for (const each of value) this.#addChildren(each, base, depth + 1);
    else if (isJsonObject(value)) this.#add(value, base, false, depth + 1);
  }

  #ownAddress(schema: SchemaNode, base: string): string {
    const id = schema[this.#draft === 4 ? "id" : "$id"];
    if (typeof id !== "string" || (this.#draft <= 7 && typeof schema["$ref"] === "string")) return base;
    if (id.startsWith("#")) {
      this.#byAddress.set(base + id, schema);
      return base;
    }
    const own = resolved(id, base).replace(/#$/, "");
    this.#byAddress.set(own, schema);
    return own;
  }
}

function resolved(reference: string, base: string): string {
  return URL.parse(reference, base)?.href ?? reference;
}

function unescaped(part: string): string {
  let text = part;
  try {
    text = decodeURIComponent(part);
  } catch {
    // as it is
  }
  return text.replaceAll("~1", "/").replaceAll("~0", "~");
}
