// The streams that a pipeline is written with. They are handles on a graph under construction: nothing runs here.
// Their types carry everything: users write no type arguments, and a mistake is named where it is made.
import type { AnySchema, TypeOf } from "../schema/foreign/foreign-types.ts";
import type { Schema } from "../schema/type-info.ts";
import type { Aggregate, AggregateResult } from "./aggregates.ts";
import type { Sink } from "./connector.ts";
import type { DeadLetterPolicy } from "./dead-letter.ts";
import type { DurationCheck } from "./duration.ts";
import type { Evictor } from "./evictors.ts";
import type { ChangeRow, JoinKind, JoinOptions, TemporalJoinOptions, WindowJoinOptions } from "./joins.ts";
import type { LookupJoinOptions } from "./lookup-join.ts";
import type { AsyncCall, MapAsyncOptions } from "./map-async.ts";
import type { BroadcastStates, OperatorStateDescriptors } from "./operator-state.ts";
import type {
  BroadcastFunction,
  ConnectFunction,
  KeyedBroadcastFunction,
  KeyedProcessFunction,
  ProcessFunction,
  SideOutputs,
  WindowProcessFunction,
} from "./process-function.ts";
import type { DeepReadonly, StateDescriptors } from "./state.ts";
import type { Trigger } from "./triggers.ts";
import type { WatermarkStrategy } from "./watermarks.ts";
import type { WindowAssigner } from "./windows.ts";

type Simplify<T> = { [K in keyof T]: T[K] } & {};

/** What can be a key: values that are equal when their contents are, in every process. */
export type Key = string | number | bigint | boolean | readonly Key[];

/** Any text passes here, so that KeyCheck can say which field is missing; editors still offer the fields. */
type FieldName<T> = keyof T | (string & {});
/** Refuses fields that do not exist, and what cannot be a key. */
export type KeyCheck<T, F> = F extends readonly string[]
  ? Exclude<F[number], keyof T> extends never
    ? KeyValueCheck<T[F[number] & keyof T]>
    : { readonly "~error": `the elements of this stream have no field '${Exclude<F[number], keyof T>}'` }
  : F extends string
    ? F extends keyof T
      ? KeyValueCheck<T[F]>
      : { readonly "~error": `the elements of this stream have no field '${F}'` }
    : F extends (event: never) => infer K
      ? KeyValueCheck<K>
      : unknown;
type KeyValueCheck<K> = [K] extends [Key]
  ? unknown
  : { readonly "~error": "a key is a string, number, bigint or boolean, or an array of them: make one with keyBy((e) => …)" };

/** No condition here may name T, or the compiler cannot see that streams are covariant. */
export type KeyOf<T, F> = F extends PropertyKey
  ? T[F & keyof T]
  : F extends readonly PropertyKey[]
    ? { readonly [I in keyof F]: T[F[I] & keyof T] }
    : F extends (event: never) => infer K
      ? K
      : never;

/** Refuses a promise where a value is wanted. */
export type Sync<U> =
  U extends PromiseLike<unknown> ? { readonly "~error": "this function is synchronous: no async, no promises" } : unknown;

export interface OperatorOptions {
  /** Shown in plans and metrics; unique. Derived if missing ("map-3"). */
  readonly name?: string | undefined;
  /** What becomes of an element that the function throws on. Default "fail". */
  readonly onError?: "fail" | "skip" | DeadLetterPolicy | undefined;
  /** Own number of subtasks; otherwise the job's. */
  readonly parallelism?: number | undefined;
}

/** `eventTime` missing: the record's own timestamp. */
export interface TimeOptions<T> {
  readonly eventTime?: ((event: T) => number) | undefined;
  readonly watermarks: WatermarkStrategy<T>;
}

