// What a schema is, as frozen data: the one description from which codecs, columns, state and compatibility are derived.

export type TypeInfo =
  | { readonly kind: "string" | "int" | "long" | "bigint" | "double" | "boolean" | "timestamp" | "bytes" }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly kind: "literal"; readonly values: readonly string[] }
  | { readonly kind: "array"; readonly of: TypeInfo }
  | { readonly kind: "map"; readonly key: TypeInfo; readonly value: TypeInfo }
  | { readonly kind: "record"; readonly name: string; readonly fields: readonly FieldInfo[] }
  | { readonly kind: "union"; readonly of: readonly TypeInfo[] }
  | { readonly kind: "optional"; readonly of: TypeInfo };

export interface FieldInfo {
  readonly name: string;
  readonly type: TypeInfo;
}

/** A type with its TypeScript twin `T`, which exists for the compiler only. Made by the `t` builder. */
export interface Schema<out T> {
  readonly "~type"?: { readonly of: T } | undefined;
  readonly type: TypeInfo;
}

export type Infer<S> = S extends Schema<infer T> ? T : never;
