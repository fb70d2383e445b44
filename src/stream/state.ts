// Keyed state as users see it: descriptors (data, declared next to the function) and the handles that the engine gives to it.
// What get() returns is a decoded copy: changing it would be lost, so its type is read-only all the way down.
import type { Schema, TypeInfo } from "../schema/type-info.ts";
import { schemaGiven } from "../schema/foreign/foreign-schema.ts";
import type { AnySchema, TypeOf } from "../schema/foreign/foreign-types.ts";
import { calledAt } from "./called-at.ts";
import { checkOptions } from "./check-options.ts";
import { durationMs } from "./duration.ts";
import type { FoldSpec, OperatorStateSpec, StateSpec, StateTtl } from "./graph.ts";
import { PipelineError } from "./pipeline-error.ts";
import type { Duration } from "./watermarks.ts";

export type DeepReadonly<T> = T extends string | number | bigint | boolean | symbol | null | undefined
  ? T
  : T extends Uint8Array
    ? T
    : T extends ReadonlyMap<infer K, infer V>
      ? ReadonlyMap<DeepReadonly<K>, DeepReadonly<V>>
      : T extends readonly unknown[]
        ? { readonly [I in keyof T]: DeepReadonly<T[I]> }
        : T extends object
          ? { readonly [N in keyof T]: DeepReadonly<T[N]> }
          : T;

/** One value per key. */
export interface ValueState<T> {
  get(): DeepReadonly<T> | undefined;
  set(value: DeepReadonly<T>): undefined;
  clear(): undefined;
}

/** A list per key, in the order of adding. */
export interface ListState<T> {
  get(): readonly DeepReadonly<T>[];
  add(value: DeepReadonly<T>): undefined;
  addAll(values: Iterable<DeepReadonly<T>>): undefined;
  /** Replaces the whole list. */
  update(values: Iterable<DeepReadonly<T>>): undefined;
  clear(): undefined;
}

/** A map per key, iterated in the order of first insertion. */
export interface MapState<K, V> {
  get(key: K): DeepReadonly<V> | undefined;
  has(key: K): boolean;
  set(key: K, value: DeepReadonly<V>): undefined;
  delete(key: K): undefined;
  entries(): Iterable<readonly [K, DeepReadonly<V>]>;
  keys(): Iterable<K>;
  values(): Iterable<DeepReadonly<V>>;
  readonly size: number;
  clear(): undefined;
}

/** One value per key to which others are added. */
export interface ReducingState<T> {
  /** undefined: nothing was added. */
  get(): DeepReadonly<T> | undefined;
  add(value: DeepReadonly<T>): undefined;
  clear(): undefined;
}

/** One accumulator per key; `get` gives its result. */
export interface AggregatingState<In, Out> {
  /** undefined: nothing was added. */
  get(): Out | undefined;
  add(value: In): undefined;
  clear(): undefined;
}

export interface Aggregator<In, Acc, Out> {
  create(): Acc;
  add(accumulator: DeepReadonly<Acc>, value: In): Acc;
  result(accumulator: DeepReadonly<Acc>): Out;
}

export interface StateOptions {
  /** Forgotten so long after the last write. */
  readonly ttl?: Duration;
  /** Which clock `ttl` runs on; "processing-time" unless said otherwise. */
  readonly ttlDomain?: StateTtl["domain"];
}

type Nameless<S> = S extends unknown ? Omit<S, "name"> : never;

export interface StateDescriptor<out S> {
  readonly "~state"?: { readonly of: S } | undefined;
  readonly spec: Nameless<StateSpec> | Nameless<OperatorStateSpec & { readonly kind: "union" }>;
}

export type StateDescriptors = { readonly [name: string]: StateDescriptor<unknown> };
export type StateOf<D> = { readonly [N in keyof D]: D[N] extends StateDescriptor<infer S> ? S : never };

