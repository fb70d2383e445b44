// Holds JSON values to a JSON Schema (drafts 4 to 2020-12) by walking over it: schema text never becomes code. Depth and steps are bounded, so
// that no schema and no value can keep it busy; texts beyond MAX_MATCHED_LENGTH are not matched with a pattern but refused.
import { isJsonObject } from "../json-numbers.ts";
import { draftOf, SchemaIndex, type Draft, type SchemaNode } from "./schema-index.ts";
import { Seen, type Failure, type Walk } from "./json-validation.ts";
import { arrayFailure } from "./validate-array.ts";
import { objectFailure } from "./validate-object.ts";
import { scalarFailure } from "./validate-scalar.ts";

export interface ValidatorOptions {
  /** Other documents by the names under which they are referred to. */
  readonly others?: ReadonlyMap<string, unknown>;
  /** Where $schema does not say. Default 2020. */
  readonly draft?: Draft;
  /** "format" is checked where it is known here, not only a remark. Default false. */
  readonly formats?: boolean;
}

const MAX_DEPTH = 300;
const MAX_STEPS = 1_000_000;

/** The first failure; undefined: none. The schema is read once. Throws BadSchemaError for a schema beyond the limits. */
export function jsonSchemaValidator(schema: unknown, options: ValidatorOptions = {}): (value: unknown) => Failure | undefined {
  const draft = draftOf(schema, options.draft ?? 2020);
  const index = new SchemaIndex(schema, options.others ?? new Map(), draft);
  return (value) => new Pass(index, draft, options.formats ?? false).check(schema, value, "", new Seen());
}

class Pass implements Walk {
  readonly draft: Draft;
  readonly formats: boolean;
  readonly #index: SchemaIndex;
  /** Addresses of the documents that led here, outermost first. */
  readonly #scope: string[] = [];
  #depth = 0;
  #steps = 0;

  constructor(index: SchemaIndex, draft: Draft, formats: boolean) {
    this.#index = index;
    this.draft = draft;
    this.formats = formats;
  }

  check(schema: unknown, value: unknown, path: string, seen: Seen): Failure | undefined {
    if (schema === true) return undefined;
    if (!isJsonObject(schema)) return { path, reason: "nothing is allowed here" };
    if (++this.#steps > MAX_STEPS) return { path, reason: `checking it took more than ${MAX_STEPS} steps` };
    if (this.#depth >= MAX_DEPTH) return { path, reason: `the schema leads more than ${MAX_DEPTH} levels deep` };
    this.#depth++;
    this.#scope.push(this.#index.baseOf(schema));
    // What stands beside a schema has been looked at elsewhere: it counts for its parent only.
    const own = this.draft >= 2019 ? new Seen() : seen;
    const failure = this.#node(schema, value, path, own);
    if (failure === undefined && own !== seen) seen.add(own);
    this.#scope.pop();
    this.#depth--;
    return failure;
  }

  #node(schema: SchemaNode, value: unknown, path: string, seen: Seen): Failure | undefined {
    const reference = this.#reference(schema, value, path, seen);
    if (reference !== undefined) return reference;
    if (this.draft <= 7 && typeof schema["$ref"] === "string") return undefined;
    return (
      scalarFailure(schema, value, path, this) ??
      this.#combined(schema, value, path, seen) ??
      (Array.isArray(value)
        ? arrayFailure(schema, value, path, seen, this)
        : isJsonObject(value)
          ? objectFailure(schema, value, path, seen, this)
          : undefined)
    );
  }

  #reference(schema: SchemaNode, value: unknown, path: string, seen: Seen): Failure | undefined {
    const { $ref, $dynamicRef, $recursiveRef } = schema;
    const base = this.#index.baseOf(schema);
    if (typeof $ref === "string") {
      const failure = this.#follow($ref, this.#index.target($ref, base), value, path, seen);
      if (failure !== undefined) return failure;
    }
    if (this.draft === 2020 && typeof $dynamicRef === "string")
      return this.#follow($dynamicRef, this.#dynamicTarget($dynamicRef, base), value, path, seen);
    if (this.draft === 2019 && $recursiveRef === "#") return this.#follow("#", this.#recursiveTarget(base), value, path, seen);
    return undefined;
  }

  #follow(reference: string, target: unknown, value: unknown, path: string, seen: Seen): Failure | undefined {
    if (target === undefined) return { path, reason: `the schema refers to ${JSON.stringify(reference)}, which is not there` };
    return this.check(target, value, path, seen);
  }

  #dynamicTarget(reference: string, base: string): unknown {
    const target = this.#index.target(reference, base);
    const anchor = reference.slice(reference.indexOf("#") + 1);
    if (!isJsonObject(target) || target["$dynamicAnchor"] !== anchor) return target;
    for (const each of this.#scope) {
      const outer = this.#index.dynamic(each, anchor);
      if (outer !== undefined) return outer;
    }
    return target;
  }

  #recursiveTarget(base: string): unknown {
    const target = this.#index.resource(base);
    if (!isJsonObject(target) || target["$recursiveAnchor"] !== true) return target;
    const outer = this.#scope
      .map((each) => this.#index.resource(each))
      .find((each) => isJsonObject(each) && each["$recursiveAnchor"] === true);
    return outer ?? target;
  }

  #combined(schema: SchemaNode, value: unknown, path: string, seen: Seen): Failure | undefined {
    const { allOf, anyOf, oneOf, not } = schema;
    if (Array.isArray(allOf))
      for (const each of allOf) {
        const failure = this.check(each, value, path, seen);
        if (failure !== undefined) return failure;
      }
    const failure = this.#choice(anyOf, false, value, path, seen) ?? this.#choice(oneOf, true, value, path, seen);
    if (failure !== undefined) return failure;
    if (not !== undefined && this.check(not, value, path, new Seen()) === undefined) return { path, reason: "what `not` excludes" };
    return this.draft >= 7 && schema["if"] !== undefined ? this.#conditional(schema, value, path, seen) : undefined;
  }

  #choice(choices: unknown, isOne: boolean, value: unknown, path: string, seen: Seen): Failure | undefined {
    if (!Array.isArray(choices)) return undefined;
    let fitting = 0;
    let first: Failure | undefined;
    for (const each of choices) {
      const inside = new Seen();
      const failure = this.check(each, value, path, inside);
      if (failure === undefined) {
        fitting++;
        seen.add(inside);
      } else if (first === undefined || (first.isAnother === true && failure.isAnother !== true)) first = failure;
    }
    if (fitting === 0) {
      if (choices.length === 1 || (first !== undefined && first.isAnother !== true)) return first;
      return { path, reason: `none of ${choices.length} choices fits`, isAnother: true };
    }
    return isOne && fitting > 1 ? { path, reason: `${fitting} of the choices of oneOf fit` } : undefined;
  }

  #conditional(schema: SchemaNode, value: unknown, path: string, seen: Seen): Failure | undefined {
    const inside = new Seen();
    const holds = this.check(schema["if"], value, path, inside) === undefined;
    if (holds) seen.add(inside);
    const next = schema[holds ? "then" : "else"];
    return next === undefined ? undefined : this.check(next, value, path, seen);
  }
}
