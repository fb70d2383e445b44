// How bytes of a writer's schema become values of a reader's: what resolve-avro.ts decides once, and the interpreter and the generated
// readers carry out. Plain data and pure functions; recursive types are cyclic plans.
import type { AvroSchema } from "./avro-schema.ts";

export type ReadPlan =
  | { readonly op: "null"; readonly value: null | undefined }
  | { readonly op: "boolean" | "int" | "long" | "bigint" | "nearest" | "float" | "double" | "string" | "bytes" }
  | { readonly op: "fixed"; readonly size: number }
  /** By the writer's index; undefined: the reader does not know it. */
  | { readonly op: "enum"; readonly symbols: readonly (string | undefined)[]; readonly name: string }
  /** `itemBytes`: what an item takes at least. */
  | { readonly op: "array"; readonly items: ReadPlan; readonly itemBytes: number }
  | { readonly op: "map"; readonly values: ReadPlan }
  | RecordPlan
  /** By the writer's index; a string: why this branch cannot be read. */
  | { readonly op: "union"; readonly branches: readonly (ReadPlan | string)[] }
  /** Reads `of`, then makes something of it. `convert` throws SchemaError. */
  | { readonly op: "convert"; readonly of: ReadPlan; readonly convert: (value: unknown) => unknown }
  /** Cannot be read; only met in branches and records of unions. */
  | { readonly op: "never"; readonly reason: string }
  /** Reads nothing. */
  | { readonly op: "default"; readonly make: () => unknown; readonly weight: number };

export interface RecordPlan {
  readonly op: "record";
  readonly name: string;
  /** Property names by slot. */
  readonly names: readonly string[];
  /** In the order of the bytes; then those of the reader's own defaults. */
  steps: readonly ReadStep[];
  /** It holds itself: its depth is counted. */
  recursive: boolean;
}

export interface ReadStep {
  /** Of the reader's record; −1: only the writer has it. */
  readonly slot: number;
  /** For errors. */
  readonly name: string;
  readonly plan: ReadPlan | SkipPlan;
}

export interface SkipPlan {
  readonly op: "skip";
  readonly schema: AvroSchema;
}

/** How many bytes a value takes at least. */
export function leastBytes(schema: AvroSchema, within: readonly AvroSchema[] = []): number {
  switch (schema.type) {
    case "null":
      return 0;
    case "float":
      return 4;
    case "double":
      return 8;
    case "fixed":
      return schema.size;
    case "record":
    case "error": {
      const known = LEAST.get(schema);
      if (known !== undefined) return known;
      if (within.includes(schema)) return 1; // endless, unless a union or an array lies between, which take a byte each
      const least = schema.fields.reduce((sum, field) => sum + leastBytes(field.type, [...within, schema]), 0);
      LEAST.set(schema, least);
      return least;
    }
    default:
      return 1;
  }
}

const LEAST = new WeakMap<AvroSchema, number>();
