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
const UINT8_ARRAY = "effect/schema/Uint8Array";
const MAP = "effect/schema/ReadonlyMap";

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
        return this.#declared(ast, path, name);
      default:
        throw refusalOf(ast._tag, path);
    }
  }

  #array(ast: EffectAst, path: string, name: string): TypeInfo {
    const { elements, rest } = ast as unknown as ArraysAst;
    // NonEmptyArray(of) is [of, ...of].
    if (rest.length !== 1 || !elements.every((each) => each === rest[0])) throw refusalOf("tuple", path);
    return { kind: "array", of: this.of(rest[0]!, `${path}[]`, `${name}_item`) };
  }

  #declared(ast: EffectAst, path: string, name: string): TypeInfo {
    const [key, value] = (ast["typeParameters"] ?? []) as readonly EffectAst[];
    switch (idOf(ast)) {
      case UINT8_ARRAY:
        return { kind: "bytes" };
      case MAP:
        return {
          kind: "map",
          key: this.key(this.of(key!, `${path}[]`, `${name}_key`), path),
          value: this.of(value!, `${path}[]`, `${name}_value`),
        };
      case "effect/schema/Date":
        throw refusalOf("date", path);
      case "effect/schema/ReadonlySet":
        throw refusalOf("set", path);
      default:
        throw refusalOf("declaration", path);
    }
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

interface ArraysAst {
  readonly elements: readonly EffectAst[];
  readonly rest: readonly EffectAst[];
}

function idOf(ast: EffectAst): unknown {
  return (ast.annotations?.["representation"] as { readonly id?: unknown } | undefined)?.id;
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
    case "Literal":
      return value === ast["literal"] ? undefined : { path, reason: `expected ${JSON.stringify(String(ast["literal"]))}` };
    case "Enum": {
      const enums = ast["enums"] as readonly (readonly [string, unknown])[];
      return enums.some(([, each]) => each === value) ? undefined : { path, reason: "expected a value of the enum" };
    }
    case "TemplateLiteral":
      return matchesTemplate(ast, value as string) ? undefined : { path, reason: "expected a text of the template" };
    case "Arrays":
      return arrayFailure(ast as unknown as ArraysAst, value as readonly unknown[], path);
    case "Declaration":
      return idOf(ast) === MAP ? mapFailure(ast, value as ReadonlyMap<unknown, unknown>, path) : undefined;
    case "Objects":
      return objectFailure(ast as unknown as ObjectsAst, value as object, path);
    default:
      return undefined;
  }
}

function arrayFailure({ elements, rest }: ArraysAst, values: readonly unknown[], path: string): Failure | undefined {
  if (values.length < elements.length) return { path, reason: `expected at least ${elements.length} items` };
  for (const [index, each] of values.entries()) {
    const inside = effectFailure(rest[0]!, each, `${path}[${index}]`);
    if (inside !== undefined) return inside;
  }
  return undefined;
}

function mapFailure(ast: EffectAst, map: ReadonlyMap<unknown, unknown>, path: string): Failure | undefined {
  const [key, value] = ast["typeParameters"] as readonly [EffectAst, EffectAst];
  let index = 0;
  for (const [name, of] of map) {
    const inside = effectFailure(key, name, `${path}[${index}].key`) ?? effectFailure(value, of, `${path}[${index}]`);
    if (inside !== undefined) return inside;
    index++;
  }
  return undefined;
}

function objectFailure({ propertySignatures, indexSignatures }: ObjectsAst, value: object, path: string): Failure | undefined {
  for (const { name, type } of propertySignatures) {
    const of = fieldValue(value, name as string);
    const inside = of === undefined ? undefined : effectFailure(type, of, pathOf(path, name as string));
    if (inside !== undefined) return inside;
  }
  for (const { parameter, type } of indexSignatures)
    for (const [key, of] of Object.entries(value)) {
      const inside = effectFailure(parameter, key, pathOf(path, key)) ?? effectFailure(type, of, pathOf(path, key));
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

const templates = new WeakMap<EffectAst, RegExp>();

function matchesTemplate(ast: EffectAst, text: string): boolean {
  let pattern = templates.get(ast);
  if (pattern === undefined) templates.set(ast, (pattern = new RegExp(`^(?:${partPattern(ast)})$`)));
  return pattern.test(text);
}

/** What a part of a template may be, as a regular expression. */
function partPattern(ast: EffectAst): string {
  switch (ast._tag) {
    case "Literal":
      return String(ast["literal"]).replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
    case "Number":
      return String.raw`[+-]?\d*\.?\d+(?:[Ee][+-]?\d+)?`;
    case "BigInt":
      return String.raw`-?\d+`;
    case "Union":
      return `(?:${(ast["types"] as readonly EffectAst[]).map(partPattern).join("|")})`;
    case "TemplateLiteral":
      return (ast["parts"] as readonly EffectAst[]).map(partPattern).join("");
    default:
      return String.raw`[\s\S]*?`;
  }
}
