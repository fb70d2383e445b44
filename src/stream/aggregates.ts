// Aggregates of a window, as data: `aggregate("name", { total: sum("amount"), n: count(), ids: collect("id") })`.
// What they take is a field's name or a function; what is kept (first, last, collect) needs a schema: the field's own, or a given one.
import { isSchema } from "../schema/t.ts";
import type { Schema } from "../schema/type-info.ts";
import { calledAt } from "./called-at.ts";
import type { AggregateSpec } from "./graph.ts";
import { PipelineError } from "./pipeline-error.ts";

export interface Aggregate<in T, out R> {
  readonly "~in"?: ((event: T) => void) | undefined;
  readonly "~out"?: { readonly of: R } | undefined;
  readonly kind: AggregateSpec["kind"];
  readonly of: AggregateSpec["of"];
  /** Of the value that is kept, if it is not a field's. */
  readonly schema: Schema<unknown> | undefined;
  /** The kept element's number decides. */
  readonly best?: { readonly of: "min" | "max"; readonly field: string } | undefined;
  readonly custom: (AggregateSpec["custom"] & { readonly accumulator: Schema<unknown>; readonly output: Schema<unknown> }) | undefined;
}

/** Stands for the type of a field that is known only where the aggregate is used. */
export interface FieldValue<out F extends string> {
  readonly "~field": F;
}

/** Stands for the type of the elements, which is known only where the aggregate is used. */
export interface WholeElement {
  readonly "~element": true;
}

type Result<R, T> = R extends WholeElement
  ? T
  : R extends FieldValue<infer F>
    ? T[F & keyof T]
    : R extends FieldValue<infer F>[]
      ? T[F & keyof T][]
      : R;
export type AggregateResult<A, T> = { readonly [N in keyof A]: A[N] extends Aggregate<never, infer R> ? Result<R, T> : never };

/** The number of elements. */
export function count(): Aggregate<unknown, number> {
  return make("count", undefined);
}

/** As a double. */
export function sum<const F extends string>(field: F): Aggregate<{ readonly [N in F]: number }, number>;
export function sum<T>(of: (event: T) => number): Aggregate<T, number>;
export function sum(of: unknown): Aggregate<never, number> {
  return make("sum", selector(of, sum));
}

export function avg<const F extends string>(field: F): Aggregate<{ readonly [N in F]: number }, number>;
export function avg<T>(of: (event: T) => number): Aggregate<T, number>;
export function avg(of: unknown): Aggregate<never, number> {
  return make("avg", selector(of, avg));
}

export function min<const F extends string>(field: F): Aggregate<{ readonly [N in F]: number }, number>;
export function min<T>(of: (event: T) => number): Aggregate<T, number>;
export function min(of: unknown): Aggregate<never, number> {
  return make("min", selector(of, min));
}

export function max<const F extends string>(field: F): Aggregate<{ readonly [N in F]: number }, number>;
export function max<T>(of: (event: T) => number): Aggregate<T, number>;
export function max(of: unknown): Aggregate<never, number> {
  return make("max", selector(of, max));
}

/** The value of the element that arrived first. */
export function first<const F extends string>(field: F): Aggregate<{ readonly [N in F]: unknown }, FieldValue<F>>;
export function first<T, V>(schema: Schema<V>, of: (event: T) => V): Aggregate<T, V>;
export function first(schema: unknown, of?: unknown): Aggregate<never, unknown> {
  return keeping("first", schema, of, first);
}

/** The value of the element that arrived last. */
export function last<const F extends string>(field: F): Aggregate<{ readonly [N in F]: unknown }, FieldValue<F>>;
export function last<T, V>(schema: Schema<V>, of: (event: T) => V): Aggregate<T, V>;
export function last(schema: unknown, of?: unknown): Aggregate<never, unknown> {
  return keeping("last", schema, of, last);
}

