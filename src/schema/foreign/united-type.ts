// Several types that a value may have, as one: literals one by one are one type, equal members are one, and text takes in its literals.
import type { TypeInfo } from "../type-info.ts";
import { typeText } from "../type-names.ts";
import { checkUnion } from "../union-variants.ts";
import { noType, type ForeignNotes } from "./foreign-notes.ts";

/** Throws BadSchemaError where the members cannot be told apart. */
export function unitedType(types: readonly TypeInfo[], path: string, notes: ForeignNotes): TypeInfo {
  if (types.length === 1) return types[0]!;
  const optional = types.filter((type) => type.kind === "optional");
  const flat = types.flatMap((type) => {
    const of = type.kind === "optional" ? type.of : type;
    return of.kind === "union" ? of.of : [of];
  });
  const others = [...new Map(flat.filter((type) => type.kind !== "literal").map((type) => [typeText(type), type])).values()];
  const values = others.some(({ kind }) => kind === "string") ? [] : flat.flatMap((type) => (type.kind === "literal" ? type.values : []));
  const members: TypeInfo[] = values.length === 0 ? others : [{ kind: "literal", values: [...new Set(values)] }, ...others];
  const of: TypeInfo = members.length === 1 ? members[0]! : { kind: "union", of: members };
  if (of.kind === "union") {
    try {
      checkUnion(of.of);
    } catch (error) {
      throw noType(path, (error as Error).message.replace(/^t\.union\(…\): /, "").replace(/\.$/, ""), "make them differ");
    }
  }
  return optional.length === 0 ? of : notes.optional(of, optional.some((type) => notes.nullable.has(type)) ? "null" : "undefined");
}