export function valueState<S extends AnySchema>(schema: S, options: StateOptions = {}): StateDescriptor<ValueState<TypeOf<S>>> {
  const value = typeGiven(schema, "valueState(schema)", valueState);
  return Object.freeze({ spec: Object.freeze({ kind: "value", value, ttl: ttl(options, valueState) }) });
}

export function listState<S extends AnySchema>(schema: S, options: StateOptions = {}): StateDescriptor<ListState<TypeOf<S>>> {
  const value = typeGiven(schema, "listState(schema)", listState);
  return Object.freeze({ spec: Object.freeze({ kind: "list", value, ttl: ttl(options, listState) }) });
}

export function mapState<K extends AnySchema, V extends AnySchema>(
  key: K &
    ([TypeOf<K>] extends [string | number | bigint | boolean]
      ? unknown
      : { readonly "~error": "a key is a string, a number, a bigint or a boolean" }),
  value: V,
  options: StateOptions = {},
): StateDescriptor<MapState<TypeOf<K>, TypeOf<V>>> {
  const keyType = typeGiven(key, "mapState(key, value)", mapState);
  const valueType = typeGiven(value, "mapState(key, value)", mapState);
  return Object.freeze({ spec: Object.freeze({ kind: "map", key: keyType, value: valueType, ttl: ttl(options, mapState) }) });
}

/** `add(value)` keeps `reduce(kept, value)`; the first value as it is. */
export function reducingState<S extends AnySchema>(
  schema: S,
  reduce: (kept: DeepReadonly<TypeOf<S>>, value: DeepReadonly<TypeOf<S>>) => TypeOf<S>,
  options: StateOptions = {},
): StateDescriptor<ReducingState<TypeOf<S>>> {
  const type = typeGiven(schema, "reducingState(schema, reduce)", reducingState);
  checkParts({ reduce }, "reducingState(schema, reduce)", reducingState);
  const fold = Object.freeze({
    kind: "reducing",
    create: undefined,
    add: reduce as FoldSpec["add"],
    result: (kept: unknown) => kept,
  } as const);
  return Object.freeze({ spec: Object.freeze({ kind: "value", value: type, ttl: ttl(options, reducingState), fold }) });
}

/** `schema` is that of the accumulator, which is what is kept. */
export function aggregatingState<In, Acc, Out>(
  schema: Schema<Acc>,
  aggregator: Aggregator<In, Acc, Out>,
  options: StateOptions = {},
): StateDescriptor<AggregatingState<In, Out>> {
  const type = typeGiven(schema, "aggregatingState(schema, { create, add, result })", aggregatingState);
  const { create, add, result } = aggregator;
  checkParts({ create, add, result }, "aggregatingState(schema, { create, add, result })", aggregatingState);
  const fold = Object.freeze({
    kind: "aggregating",
    create: create.bind(aggregator),
    add: add.bind(aggregator) as FoldSpec["add"],
    result: result.bind(aggregator) as FoldSpec["result"],
  } as const);
  return Object.freeze({ spec: Object.freeze({ kind: "value", value: type, ttl: ttl(options, aggregatingState), fold }) });
}

function checkParts(parts: Readonly<Record<string, unknown>>, what: string, entry: (...args: never[]) => unknown): void {
  for (const [name, part] of Object.entries(parts))
    if (typeof part !== "function") throw new PipelineError("BAD_STATE", `${what}: ${name} is a function.`, calledAt(entry));
}

function typeGiven(given: unknown, what: string, entry: (...args: never[]) => unknown): TypeInfo {
  const schema = schemaGiven(given);
  if (schema === undefined) throw new PipelineError("BAD_STATE", `${what}: a schema is wanted, such as t.string().`, calledAt(entry));
  return schema.type;
}

function ttl(options: StateOptions, entry: (...args: never[]) => unknown): StateTtl | undefined {
  checkOptions(options, ["ttl", "ttlDomain"], `${entry.name}(…)`, calledAt(entry));
  if (options.ttl === undefined) return undefined;
  return Object.freeze({ ms: durationMs(options.ttl, "ttl", entry), domain: options.ttlDomain ?? "processing-time" });
}
