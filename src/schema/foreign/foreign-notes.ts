// What a foreign schema calls a value, where it is not what a row holds: null for what is absent, a plain object for a map of texts. Invariant:
// the schema's own validator gets from handBack() just what it would have read from a document.
import { setField } from "../field-value.ts";
import { fieldValue } from "../field-value.ts";
import { BadSchemaError } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { variantOfValue } from "../union-variants.ts";

/** Known by the identity of the type objects; the same scalar may stand in many places, these do not. */
export class ForeignNotes {
  /** Optional types whose absent value is null there. */
  readonly nullable = new WeakSet<TypeInfo>();
  /** Maps that are plain objects there. */
  readonly objects = new WeakSet<TypeInfo>();

  /** Absent as undefined, or as null. */
  optional(of: TypeInfo, as: "undefined" | "null"): TypeInfo {
    const inner = of.kind === "optional" ? of.of : of;
    const type: TypeInfo = { kind: "optional", of: inner };
    if (as === "null" || this.nullable.has(of)) this.nullable.add(type);
    return type;
  }

  object(value: TypeInfo): TypeInfo {
    const type: TypeInfo = { kind: "map", key: { kind: "string" }, value };
    this.objects.add(type);
    return type;
  }
}

export type HandBack = (value: unknown) => unknown;

const SAME: HandBack = (value) => value;

/** Compiled once per schema. `missing`: names of record fields that are left out when absent; others are null if they may be. */
export function handBack(type: TypeInfo, notes: ForeignNotes): HandBack {
  switch (type.kind) {
    case "optional": {
      const of = handBack(type.of, notes);
      const absent = notes.nullable.has(type) ? null : undefined;
      return (value) => (value === undefined || value === null ? absent : of(value));
    }
    case "record":
      return record(type, notes);
    case "array": {
      const of = handBack(type.of, notes);
      return of === SAME ? SAME : (value) => (value as readonly unknown[]).map(of);
    }
    case "map": {
      const of = handBack(type.value, notes);
      if (notes.objects.has(type)) return (value) => plainObject(value as ReadonlyMap<string, unknown>, of);
      return of === SAME ? SAME : (value) => new Map([...(value as ReadonlyMap<unknown, unknown>)].map(([key, each]) => [key, of(each)]));
    }
    case "union": {
      const members = type.of.map((member) => handBack(member, notes));
      return (value) => members[variantOfValue(type, value)]?.(value) ?? value;
    }
    default:
      return SAME;
  }
}

function record(type: TypeInfo & { readonly kind: "record" }, notes: ForeignNotes): HandBack {
  const fields = type.fields.map((field) => ({ name: field.name, back: handBack(field.type, notes) }));
  return (value) => {
    const object = {};
    for (const { name, back } of fields) {
      const of = back(fieldValue(value as object, name));
      if (of !== undefined) setField(object, name, of);
    }
    return object;
  };
}

function plainObject(map: ReadonlyMap<string, unknown>, of: HandBack): object {
  const object = {};
  for (const [key, value] of map) setField(object, key, of(value));
  return object;
}

/** A part of a foreign schema that no type can say. `path` "": the schema itself. */
export function noType(path: string, reason: string, fix: string): BadSchemaError {
  return new BadSchemaError(`The schema has no counterpart as a type${path === "" ? "" : ` at ${path}`}: ${reason}. Instead: ${fix}.`);
}

/** Refused everywhere for the same reasons, under each library's own name. */
export function refusalOf(what: string, path: string): BadSchemaError {
  const [reason, fix] = REFUSALS[what.replaceAll("_", "").toLowerCase()] ?? [
    `"${what}" is nothing that can be stored`,
    "say it with strings, numbers, arrays and objects",
  ];
  return noType(path, reason, fix);
}

const ANYTHING = ["it allows anything", "say what it is"] as const;
const NO_DATA = ["it is no data", "leave it out"] as const;
const TUPLE = ["it is a tuple", "use an object with a field for each"] as const;
const TRANSFORM = [
  "it changes the value while it checks",
  "take the value as it is written, and change it with .map() in the pipeline",
] as const;
const DEFAULT = [
  "it has a default, which only its own library would fill in",
  "make it optional, and fill it in with .map() in the pipeline",
] as const;
const EMPTY = ["it is never there", "make it optional, of a type"] as const;
const REFUSALS: Readonly<Record<string, readonly [reason: string, fix: string]>> = {
  any: ANYTHING,
  unknown: ANYTHING,
  objectkeyword: ANYTHING,
  custom: ["only a function knows what it is", "use a type and refine it"],
  instance: ["only a class knows what it is", "use an object with its fields"],
  declaration: ["only a class knows what it is", "use a struct with its fields"],
  function: NO_DATA,
  symbol: NO_DATA,
  uniquesymbol: NO_DATA,
  promise: NO_DATA,
  file: NO_DATA,
  blob: NO_DATA,
  date: ["it is a Date object", "use a number of milliseconds since 1970, or text"],
  set: ["it is a Set", "use an array"],
  tuple: TUPLE,
  stricttuple: TUPLE,
  loosetuple: TUPLE,
  tuplewithrest: TUPLE,
  intersection: ["it is an intersection", "say it as one object with all fields"],
  intersect: ["it is an intersection", "say it as one object with all fields"],
  transform: TRANSFORM,
  pipe: TRANSFORM,
  transformation: TRANSFORM,
  overwrite: TRANSFORM,
  coerce: TRANSFORM,
  default: DEFAULT,
  prefault: DEFAULT,
  catch: DEFAULT,
  never: EMPTY,
  null: EMPTY,
  undefined: EMPTY,
  void: EMPTY,
  nan: EMPTY,
};
