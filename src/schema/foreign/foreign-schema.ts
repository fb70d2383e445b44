// Schemas of Zod, Valibot, ArkType, Effect and TypeBox as ours, found by their shape: none of the libraries is imported. What a type cannot
// say is refused with its path and what to write instead; nothing becomes "anything". Standard Schema 1, Standard JSON Schema 1.
import { jsonSchemaToType, REFUSED_KEYWORD } from "../json-schema/json-schema-to-type.ts";
import { jsonSchemaValidator } from "../json-schema/json-schema-validator.ts";
import { BadSchemaError, type Mismatch } from "../schema-error.ts";
import { isSchema, schemaOf } from "../t.ts";
import type { Schema, TypeInfo } from "../type-info.ts";
import { setValueCheck } from "../value-check.ts";
import { ForeignNotes, handBack, type HandBack } from "./foreign-notes.ts";
import type { AnySchema, TypeOf } from "./foreign-types.ts";
import { pathOf } from "./foreign-reader.ts";
import { effectAst, effectFailure, EffectReader, type EffectAst } from "./read-effect.ts";
import { isValibot, ValibotReader } from "./read-valibot.ts";
import { isZod, ZodReader } from "./read-zod.ts";

interface Standard {
  readonly vendor: string;
  readonly validate?: (value: unknown) => unknown;
  readonly jsonSchema?: { output(options: { readonly target: string }): unknown };
}

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[];
}

interface Read {
  readonly type: TypeInfo;
  readonly check: (value: unknown) => Mismatch | undefined;
}

const NAME = "Value";
const known = new WeakMap<object, Schema<unknown>>();

/** Throws BadSchemaError for a schema that has no counterpart. */
export function schemaFrom<S extends AnySchema>(schema: S): Schema<TypeOf<S>> {
  const found = schemaGiven(schema);
  if (found === undefined)
    throw new BadSchemaError("schemaFrom(schema): a schema of t, Zod, Valibot, ArkType, Effect or TypeBox is wanted.");
  return found as Schema<TypeOf<S>>;
}

/** What the user gave as a schema; undefined: it is none. Throws BadSchemaError for one that has no counterpart. */
export function schemaGiven(given: unknown): Schema<unknown> | undefined {
  if (isSchema(given)) return given;
  if ((typeof given !== "object" || given === null) && typeof given !== "function") return undefined;
  let schema = known.get(given);
  if (schema !== undefined) return schema;
  const read = readForeign(given);
  if (read === undefined) return undefined;
  // Of its own: the check belongs to it, and a scalar's type may stand elsewhere, too.
  const type = Object.freeze({ ...read.type });
  setValueCheck(type, read.check);
  schema = schemaOf(type);
  known.set(given, schema);
  return schema;
}

function readForeign(given: object): Read | undefined {
  const notes = new ForeignNotes();
  const standard = (given as { readonly "~standard"?: Standard })["~standard"];
  if (isZod(given)) return standardRead(new ZodReader(notes).of(given, "", NAME), notes, standard);
  if (isValibot(given)) return standardRead(new ValibotReader(notes).of(given, "", NAME), notes, standard);
  const ast = effectAst(given);
  if (ast !== undefined) return effectRead(new EffectReader(notes).of(ast, "", NAME), notes, ast);
  if (standard !== undefined) {
    const type = jsonSchemaToType(standardJsonSchema(given, standard), { notes, refuseDefaults: standard.vendor === "arktype" });
    return standardRead(type, notes, standard);
  }
  if (!isJsonSchema(given)) return undefined;
  const validate = jsonSchemaValidator(given, { formats: true });
  return checkedBy(jsonSchemaToType(given, { notes }), notes, (value) => {
    const failure = validate(value);
    return failure === undefined ? undefined : mismatch(failure.path, failure.reason);
  });
}

/** TypeBox's types are JSON Schemas; so is what JSONSchema.make() and the like return. */
function isJsonSchema(given: object): boolean {
  if ("~kind" in given || Object.getOwnPropertySymbols(given).some((symbol) => symbol.description === "TypeBox.Kind")) return true;
  return "$schema" in given || (typeof (given as { type?: unknown }).type === "string" && "properties" in given);
}

function standardJsonSchema(given: object, standard: Standard): unknown {
  // ArkType says where something cannot be said; what it is, is put there.
  const { toJsonSchema } = given as { readonly toJsonSchema?: (options: object) => unknown };
  if (standard.vendor === "arktype" && toJsonSchema !== undefined) return toJsonSchema.call(given, { fallback: arkFallback });
  if (standard.jsonSchema === undefined)
    throw new BadSchemaError(
      `A schema of ${standard.vendor} does not say what it is (Standard JSON Schema). Instead: use a newer version of it, or its JSON Schema.`,
    );
  try {
    return standard.jsonSchema.output({ target: "draft-2020-12" });
  } catch (error) {
    throw new BadSchemaError(`The schema has no JSON Schema: ${(error as Error).message} (${standard.vendor}).`);
  }
}

interface ArkFallback {
  readonly code: string;
  readonly base: object;
  readonly domain?: string;
  readonly proto?: { readonly name?: string };
}

function arkFallback({ code, base, domain, proto }: ArkFallback): object {
  if (domain === "bigint") return { type: "bigint" };
  if (code === "predicate" || code === "patternIntersection") return base;
  if (code === "unit") return { type: "undefined" };
  if (proto?.name === "Uint8Array") return { type: "Uint8Array" };
  return { [REFUSED_KEYWORD]: domain ?? (code === "morph" ? "transform" : code === "proto" ? (proto?.name ?? "instance") : code) };
}

function standardRead(type: TypeInfo, notes: ForeignNotes, standard: Standard | undefined): Read {
  const { validate, vendor = "schema" } = standard ?? {};
  if (validate === undefined) return { type, check: () => undefined };
  return checkedBy(type, notes, (value) => {
    const result = validate(value) as { readonly issues?: readonly Issue[]; readonly then?: unknown };
    if (typeof result.then === "function")
      throw new BadSchemaError(
        `The ${vendor} schema checks values asynchronously. Instead: call what it asks in .mapAsync() of the pipeline.`,
      );
    const issue = result.issues?.[0];
    if (issue === undefined) return undefined;
    const path = (issue.path ?? []).map((part) => (typeof part === "object" ? part.key : part));
    return mismatch(
      path.reduce<string>((at, part) => (typeof part === "number" ? `${at}[${part}]` : pathOf(at, String(part))), ""),
      issue.message,
    );
  });
}

function effectRead(type: TypeInfo, notes: ForeignNotes, ast: EffectAst): Read {
  return checkedBy(type, notes, (value) => {
    const failure = effectFailure(ast, value);
    return failure === undefined ? undefined : mismatch(failure.path, failure.reason);
  });
}

function checkedBy(type: TypeInfo, notes: ForeignNotes, check: (value: unknown) => Mismatch | undefined): Read {
  const back: HandBack = handBack(type, notes);
  return { type, check: (value) => check(back(value)) };
}

function mismatch(path: string, reason: string): Mismatch {
  return { path, expected: "a value that passes the schema's checks", got: `one that fails: ${reason}` };
}
