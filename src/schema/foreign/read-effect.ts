// Effect 4's Schema as a type, by its syntax tree, and its checks, which it carries in the tree.
import { fieldValue } from "../field-value.ts";
import { BadSchemaError } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { noType, refusalOf } from "./foreign-notes.ts";
import { ForeignReader, pathOf } from "./foreign-reader.ts";

interface Check {
  readonly _tag: "Filter" | "FilterGroup";
  readonly checks?: readonly Check[];
  readonly annotations?: { readonly expected?: unknown; readonly representation?: { readonly id?: unknown } };
  run?(value: unknown, ast: EffectAst, options: object): unknown;
}

export interface EffectAst {
  readonly _tag: string;
  readonly annotations?: Readonly<Record<string, unknown>>;
  readonly checks?: readonly Check[];
  readonly encoding?: unknown;
  readonly context?: { readonly isOptional?: boolean };
  readonly [name: string]: unknown;
}

interface Property {
  readonly name: PropertyKey;
  readonly type: EffectAst;
}

const UUID = "effect/schema/isUUID";
const INTEGER = "effect/schema/isInt";

export function effectAst(schema: unknown): EffectAst | undefined {
  const { ast } = schema as { readonly ast?: EffectAst };
  if (typeof ast?._tag !== "string") return undefined;
  if ("~effect/Schema" in ast) return ast;
  throw new BadSchemaError(
    "This schema is of an Effect before version 4. Instead: use Effect 4, or what its JSONSchema.make(schema) gives.",
  );
}

export class EffectReader extends ForeignReader<EffectAst> {
  protected nodeOf(ast: EffectAst, path: string, name: string): TypeInfo {
    if (ast.encoding !== undefined) throw refusalOf("transformation", path);
    switch (ast._tag) {
      case "String":
        return idsOf(ast.checks).includes(UUID) ? { kind: "string", logical: "uuid" } : { kind: "string" };
      case "TemplateLiteral":
        return { kind: "string" };
      case "Number":
        return { kind: idsOf(ast.checks).includes(INTEGER) ? "long" : "double" };
      case "Boolean":
        return { kind: "boolean" };
      case "BigInt":
        return { kind: "bigint" };
      case "Literal":
        return this.literals([ast["literal"]], path);
      case "Enum":
        return this.literals(
          (ast["enums"] as readonly (readonly [string, unknown])[]).map(([, value]) => value),
          path,
        );
      case "Suspend":
        return this.of((ast["thunk"] as () => EffectAst)(), path, name);
      case "Union":
        return this.union(ast["types"] as readonly EffectAst[], ({ _tag }) => _tag, path, name);
      case "Arrays":
        return this.#array(ast, path, name);
      case "Objects":
        return this.#object(ast, path, name);
      case "Declaration":
        throw refusalOf(declared(ast) ?? "declaration", path);
      default:
        throw refusalOf(ast._tag, path);
    }
  }

  #array(ast: EffectAst, path: string, name: string): TypeInfo {
    const { elements, rest } = ast as unknown as { readonly elements: readonly unknown[]; readonly rest: readonly EffectAst[] };
    if (elements.length > 0 || rest.length !== 1) throw refusalOf("tuple", path);
    return { kind: "array", of: this.of(rest[0]!, `${path}[]`, `${name}_item`) };
  }

  #object(ast: EffectAst, path: string, name: string): TypeInfo {
    const { propertySignatures, indexSignatures } = ast as unknown as ObjectsAst;
    if (indexSignatures.length > 0) {
      if (propertySignatures.length > 0)
        throw noType(path, "it has fields and others beside them", "put the others into a record of their own");
      const [index] = indexSignatures;
      if (index!.parameter._tag !== "String") throw noType(path, "its keys are not any text", "use a struct with a field for each key");
      return this.notes.object(this.of(index!.type, `${path}[]`, `${name}_value`));
    }
    const own = ast.annotations?.["title"] ?? ast.annotations?.["identifier"];
    const record = typeof own === "string" && own !== "" ? own : name;
    const fields = propertySignatures.map(({ name: field, type }) => {
      if (typeof field !== "string") throw noType(path, "the name of a field is a symbol", "use text");
      const of = this.of(type, pathOf(path, field), `${record}_${field}`);
      return { name: field, type: type.context?.isOptional === true ? this.notes.optional(of, "undefined") : of };
    });
    return { kind: "record", name: record, fields };
  }
}

