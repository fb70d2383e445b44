// Can values of one type be values of another at all? By what mismatch.ts demands of values: field by field, whatever the names of records,
// and numbers, texts and lists that overlap pass, since the value decides. Invariant: where this finds a misfit, no value fits, except one
// that has nothing at that place (an empty list, a missing optional).
import { fitsScalar } from "./mismatch.ts";
import { fieldPath } from "./schema-error.ts";
import type { TypeInfo } from "./type-info.ts";
import { typeName } from "./type-names.ts";

export interface Misfit {
  /** "" for the value itself; "[]" stands for all elements of an array or map. */
  readonly path: string;
  /** Type names. */
  readonly from: string;
  readonly to: string;
}

type RecordType = TypeInfo & { readonly kind: "record" };

const NUMBERS: ReadonlySet<TypeInfo["kind"]> = new Set(["int", "long", "double", "timestamp"]);

/** undefined: some values of `from` may be values of `to`. */
export function misfit(from: TypeInfo, to: TypeInfo): Misfit | undefined {
  if (from.kind === "optional") return misfit(from.of, to);
  if (to.kind === "optional") return misfit(from, to.of);
  if (from.kind === "union") return from.of.every((member) => misfit(member, to) !== undefined) ? here(from, to) : undefined;
  if (to.kind === "union") return to.of.every((member) => misfit(from, member) !== undefined) ? here(from, to) : undefined;
  if (from.kind === "record" && to.kind === "record") return ofRecords(from, to);
  if (from.kind === "array" && to.kind === "array") return inside("[]", misfit(from.of, to.of));
  if (from.kind === "map" && to.kind === "map")
    return inside("[].key", misfit(from.key, to.key)) ?? inside("[]", misfit(from.value, to.value));
  return overlap(from, to) ? undefined : here(from, to);
}

function ofRecords(from: RecordType, to: RecordType): Misfit | undefined {
  for (const { name, type } of to.fields) {
    const given = from.fields.find((field) => field.name === name);
    if (given === undefined && type.kind === "optional") continue;
    if (given === undefined) return { path: fieldPath(name, ""), from: "nothing", to: typeName(type) };
    const found = misfit(given.type, type);
    if (found !== undefined) return { ...found, path: fieldPath(name, found.path) };
  }
  return undefined;
}

/** Of scalars, and of kinds that differ. */
function overlap(from: TypeInfo, to: TypeInfo): boolean {
  if (NUMBERS.has(from.kind) && NUMBERS.has(to.kind)) return true;
  if (from.kind === "literal") return from.values.some((value) => fitsScalar(to, value));
  if (to.kind === "literal") return to.values.some((value) => fitsScalar(from, value));
  if (from.kind === "bytes" && to.kind === "bytes") return from.size === undefined || to.size === undefined || from.size === to.size;
  return kindOfText(from) === kindOfText(to);
}

/** A decimal is a text. */
function kindOfText({ kind }: TypeInfo): TypeInfo["kind"] {
  return kind === "decimal" ? "string" : kind;
}

function here(from: TypeInfo, to: TypeInfo): Misfit {
  return { path: "", from: typeName(from), to: typeName(to) };
}

function inside(step: string, found: Misfit | undefined): Misfit | undefined {
  if (found === undefined) return undefined;
  const { path } = found;
  return { ...found, path: path === "" || path.startsWith("[") ? step + path : `${step}.${path}` };
}
