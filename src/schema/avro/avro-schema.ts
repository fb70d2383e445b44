// A parsed Avro schema: names are full names, references are resolved to the definition itself (so recursive schemas are cyclic objects).

export const PRIMITIVES = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"] as const;
export type PrimitiveName = (typeof PRIMITIVES)[number];

/** Attributes that the specification does not name, and logicalType with its own: kept in the order they were written. */
export type AvroAttributes = ReadonlyMap<string, unknown>;

export interface AvroPrimitive {
  readonly type: PrimitiveName;
  readonly attributes: AvroAttributes;
}

interface Named {
  /** Full name. */
  readonly name: string;
  /** Full names. */
  readonly aliases: readonly string[];
  readonly doc: string | undefined;
  readonly attributes: AvroAttributes;
}

export interface AvroField {
  readonly name: string;
  readonly type: AvroSchema;
  readonly doc: string | undefined;
  /** undefined: none; null is a value. Raw JSON. */
  readonly default: unknown;
  readonly hasDefault: boolean;
  readonly order: "ascending" | "descending" | "ignore";
  readonly aliases: readonly string[];
  readonly attributes: AvroAttributes;
}

export interface AvroRecord extends Named {
  readonly type: "record" | "error";
  /** Filled after the record is known by its name. */
  fields: readonly AvroField[];
}

export interface AvroEnum extends Named {
  readonly type: "enum";
  readonly symbols: readonly string[];
  readonly default: string | undefined;
}

export interface AvroFixed extends Named {
  readonly type: "fixed";
  readonly size: number;
}

export interface AvroArray {
  readonly type: "array";
  readonly items: AvroSchema;
  readonly attributes: AvroAttributes;
}

export interface AvroMap {
  readonly type: "map";
  readonly values: AvroSchema;
  readonly attributes: AvroAttributes;
}

export interface AvroUnion {
  readonly type: "union";
  readonly branches: readonly AvroSchema[];
}

export type AvroNamed = AvroRecord | AvroEnum | AvroFixed;
export type AvroSchema = AvroPrimitive | AvroNamed | AvroArray | AvroMap | AvroUnion;

export function isNamed(schema: AvroSchema): schema is AvroNamed {
  return schema.type === "record" || schema.type === "error" || schema.type === "enum" || schema.type === "fixed";
}

export function isPrimitiveName(name: string): name is PrimitiveName {
  return (PRIMITIVES as readonly string[]).includes(name);
}

/** "com.example.User" → "com.example"; "" without one. */
export function namespaceOf(fullName: string): string {
  return fullName.slice(0, Math.max(0, fullName.lastIndexOf(".")));
}

export function shortName(fullName: string): string {
  return fullName.slice(fullName.lastIndexOf(".") + 1);
}