interface ObjectsAst {
  readonly propertySignatures: readonly Property[];
  readonly indexSignatures: readonly { readonly parameter: EffectAst; readonly type: EffectAst }[];
}

function declared(ast: EffectAst): string | undefined {
  const id = (ast.annotations?.["representation"] as { readonly id?: unknown } | undefined)?.id;
  return id === "effect/schema/Date" ? "date" : undefined;
}

function idsOf(checks: readonly Check[] | undefined): readonly unknown[] {
  return (checks ?? []).flatMap((check) => [check.annotations?.representation?.id, ...idsOf(check.checks)]);
}

export interface Failure {
  readonly path: string;
  readonly reason: string;
}

/** The first check that the value fails; `value` has the shape. */
export function effectFailure(ast: EffectAst, value: unknown, path = ""): Failure | undefined {
  const inside = insideOf(ast, value, path);
  return inside ?? failed(ast.checks, ast, value, path);
}

function failed(checks: readonly Check[] | undefined, ast: EffectAst, value: unknown, path: string): Failure | undefined {
  for (const check of checks ?? []) {
    const within = failed(check.checks, ast, value, path);
    if (within !== undefined) return within;
    if (check.run?.(value, ast, {}) === undefined) continue;
    const { expected } = check.annotations ?? {};
    return { path, reason: typeof expected === "string" ? `expected ${expected}` : "a check of it failed" };
  }
  return undefined;
}

function insideOf(ast: EffectAst, value: unknown, path: string): Failure | undefined {
  switch (ast._tag) {
    case "Suspend":
      return effectFailure((ast["thunk"] as () => EffectAst)(), value, path);
    case "Union":
      return memberFailure(ast["types"] as readonly EffectAst[], value, path);
    case "Arrays": {
      const [item] = ast["rest"] as readonly EffectAst[];
      for (const [index, each] of (value as readonly unknown[]).entries()) {
        const inside = effectFailure(item!, each, `${path}[${index}]`);
        if (inside !== undefined) return inside;
      }
      return undefined;
    }
    case "Objects":
      return objectFailure(ast as unknown as ObjectsAst, value as object, path);
    default:
      return undefined;
  }
}

function objectFailure({ propertySignatures, indexSignatures }: ObjectsAst, value: object, path: string): Failure | undefined {
  for (const { name, type } of propertySignatures) {
    const of = fieldValue(value, name as string);
    const inside = of === undefined ? undefined : effectFailure(type, of, pathOf(path, name as string));
    if (inside !== undefined) return inside;
  }
  for (const { type } of indexSignatures)
    for (const [key, of] of Object.entries(value)) {
      const inside = effectFailure(type, of, pathOf(path, key));
      if (inside !== undefined) return inside;
    }
  return undefined;
}

/** It passes if one member that has its shape takes it. */
function memberFailure(members: readonly EffectAst[], value: unknown, path: string): Failure | undefined {
  let failure: Failure | undefined;
  for (const member of members) {
    if (!looksLike(member, value)) continue;
    const inside = effectFailure(member, value, path);
    if (inside === undefined) return undefined;
    failure ??= inside;
  }
  return failure;
}

function looksLike(ast: EffectAst, value: unknown): boolean {
  switch (ast._tag) {
    case "Null":
      return value === null;
    case "Undefined":
    case "Void":
      return value === undefined;
    case "Literal":
      return value === ast["literal"];
    case "Objects": {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
      return (ast as unknown as ObjectsAst).propertySignatures.every(({ name, type }) => {
        const of = fieldValue(value, name as string);
        return of === undefined ? type.context?.isOptional === true : type._tag !== "Literal" || of === type["literal"];
      });
    }
    case "Arrays":
      return Array.isArray(value);
    case "Union":
      return (ast["types"] as readonly EffectAst[]).some((member) => looksLike(member, value));
    case "Suspend":
      return looksLike((ast["thunk"] as () => EffectAst)(), value);
    default:
      return typeof value === ast._tag.toLowerCase() || ast._tag === "TemplateLiteral" || ast._tag === "Enum";
  }
}
