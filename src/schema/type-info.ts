// What a schema is, as frozen data: the one description from which codecs, columns, state and compatibility are derived.

export type TypeInfo =
  | {
      readonly kind: "string" | "int" | "long" | "bigint" | "double" | "boolean" | "timestamp" | "bytes";
      /** What is meant by it outside: values, columns and state are those of `kind`. */
      readonly logical?: LogicalName;
      /** bytes: exactly so many. */
      readonly size?: number;
    }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly kind: "literal"; readonly values: readonly string[] }
  | { readonly kind: "array"; readonly of: TypeInfo }
  | { readonly kind: "map"; readonly key: TypeInfo; readonly value: TypeInfo }
  | { readonly kind: "record"; readonly name: string; readonly fields: readonly FieldInfo[]; readonly logical?: "duration" }
  | { readonly kind: "union"; readonly of: readonly TypeInfo[] }
  | { readonly kind: "optional"; readonly of: TypeInfo };

/**
 * string: uuid. double: float. int: date (days since 1970), time-millis (since midnight). long and bigint: everything else, counted in the
 * unit it names; "local-" is a time on a calendar without a zone.
 */
export type LogicalName =
  | "uuid"
  | "float"
  | "date"
  | "time-millis"
  | "time-micros"
  | "timestamp-micros"
  | "timestamp-nanos"
  | "local-timestamp-millis"
  | "local-timestamp-micros"
  | "local-timestamp-nanos";

export interface FieldInfo {
  readonly name: string;
  readonly type: TypeInfo;
}

/** A type with its TypeScript twin `T`, which exists for the compiler only. Made by the `t` builder. */
export interface Schema<out T> {
  readonly "~type"?: { readonly of: T } | undefined;
  readonly type: TypeInfo;
  /** Standard Schema 1 and Standard JSON Schema 1 (standardschema.dev). */
  readonly "~standard": StandardProperties<T>;
}

export interface StandardProperties<out T> {
  readonly version: 1;
  readonly vendor: "millrace";
  readonly types?: { readonly input: T; readonly output: T } | undefined;
  /** Holds a value (as in TypeScript, not as in JSON) to the type. */
  readonly validate: (value: unknown) => StandardResult<T>;
  /** What the type is as JSON. Throws BadSchemaError for a target other than draft-07, draft-2020-12 and openapi-3.0. */
  readonly jsonSchema: {
    readonly input: (options: { readonly target: string }) => Record<string, unknown>;
    readonly output: (options: { readonly target: string }) => Record<string, unknown>;
  };
}

export type StandardResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path: readonly (string | number)[] }[] };

export type Infer<S> = S extends Schema<infer T> ? T : never;