/** All values, in the order of arrival. */
export function collect<const F extends string>(field: F): Aggregate<{ readonly [N in F]: unknown }, FieldValue<F>[]>;
export function collect<T, V>(schema: Schema<V>, of: (event: T) => V): Aggregate<T, V[]>;
export function collect(schema: unknown, of?: unknown): Aggregate<never, unknown[]> {
  return keeping("collect", schema, of, collect);
}

/** The different values, in the order in which each came first. */
export function collectSet<const F extends string>(field: F): Aggregate<{ readonly [N in F]: unknown }, FieldValue<F>[]>;
export function collectSet<T, V>(schema: Schema<V>, of: (event: T) => V): Aggregate<T, V[]>;
export function collectSet(schema: unknown, of?: unknown): Aggregate<never, unknown[]> {
  return keeping("collect-set", schema, of, collectSet);
}

/** The element with the smallest `field`; of equal ones the first that arrived. The stream needs a schema. */
export function minBy<const F extends string>(field: F): Aggregate<{ readonly [N in F]: number }, WholeElement> {
  return best("min", field, minBy);
}

/** The element with the largest `field`; of equal ones the first that arrived. The stream needs a schema. */
export function maxBy<const F extends string>(field: F): Aggregate<{ readonly [N in F]: number }, WholeElement> {
  return best("max", field, maxBy);
}

export interface CustomAggregate<T, Acc, R> {
  /** Schema of the accumulator, which is state. */
  readonly accumulator: Schema<Acc>;
  /** Schema of the result. */
  readonly output: Schema<R>;
  readonly create: () => Acc;
  /** Returns the accumulator, changed in place or new. */
  readonly add: (accumulator: Acc, event: T) => Acc;
  readonly result: (accumulator: Acc) => R;
  readonly merge?: (a: Acc, b: Acc) => Acc;
}

/** An aggregate of your own. */
export function custom<T, Acc, R>(spec: CustomAggregate<T, Acc, R>): Aggregate<T, R> {
  if (!isSchema(spec.accumulator) || !isSchema(spec.output))
    throw new PipelineError("BAD_AGGREGATE", "custom({ accumulator, output, … }): both are schemas, such as t.long().", calledAt(custom));
  const { accumulator, output, create, add, result, merge } = spec;
  const functions = Object.freeze({ accumulator, output, create, add, result, ...(merge === undefined ? {} : { merge }) });
  return Object.freeze({ kind: "custom", of: undefined, schema: undefined, custom: functions as Aggregate<T, R>["custom"] });
}

function best<R>(of: "min" | "max", field: unknown, entry: (...args: never[]) => unknown): Aggregate<unknown, R> {
  if (typeof field !== "string")
    throw new PipelineError("BAD_AGGREGATE", `${entry.name}(field): a field's name is wanted.`, calledAt(entry));
  return Object.freeze({ kind: "custom", of: undefined, schema: undefined, custom: undefined, best: Object.freeze({ of, field }) });
}

function make<R>(kind: AggregateSpec["kind"], of: AggregateSpec["of"], schema?: Schema<unknown>): Aggregate<unknown, R> {
  return Object.freeze({ kind, of, schema, custom: undefined });
}

function selector(of: unknown, entry: (...args: never[]) => unknown): NonNullable<AggregateSpec["of"]> {
  if (typeof of === "string") return Object.freeze({ kind: "field", field: of });
  if (typeof of === "function") return Object.freeze({ kind: "lambda", fn: of as (event: unknown) => unknown });
  throw new PipelineError("BAD_AGGREGATE", `${entry.name}(of): a field's name or a function is wanted.`, calledAt(entry));
}

function keeping<R>(
  kind: AggregateSpec["kind"],
  schema: unknown,
  of: unknown,
  entry: (...args: never[]) => unknown,
): Aggregate<unknown, R> {
  if (typeof schema === "string") return make(kind, selector(schema, entry));
  if (isSchema(schema) && typeof of === "function") return make(kind, selector(of, entry), schema);
  throw new PipelineError(
    "BAD_AGGREGATE",
    `${entry.name}(…): a field's name is wanted, or a schema and a function: what a window keeps needs a schema.`,
    calledAt(entry),
  );
}
