// What a schema of another library demands beyond the shape (lengths, patterns, refinements). It belongs to the type object that was made of the
// schema; whoever collects rows from outside (BatchBuilder) runs it on each, so that a row which fails it is a bad record like any other.
import type { Mismatch } from "./schema-error.ts";
import type { TypeInfo } from "./type-info.ts";

/** `value` fits the type. Undefined: it passes. Throws BadSchemaError for a check that cannot be run. */
export type ValueCheck = (value: unknown) => Mismatch | undefined;

const checks = new WeakMap<TypeInfo, ValueCheck>();

export function setValueCheck(type: TypeInfo, check: ValueCheck): void {
  checks.set(type, check);
}

export function valueCheckOf(type: TypeInfo | undefined): ValueCheck | undefined {
  return type === undefined ? undefined : checks.get(type);
}
