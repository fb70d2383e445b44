// Which member of a union a value is. Members must be told apart by what JSON shows of them: one each of string, number, boolean,
// array and object, except records, which carry a field of literals (the discriminator) that differ between all of them.
import { fieldValue } from "./field-value.ts";
import { BadSchemaError } from "./schema-error.ts";
import type { TypeInfo } from "./type-info.ts";
import { typeName } from "./type-names.ts";

export type JsonShape = "string" | "number" | "boolean" | "array" | "object";
type RecordType = TypeInfo & { readonly kind: "record" };

export function jsonShape(type: TypeInfo): JsonShape {
  switch (type.kind) {
    case "string":
    case "literal":
    case "decimal":
    case "bytes":
      return "string";
    case "boolean":
      return "boolean";
    case "array":
      return "array";
    case "map":
      return hasTextKeys(type.key) ? "object" : "array";
    case "record":
      return "object";
    case "union":
    case "optional":
      throw new BadSchemaError(`t.union(…): ${type.kind === "optional" ? "put t.optional() around the union, not inside it" : "nested"}.`);
    default:
      return "number";
  }
}

export function hasTextKeys(key: TypeInfo): boolean {
  return key.kind === "string" || key.kind === "literal" || key.kind === "decimal";
}

export interface UnionVariants {
  /** Index of the member by JSON shape; −1: none. Objects that are records of several kinds are told apart by `discriminator`. */
  readonly byShape: Readonly<Record<JsonShape, number>>;
  readonly discriminator: string | undefined;
  /** Literal of the discriminator → index of the member. */
  readonly byLiteral: ReadonlyMap<string, number>;
}

const known = new WeakMap<TypeInfo, UnionVariants>();

export function unionVariants(type: TypeInfo & { readonly kind: "union" }): UnionVariants {
  let variants = known.get(type);
  if (variants === undefined) known.set(type, (variants = checkUnion(type.of)));
  return variants;
}

/** Throws BadSchemaError unless the members can be told apart. */
export function checkUnion(members: readonly TypeInfo[]): UnionVariants {
  if (members.length < 2) throw new BadSchemaError("t.union(…) needs two or more members.");
  const byShape: Record<JsonShape, number> = { string: -1, number: -1, boolean: -1, array: -1, object: -1 };
  const records = members.filter((member): member is RecordType => member.kind === "record");
  members.forEach((member, index) => {
    const shape = jsonShape(member);
    const other = byShape[shape];
    if (other >= 0 && !(member.kind === "record" && members[other]!.kind === "record"))
      throw new BadSchemaError(
        `t.union(…): ${typeName(members[other]!)} and ${typeName(member)} are both a JSON ${shape} and cannot be told apart.`,
      );
    byShape[shape] = index;
  });
  const discriminator = records.length > 1 ? discriminatorOf(records) : undefined;
  const byLiteral = new Map<string, number>();
  if (discriminator !== undefined)
    for (const record of records) for (const value of literalsOf(record, discriminator)) byLiteral.set(value, members.indexOf(record));
  return { byShape, discriminator, byLiteral };
}

function discriminatorOf(records: readonly RecordType[]): string {
  for (const { name } of records[0]!.fields) {
    const values = records.flatMap((record) => literalsOf(record, name));
    if (records.every((record) => literalsOf(record, name).length > 0) && new Set(values).size === values.length) return name;
  }
  throw new BadSchemaError(
    `t.union(…): the records ${records.map((record) => record.name).join(", ")} cannot be told apart; give each a field of the same name with its own t.literal().`,
  );
}

function literalsOf(record: RecordType, field: string): readonly string[] {
  const type = record.fields.find((candidate) => candidate.name === field)?.type;
  return type?.kind === "literal" ? type.values : [];
}

/** Index of the member that a JS value is, by its shape only; −1: none. */
export function variantOfValue(type: TypeInfo & { readonly kind: "union" }, value: unknown): number {
  const variants = unionVariants(type);
  switch (typeof value) {
    case "string":
      return variants.byShape.string;
    case "number":
    case "bigint":
      return variants.byShape.number;
    case "boolean":
      return variants.byShape.boolean;
    case "object":
      return value === null ? -1 : variantOfObject(type, variants, value);
    default:
      return -1;
  }
}

function variantOfObject(type: TypeInfo & { readonly kind: "union" }, variants: UnionVariants, value: object): number {
  if (Array.isArray(value)) return variants.byShape.array;
  if (value instanceof Uint8Array) return variants.byShape.string;
  if (value instanceof Map) {
    const { object, array } = variants.byShape;
    return object >= 0 && type.of[object]!.kind === "map" ? object : array;
  }
  if (variants.discriminator === undefined) return variants.byShape.object;
  const literal = fieldValue(value, variants.discriminator);
  return typeof literal === "string" ? (variants.byLiteral.get(literal) ?? -1) : -1;
}