export interface DataStream<out T> {
  map<U>(fn: (event: T) => U & Sync<U>, options?: OperatorOptions): DataStream<U>;
  filter<U extends T>(fn: (event: T) => event is U, options?: OperatorOptions): DataStream<U>;
  filter(fn: (event: T) => boolean, options?: OperatorOptions): DataStream<T>;
  flatMap<U>(fn: (event: T) => Iterable<U>, options?: OperatorOptions): DataStream<U>;
  /** Declares the schema of what a map or flatMap returns; needed where elements are kept or a sink has no schema of its own. */
  returns<S extends AnySchema>(
    schema: S & ([T] extends [TypeOf<S>] ? unknown : { readonly "~error": "the elements of this stream do not fit this schema" }),
  ): DataStream<TypeOf<S>>;
  /** Partitions by key: a field, several fields, or a function (with the key's schema, if results should have one). */
  keyBy<const F extends FieldName<T> | readonly [FieldName<T>, ...FieldName<T>[]] | ((event: T) => Key)>(
    key: F & KeyCheck<T, F>,
    schema?: Schema<Key>,
  ): KeyedStream<KeyOf<T, F>, T>;
  /** All elements of both; in no particular order between them. */
  union<U>(...others: readonly DataStream<U>[]): DataStream<T | U>;
  /** Assigns event times and watermarks in mid-stream, replacing what the source gave. */
  assignWatermarks(time: TimeOptions<T>, options?: OperatorOptions): DataStream<T>;
  /** Windows over all elements, in one subtask; the results' key is "all". */
  windowAll<W>(assigner: WindowAssigner<W, T>): WindowedStream<"all", T, W>;
  /** Calls a function with state of its subtask, side outputs, metrics and a lifecycle. */
  process<Out, D extends OperatorStateDescriptors = {}, S extends SideOutputs = {}, L = undefined>(
    name: string,
    fn: ProcessFunction<T, Out, D, S, L>,
    options?: Omit<OperatorOptions, "name">,
  ): ProcessedStream<Out, S>;
  /**
   * Asks something outside for each element: `fn` returns a promise, and at most `capacity` of them are waited for. The name is the
   * address of the waiting elements, which are state: the stream needs a schema. After a restore they are asked again.
   */
  mapAsync<U>(name: string, fn: (event: T, call: AsyncCall) => PromiseLike<U>, options: MapAsyncOptions<T, NoInfer<U>>): DataStream<U>;
  /** Each element with what an outside system holds for its key; answers may be remembered. The stream needs a schema. */
  lookupJoin<K extends Key, V, Out, const J extends "inner" | "left" = "inner">(
    name: string,
    options: LookupJoinOptions<T, K, V, J>,
    fn: (event: T, found: V | Missing<J, "left">) => Out & Sync<Out>,
  ): DataStream<Out>;
  /** Together with a broadcast stream: `.process(name, { onElement, onBroadcast, … })`. */
  connect<U, B extends BroadcastStates>(broadcast: BroadcastStream<U, B>): BroadcastConnectedStream<T, U, B>;
  /** Spreads the elements evenly over the subtasks of what follows. */
  rebalance(): DataStream<T>;
  /** As rebalance(), but each subtask sends only to its share of those that follow (2 to 4: each to two). */
  rescale(): DataStream<T>;
  /** Each element to a random subtask of what follows. */
  shuffle(): DataStream<T>;
  /** All elements to the first subtask of what follows. */
  global(): DataStream<T>;
  /** Elements stay in their subtask: what follows must have the same parallelism. */
  forward(): DataStream<T>;
  /** Each element to the subtask that `partition` says: a whole number from 0 to parallelism − 1. */
  partitionCustom(partition: (event: T, parallelism: number) => number): DataStream<T>;
  /** Each element to all subtasks of what follows. */
  broadcast(): DataStream<T>;
  /** Each element to all subtasks of what it is connected with, where it fills the declared `mapState(…)`s. */
  broadcast<const B extends BroadcastStates>(state: B): BroadcastStream<T, B>;
  /** How many subtasks the operator before this has; otherwise the job's parallelism. */
  parallelism(subtasks: number): this;
  /** The operator before this begins a loop of its own instead of joining that of its input. */
  startNewChain(): this;
  /** The operator before this runs in a loop of its own. */
  disableChaining(): this;
  /**
   * Ends in a sink. The name is the address of the sink's state in checkpoints. `onError`: what becomes of a row that the sink cannot write
   * (it does not fit the sink's schema, the sink's function throws); what is wrong with the sink itself fails the job.
   */
  to(name: string, sink: Sink<T>, options?: Pick<OperatorOptions, "onError">): undefined;
}

