// State that belongs to a subtask and not to a key: lists, shared out or united at a restore, and broadcast maps, which every subtask has.
import { schemaGiven } from "../schema/foreign/foreign-schema.ts";
import type { AnySchema, TypeOf } from "../schema/foreign/foreign-types.ts";
import { calledAt } from "./called-at.ts";
import { PipelineError } from "./pipeline-error.ts";
import type { DeepReadonly, ListState, MapState, StateDescriptor } from "./state.ts";

/** A list of a subtask's own whose elements, at a restore, each subtask gets of all subtasks. */
export interface UnionListState<T> extends ListState<T> {
  readonly "~union"?: true | undefined;
}

/** What every ListState is; a value state is not. */
interface ListOrUnionListState {
  get(): readonly unknown[];
  addAll(values: Iterable<never>): undefined;
}

/** What every MapState is. */
interface MapStateOfAnyKind {
  set(key: never, value: never): undefined;
  entries(): Iterable<readonly [unknown, unknown]>;
}

/** Of a function without a key: `listState(…)`, shared out at a restore, or `unionListState(…)`. */
export type OperatorStateDescriptors = { readonly [name: string]: StateDescriptor<ListOrUnionListState> };

/** Of a broadcast stream: `mapState(…)` by name. */
export type BroadcastStates = { readonly [name: string]: StateDescriptor<MapStateOfAnyKind> };

/** Every subtask holds the same entries, as values in memory: what get() returns cannot be changed. */
export interface BroadcastState<K, V> extends ReadonlyBroadcastState<K, V> {
  set(key: K, value: DeepReadonly<V>): undefined;
  delete(key: K): undefined;
  clear(): undefined;
}

export interface ReadonlyBroadcastState<K, V> {
  get(key: K): DeepReadonly<V> | undefined;
  has(key: K): boolean;
  entries(): Iterable<readonly [K, DeepReadonly<V>]>;
  keys(): Iterable<K>;
  values(): Iterable<DeepReadonly<V>>;
  readonly size: number;
}

export type BroadcastStateOf<B> = {
  readonly [N in keyof B]: B[N] extends StateDescriptor<MapState<infer K, infer V>> ? BroadcastState<K, V> : never;
};
export type ReadonlyBroadcastStateOf<B> = {
  readonly [N in keyof B]: B[N] extends StateDescriptor<MapState<infer K, infer V>> ? ReadonlyBroadcastState<K, V> : never;
};

/** For functions without a key: at a restore every subtask begins with the elements of all. */
export function unionListState<S extends AnySchema>(given: S): StateDescriptor<UnionListState<TypeOf<S>>> {
  const schema = schemaGiven(given);
  if (schema === undefined)
    throw new PipelineError("BAD_STATE", "unionListState(schema): a schema is wanted, such as t.string().", calledAt(unionListState));
  return Object.freeze({ spec: Object.freeze({ kind: "union", value: schema.type }) });
}
