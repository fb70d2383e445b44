// The TypeScript types of schemas of other libraries, known by their shape alone: Standard Schema (Zod, Valibot, ArkType), Effect, TypeBox.
import type { Schema } from "../type-info.ts";

/** standardschema.dev, version 1. */
export interface StandardTyped {
  readonly "~standard": { readonly version: 1; readonly vendor: string; readonly types?: { readonly output: unknown } | undefined };
}

/** Effect 4. */
export interface EffectSchema {
  readonly Type: unknown;
  readonly ast: unknown;
}

/** TypeBox 1 ("typebox"). */
export interface TypeBoxSchema {
  readonly "~kind": string;
}

/** TypeBox 0.x ("@sinclair/typebox"). */
export interface OldTypeBoxSchema {
  readonly static: unknown;
  readonly params: unknown;
}

export type ForeignSchema = StandardTyped | EffectSchema | TypeBoxSchema | OldTypeBoxSchema;

/** Made by `t`, or by Zod, Valibot, ArkType, Effect or TypeBox. */
export type AnySchema = Schema<unknown> | ForeignSchema;

/** The values of a schema as a pipeline sees them. */
export type TypeOf<S> = S extends Schema<infer T> ? T : Received<ForeignValue<S>>;

type ForeignValue<S> = S extends { readonly "~kind": string }
  ? StaticOf<S>
  : S extends { readonly static: infer T; readonly params: unknown }
    ? T
    : S extends { readonly "~standard": { readonly types?: infer Types } }
      ? NonNullable<Types> extends { readonly output: infer T }
        ? T
        : never
      : S extends { readonly Type: infer T }
        ? T
        : never;

type Scalar = string | number | bigint | boolean | Uint8Array | undefined;

/** What is null there is absent here, and an object of any keys is a Map. */
export type Received<T> = T extends null
  ? undefined
  : T extends Scalar
    ? T
    : T extends readonly (infer E)[]
      ? Received<E>[]
      : T extends ReadonlyMap<infer K, infer V>
        ? Map<K, Received<V>>
        : T extends object
          ? string extends keyof T
            ? Map<string, Received<T[keyof T]>>
            : ReceivedObject<T>
          : T;

type Absent<T> = { [K in keyof T]-?: undefined extends T[K] ? K : null extends T[K] ? K : never }[keyof T];
type ReceivedObject<T> = Simplify<
  { -readonly [K in Exclude<keyof T, Absent<T>>]: Received<T[K]> } & { -readonly [K in Absent<T>]?: Received<T[K]> | undefined }
>;
type Simplify<T> = { [K in keyof T]: T[K] } & {};

type StaticOf<S> = S extends { "~kind": "Object"; properties: infer P }
  ? Simplify<
      { [K in keyof P as P[K] extends { "~optional": true } ? never : K]: StaticOf<P[K]> } & {
        [K in keyof P as P[K] extends { "~optional": true } ? K : never]?: StaticOf<P[K]>;
      }
    >
  : S extends { "~kind": "Array"; items: infer I }
    ? StaticOf<I>[]
    : S extends { "~kind": "Union"; anyOf: infer A extends readonly unknown[] }
      ? StaticOf<A[number]>
      : S extends { "~kind": "Record"; patternProperties: infer P }
        ? Record<string, StaticOf<P[keyof P]>>
        : S extends { "~kind": "Enum"; enum: infer E extends readonly unknown[] }
          ? E[number]
          : S extends { "~kind": "Literal"; const: infer C }
            ? C
            : S extends { "~kind": infer K }
              ? K extends keyof StaticScalars
                ? StaticScalars[K]
                : never
              : never;

interface StaticScalars {
  readonly String: string;
  readonly TemplateLiteral: string;
  readonly Number: number;
  readonly Integer: number;
  readonly BigInt: bigint;
  readonly Boolean: boolean;
  readonly Null: null;
  readonly Undefined: undefined;
}