/** A stream with declared side outputs, each of which must be used. */
export type ProcessedStream<Out, S extends SideOutputs> = DataStream<Out> & {
  readonly side: { readonly [N in keyof S]: DataStream<TypeOf<S[N]>> };
};

export interface KeyedStream<out K, out T> extends DataStream<T> {
  /** State and timers per key. The name is the address of the state in savepoints. */
  process<Out, D extends StateDescriptors = {}, S extends SideOutputs = {}, L = undefined>(
    name: string,
    fn: KeyedProcessFunction<K, T, Out, D, S, L>,
    options?: Omit<OperatorOptions, "name">,
  ): ProcessedStream<Out, S>;
  window<W>(assigner: WindowAssigner<W, T>): WindowedStream<K, T, W>;
  /** Sends `fn(last, element)` for each element; the first of a key as it is. Kept as state: the stream needs a schema. */
  reduce(name: string, fn: (last: DeepReadonly<T>, element: T) => T, options?: Omit<OperatorOptions, "name">): DataStream<T>;
  /** For each element, the key's first element with the sum so far in `field`. */
  sum<F extends NumberField<T>>(name: string, field: F, options?: Omit<OperatorOptions, "name">): DataStream<T>;
  /** For each element, the key's first element with the smallest value so far in `field`. */
  min<F extends NumberField<T>>(name: string, field: F, options?: Omit<OperatorOptions, "name">): DataStream<T>;
  /** For each element, the key's first element with the largest value so far in `field`. */
  max<F extends NumberField<T>>(name: string, field: F, options?: Omit<OperatorOptions, "name">): DataStream<T>;
  /** For each element, the element with the smallest `field` so far; of equal ones the first. */
  minBy<F extends NumberField<T>>(name: string, field: F, options?: Omit<OperatorOptions, "name">): DataStream<T>;
  /** For each element, the element with the largest `field` so far; of equal ones the first. */
  maxBy<F extends NumberField<T>>(name: string, field: F, options?: Omit<OperatorOptions, "name">): DataStream<T>;
  /** Two keyed streams with common state and timers per key. */
  connect<U, Out, D extends StateDescriptors = {}, S extends SideOutputs = {}, L = undefined>(
    name: string,
    other: KeyedStream<Key, U>,
    fn: ConnectFunction<K, T, U, Out, D, S, L>,
    options?: Omit<OperatorOptions, "name">,
  ): ProcessedStream<Out, S>;
  /** Together with a broadcast stream: `.process(name, { onElement, onBroadcast, … })`. */
  connect<U, B extends BroadcastStates>(broadcast: BroadcastStream<U, B>): KeyedBroadcastConnectedStream<K, T, U, B>;
  /** Pairs of elements of equal keys whose event times are within bounds. A pair has the larger of both event times. */
  intervalJoin<U, Out, const B extends IntervalBounds>(
    name: string,
    other: KeyedStream<Key, U>,
    bounds: B,
    fn: (left: T, right: U) => Out & Sync<Out>,
    options?: Omit<OperatorOptions, "name">,
  ): DataStream<Out> & LateSides<B, DataStream<T>, DataStream<U>>;
  /** Pairs of elements of equal keys in a common window, when the watermark passes its end. A pair has the time end − 1. */
  windowJoin<U, W, Out, const K extends JoinKind = "inner">(
    name: string,
    other: KeyedStream<Key, U>,
    assigner: WindowAssigner<W>,
    fn: (left: T | Missing<K, "right" | "full">, right: U | Missing<K, "left" | "full">) => Out & Sync<Out>,
    options?: WindowJoinOptions<K>,
  ): DataStream<Out>;
  /** All elements of a key's window of both sides, when the watermark passes its end; one side may be empty. */
  coGroup<U, W, Out>(
    name: string,
    other: KeyedStream<Key, U>,
    assigner: WindowAssigner<W>,
    fn: (group: CoGroup<K, T, U, W>) => Iterable<Out>,
    options?: Omit<WindowJoinOptions, "kind">,
  ): DataStream<Out>;
  /**
   * Each element with the other side's element that was the newest of its key at its event time, once the watermark has passed that time.
   * Both streams need schemas.
   */
  temporalJoin<U, Out, const K extends "inner" | "left" = "inner">(
    name: string,
    other: KeyedStream<Key, U>,
    fn: (left: T, right: U | Missing<K, "left">) => Out & Sync<Out>,
    options?: TemporalJoinOptions<U, K>,
  ): DataStream<Out>;
  /**
   * All pairs of elements of equal keys, whenever they came, as rows with the change of the result: +I, -U, +U, -D. Both sides are kept
   * (for `ttl`, or for ever) and need schemas.
   */
  join<U, Out, const K extends JoinKind = "inner">(
    name: string,
    other: KeyedStream<Key, U>,
    fn: (left: T | Missing<K, "right" | "full">, right: U | Missing<K, "left" | "full">) => Out & Sync<Out>,
    options?: JoinOptions<T, U, K>,
  ): DataStream<ChangeRow<Out>>;
}

