// What the readers of all libraries share: records, unions, literals; recursion and size are refused.
import { literalType } from "../json-schema/json-schema-to-type.ts";
import { fieldPath } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { noType, refusalOf, type ForeignNotes } from "./foreign-notes.ts";
import { unitedType } from "./united-type.ts";

const MAX_NODES = 20_000;
const KEYS = new Set(["string", "literal", "int", "long", "bigint", "boolean"]);

export abstract class ForeignReader<S> {
  protected readonly notes: ForeignNotes;
  readonly #open: S[] = [];
  #nodes = 0;

  constructor(notes: ForeignNotes) {
    this.notes = notes;
  }

  /** Throws BadSchemaError. */
  of(schema: S, path: string, name: string): TypeInfo {
    if (++this.#nodes > MAX_NODES) throw noType(path, `the schema has more than ${MAX_NODES} parts when written out`, "make it smaller");
    if (this.#open.includes(schema)) throw noType(path, "it holds itself, which a type cannot", "limit the depth with types of their own");
    this.#open.push(schema);
    const type = this.nodeOf(schema, path, name);
    this.#open.pop();
    return type;
  }

  protected abstract nodeOf(schema: S, path: string, name: string): TypeInfo;

  protected record(fields: readonly (readonly [name: string, schema: S])[], path: string, name: string): TypeInfo {
    return {
      kind: "record",
      name,
      fields: fields.map(([field, schema]) => ({ name: field, type: this.of(schema, pathOf(path, field), `${name}_${field}`) })),
    };
  }

  /** `tag`: says of a member what it is; null and undefined make the rest optional. */
  protected union(members: readonly S[], tag: (member: S) => string, path: string, name: string): TypeInfo {
    const tags = members.map((member) => tag(member).toLowerCase());
    const isNull = tags.includes("null");
    const isAbsent = isNull || tags.includes("undefined") || tags.includes("void");
    const present = members.filter((_, index) => !["null", "undefined", "void"].includes(tags[index]!));
    if (present.length === 0) throw refusalOf("null", path);
    const types = present.map((member, index) => this.of(member, path, present.length > 1 ? `${name}_${index + 1}` : name));
    const of = unitedType(types, path, this.notes);
    return isAbsent ? this.notes.optional(of, isNull ? "null" : "undefined") : of;
  }

  protected literals(values: readonly unknown[], path: string): TypeInfo {
    const present = values.filter((value) => value !== null && value !== undefined);
    const of = literalType(present);
    if (of === undefined) throw noType(path, "it is one of several values of different types", "use texts, or the type of the values");
    if (present.length === values.length) return of;
    return this.notes.optional(of, values.includes(null) ? "null" : "undefined");
  }

  protected key(type: TypeInfo, path: string): TypeInfo {
    if (KEYS.has(type.kind)) return type;
    throw noType(path, `its keys are of type ${type.kind}`, "use text, integers or booleans");
  }
}

/** Of an enum of TypeScript, which has its numbers' names as values, too. */
export function enumValues(entries: object): readonly unknown[] {
  const numbers = new Set(Object.values(entries).filter((value) => typeof value === "number"));
  return Object.entries(entries).flatMap(([name, value]) => (numbers.has(Number(name)) && typeof value === "string" ? [] : [value]));
}

export function pathOf(path: string, field: string): string {
  const own = fieldPath(field, "");
  return path === "" || own.startsWith("[") ? path + own : `${path}.${own}`;
}
