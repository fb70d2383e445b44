// Values that were kept as one type, as another that came after it: state outlives the code that declared it. A record may gain optional fields,
// lose fields and order them anew; numbers widen; one value becomes one of several; anything may become optional. Everything else is refused,
// with its path. Invariant: what convert() makes of a value of `stored` fits `declared`.
import { fieldValue, setField } from "./field-value.ts";
import { fieldPath } from "./schema-error.ts";
import type { TypeInfo } from "./type-info.ts";
import { sameType, typeName } from "./type-names.ts";
import { variantOfValue } from "./union-variants.ts";

export type Convert = (value: unknown) => unknown;

export type Evolution =
  | { readonly convert: Convert; readonly refusal?: undefined }
  /** `path`: "" for the value itself. */
  | { readonly refusal: { readonly path: string; readonly reason: string } };

const SAME: Convert = (value) => value;
const TO_BIGINT: Convert = (value) => BigInt(value as number);
/** Numbers that take all of another kind; int and long are numbers in JavaScript, too. */
const WIDER: Readonly<Record<string, Convert>> = {
  "int long": SAME,
  "int double": SAME,
  "long double": SAME,
  "int bigint": TO_BIGINT,
  "long bigint": TO_BIGINT,
};

export function evolution(stored: TypeInfo, declared: TypeInfo): Evolution {
  if (sameType(stored, declared)) return { convert: SAME };
  if (declared.kind === "optional") {
    const inner = evolution(stored.kind === "optional" ? stored.of : stored, declared.of);
    if (inner.refusal !== undefined || stored.kind !== "optional") return inner;
    return { convert: (value) => (value === undefined ? undefined : inner.convert(value)) };
  }
  if (declared.kind === "union") return intoUnion(stored, declared);
  if (stored.kind === "record" && declared.kind === "record") return betweenRecords(stored, declared);
  if (stored.kind === "array" && declared.kind === "array") {
    const of = within(evolution(stored.of, declared.of), "[]");
    return of.refusal !== undefined ? of : { convert: (value) => (value as readonly unknown[]).map(of.convert) };
  }
  if (stored.kind === "map" && declared.kind === "map" && sameType(stored.key, declared.key)) {
    const of = within(evolution(stored.value, declared.value), "[]");
    if (of.refusal !== undefined) return of;
    return { convert: (value) => new Map([...(value as ReadonlyMap<unknown, unknown>)].map(([key, each]) => [key, of.convert(each)])) };
  }
  return scalarEvolution(stored, declared);
}

function scalarEvolution(stored: TypeInfo, declared: TypeInfo): Evolution {
  if (stored.kind === "literal" && declared.kind === "literal" && stored.values.every((value) => declared.values.includes(value)))
    return { convert: SAME };
  if (stored.kind === "literal" && declared.kind === "string" && declared.logical === undefined) return { convert: SAME };
  if (stored.kind === "decimal" && declared.kind === "decimal") {
    const isWider = declared.scale >= stored.scale && declared.precision - declared.scale >= stored.precision - stored.scale;
    return isWider ? { convert: SAME } : refused(stored, declared);
  }
  if (isFloat(stored) && declared.kind === "double") return { convert: SAME };
  const isPlain = !("logical" in stored && stored.logical !== undefined) && !("logical" in declared && declared.logical !== undefined);
  const convert = isPlain ? WIDER[`${stored.kind} ${declared.kind}`] : undefined;
  return convert === undefined ? refused(stored, declared) : { convert };
}

function isFloat(type: TypeInfo): boolean {
  return type.kind === "double" && type.logical === "float";
}

function betweenRecords(stored: TypeInfo & { readonly kind: "record" }, declared: TypeInfo & { readonly kind: "record" }): Evolution {
  if (stored.logical !== declared.logical) return refused(stored, declared);
  const fields: { readonly name: string; readonly convert: Convert }[] = [];
  for (const { name, type } of declared.fields) {
    const before = stored.fields.find((field) => field.name === name);
    if (before === undefined) {
      if (type.kind === "optional") continue;
      const reason = `it is new (${typeName(type)}), and what was kept has none: declare it as t.optional(…)`;
      return { refusal: { path: fieldPath(name, ""), reason } };
    }
    const of = evolution(before.type, type);
    if (of.refusal !== undefined) return { refusal: { path: fieldPath(name, of.refusal.path), reason: of.refusal.reason } };
    fields.push({ name, convert: of.convert });
  }
  return {
    convert(value) {
      const record = {};
      for (const { name, convert } of fields) setField(record, name, convert(fieldValue(value as object, name)));
      return record;
    },
  };
}

/** Each member becomes the one that is equal, or of its name, or the first that takes it. */
function intoUnion(stored: TypeInfo, declared: TypeInfo & { readonly kind: "union" }): Evolution {
  if (stored.kind !== "union") return memberEvolution(stored, declared);
  const members: Convert[] = [];
  for (const member of stored.of) {
    const of = memberEvolution(member, declared);
    if (of.refusal !== undefined) return of;
    members.push(of.convert);
  }
  return { convert: (value) => members[variantOfValue(stored, value)]!(value) };
}

function memberEvolution(stored: TypeInfo, declared: TypeInfo & { readonly kind: "union" }): Evolution {
  const same = declared.of.find((member) => sameType(member, stored));
  if (same !== undefined) return { convert: SAME };
  const named =
    stored.kind === "record" ? declared.of.find((member) => member.kind === "record" && member.name === stored.name) : undefined;
  if (named !== undefined) return evolution(stored, named);
  for (const member of declared.of) {
    const of = evolution(stored, member);
    if (of.refusal === undefined) return of;
  }
  return refused(stored, declared);
}

function within(inner: Evolution, path: string): Evolution {
  if (inner.refusal === undefined) return inner;
  const rest = inner.refusal.path;
  return { refusal: { ...inner.refusal, path: rest === "" || rest.startsWith("[") ? path + rest : `${path}.${rest}` } };
}

function refused(stored: TypeInfo, declared: TypeInfo): Evolution {
  return { refusal: { path: "", reason: `it was ${typeName(stored)} and is ${typeName(declared)} now` } };
}