/** A stream on its way to all subtasks of what it is connected with. */
export interface BroadcastStream<out U, out B extends BroadcastStates> {
  readonly "~broadcast"?: { readonly of: U; readonly state: B } | undefined;
}

export interface BroadcastConnectedStream<out T, out U, out B extends BroadcastStates> {
  process<Out, D extends OperatorStateDescriptors = {}, S extends SideOutputs = {}, L = undefined>(
    name: string,
    fn: BroadcastFunction<T, U, Out, B, D, S, L>,
    options?: Omit<OperatorOptions, "name">,
  ): ProcessedStream<Out, S>;
}

export interface KeyedBroadcastConnectedStream<out K, out T, out U, out B extends BroadcastStates> {
  process<Out, D extends StateDescriptors = {}, S extends SideOutputs = {}, L = undefined>(
    name: string,
    fn: KeyedBroadcastFunction<K, T, U, Out, B, D, S, L>,
    options?: Omit<OperatorOptions, "name">,
  ): ProcessedStream<Out, S>;
}

/** undefined, for the kinds of joins that have elements without partners. */
type Missing<K, Outer> = K extends Outer ? undefined : never;
/** Only with `lateOutputs: true`; each must be used then. */
type LateSides<B, Left, Right> = B extends { readonly lateOutputs: true }
  ? { readonly side: { readonly lateLeft: Left; readonly lateRight: Right } }
  : unknown;

/** Fields that hold numbers. */
export type NumberField<T> = { [F in keyof T]: T[F] extends number ? F : never }[keyof T] & string;

/** right.time is from left.time + lower to left.time + upper. */
export interface IntervalBounds {
  /** ms, or text such as "-5m" or "0s". */
  readonly lower: number | string;
  readonly upper: number | string;
  /** The bound itself is outside. Default false. */
  readonly lowerExclusive?: boolean;
  readonly upperExclusive?: boolean;
  /** Late elements leave through `side.lateLeft` and `side.lateRight` instead of being dropped. */
  readonly lateOutputs?: boolean;
}

export interface CoGroup<out K, out T, out U, out W> {
  readonly key: K;
  readonly window: W;
  /** In order of arrival. */
  readonly left: readonly T[];
  readonly right: readonly U[];
}

export type Aggregates<T> = { readonly [name: string]: Aggregate<T, unknown> };
interface ReservedName {
  readonly "~error": "every result has a key and a window: choose another name";
}
export type NoReservedNames = { readonly key?: ReservedName; readonly window?: ReservedName };
export type WindowResult<K, T, W, A> = Simplify<{ readonly key: K; readonly window: W } & AggregateResult<A, T>>;

export interface WindowedStream<out K, out T, out W> {
  /**
   * How long after its end a window still takes late elements. Default 0. `emit: "updates"` (the default) sends a result at the end, and the
   * whole result again for each late element; `"final"` sends one, when that time is over.
   */
  allowedLateness<const D extends number | string>(
    duration: D & DurationCheck<D>,
    options?: { readonly emit?: "final" | "updates" },
  ): WindowedStream<K, T, W>;
  /** Elements that come too late leave through `side.late` instead of being dropped. */
  lateOutput(): LateWindowedStream<K, T, W>;
  /** Replaces the assigner's trigger. */
  trigger(trigger: Trigger<T>): WindowedStream<K, T, W>;
  /** Forgets elements before or after the window's function sees them. The stream needs a schema. */
  evictor(evictor: Evictor<T>): WindowedStream<K, T, W>;
  /** One row per key and window: { key, window: { start, end }, ...aggregates }, with the event time end − 1. */
  aggregate<const A extends Aggregates<T> & NoReservedNames>(
    name: string,
    aggregates: A,
    options?: Omit<OperatorOptions, "name">,
  ): DataStream<WindowResult<K, T, W, A>>;
  /** One element per key and window, with the event time end − 1. The stream needs a schema. */
  reduce(name: string, fn: (a: DeepReadonly<T>, b: T) => T, options?: Omit<OperatorOptions, "name">): DataStream<T>;
  /** Shows all elements of a window to a function. What it emits has the event time end − 1. The stream needs a schema. */
  process<Out, D extends StateDescriptors = {}, G extends StateDescriptors = {}, S extends SideOutputs = {}, L = undefined>(
    name: string,
    fn: WindowProcessFunction<K, T, W, Out, D, G, S, L>,
    options?: Omit<OperatorOptions, "name">,
  ): ProcessedStream<Out, S>;
}

type WithLate<Out, T> = DataStream<Out> & { readonly side: { readonly late: DataStream<T> } };

export interface LateWindowedStream<out K, out T, out W> {
  trigger(trigger: Trigger<T>): LateWindowedStream<K, T, W>;
  evictor(evictor: Evictor<T>): LateWindowedStream<K, T, W>;
  reduce(name: string, fn: (a: DeepReadonly<T>, b: T) => T, options?: Omit<OperatorOptions, "name">): WithLate<T, T>;
  process<
    Out,
    D extends StateDescriptors = {},
    G extends StateDescriptors = {},
    S extends SideOutputs & { readonly late?: { readonly "~error": "late elements leave through side.late: choose another name" } } = {},
    L = undefined,
  >(
    name: string,
    fn: WindowProcessFunction<K, T, W, Out, D, G, S, L>,
    options?: Omit<OperatorOptions, "name">,
  ): ProcessedStream<Out, S> & WithLate<Out, T>;
  allowedLateness<const D extends number | string>(
    duration: D & DurationCheck<D>,
    options?: { readonly emit?: "final" | "updates" },
  ): LateWindowedStream<K, T, W>;
  aggregate<const A extends Aggregates<T> & NoReservedNames>(
    name: string,
    aggregates: A,
    options?: Omit<OperatorOptions, "name">,
  ): WithLate<WindowResult<K, T, W, A>, T>;
}
