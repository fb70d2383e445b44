// Process functions: what users write and the contexts that the engine gives to them. A context is one reused object, valid during the
// call only. Everything in it returns undefined, so that an async function can never pass for a synchronous one.
import type { Infer, Schema } from "../schema/type-info.ts";
import type { DeadLetterPolicy } from "./dead-letter.ts";
import type { FunctionContext, Lifecycle } from "./function-context.ts";
import type { BroadcastStateOf, BroadcastStates, OperatorStateDescriptors, ReadonlyBroadcastStateOf } from "./operator-state.ts";
import type { DeepReadonly, StateDescriptors, StateOf } from "./state.ts";

export type SideOutputs = { readonly [name: string]: Schema<unknown> };

/** Times are epoch ms; a fraction counts as the next whole one, so that no timer fires early. NaN, ±Infinity and other values throw. */
export interface Timers {
  /** onTimer runs when the watermark passes `at` (epoch ms). A timer is a set member: setting it twice fires once. */
  setEventTime(at: number): undefined;
  deleteEventTime(at: number): undefined;
  /** onTimer runs when the clock passes `at` (epoch ms). */
  setProcessingTime(at: number): undefined;
  deleteProcessingTime(at: number): undefined;
}

/** What functions with and without a key have at hand. */
interface ElementContext<in Out, out S extends SideOutputs, out L> extends FunctionContext {
  /** Event time of the element, or the time of the timer. −Infinity: none. */
  readonly timestamp: number;
  /** −Infinity before the first one. */
  readonly watermark: number;
  /** What open() returned. */
  readonly local: L;
  emit(value: DeepReadonly<Out>): undefined;
  readonly side: { readonly [N in keyof S]: (value: DeepReadonly<Infer<S[N]>>) => undefined };
}

export interface ProcessContext<
  out K,
  in Out,
  out D extends StateDescriptors = {},
  out S extends SideOutputs = {},
  out L = undefined,
> extends ElementContext<Out, S, L> {
  readonly key: K;
  readonly state: StateOf<D>;
  readonly timers: Timers;
}

export interface TimerContext<
  out K,
  in Out,
  out D extends StateDescriptors = {},
  out S extends SideOutputs = {},
  out L = undefined,
> extends ProcessContext<K, Out, D, S, L> {
  readonly domain: "event-time" | "processing-time";
}

/** Of a function without a key. */
export interface UnkeyedContext<
  in Out,
  out D extends OperatorStateDescriptors = {},
  out S extends SideOutputs = {},
  out L = undefined,
> extends ElementContext<Out, S, L> {
  /** Of this subtask. */
  readonly state: StateOf<D>;
}

interface FunctionParts<Out, S extends SideOutputs, L> extends Lifecycle<L> {
  /** Schema of what emit() takes. */
  readonly output: Schema<Out>;
  /** Declared side outputs: each must be used. */
  readonly side?: S | undefined;
  /** What becomes of an element that the function throws on; "fail" unless said otherwise. */
  readonly onError?: "fail" | "skip" | DeadLetterPolicy | undefined;
}

export interface KeyedProcessFunction<
  K,
  T,
  Out,
  D extends StateDescriptors = {},
  S extends SideOutputs = {},
  L = undefined,
> extends FunctionParts<Out, S, L> {
  readonly state?: D | undefined;
  readonly onElement: (element: T, ctx: ProcessContext<K, Out, D, S, L>) => undefined;
  readonly onTimer?: ((at: number, ctx: TimerContext<K, Out, D, S, L>) => undefined) | undefined;
}

/** Without keyBy: no timers; state is a list per subtask. */
export interface ProcessFunction<
  T,
  Out,
  D extends OperatorStateDescriptors = {},
  S extends SideOutputs = {},
  L = undefined,
> extends FunctionParts<Out, S, L> {
  readonly state?: D | undefined;
  readonly onElement: (element: T, ctx: UnkeyedContext<Out, D, S, L>) => undefined;
}

/** Shown to onBroadcast: it may change the broadcast state, and must do it alike in every subtask. */
export interface BroadcastContext<
  in Out,
  out B extends BroadcastStates,
  out S extends SideOutputs = {},
  out L = undefined,
> extends ElementContext<Out, S, L> {
  readonly broadcast: BroadcastStateOf<B>;
}

export interface KeyedBroadcastContext<
  out K,
  in Out,
  out B extends BroadcastStates,
  out D extends StateDescriptors,
  out S extends SideOutputs = {},
  out L = undefined,
> extends BroadcastContext<Out, B, S, L> {
  /** Calls `apply` for every key of this subtask that holds something in the state `name`. */
  applyToKeyedState<N extends keyof D & string>(name: N, apply: (key: K, state: StateOf<D>[N]) => undefined): undefined;
}

/** A keyed stream with a broadcast one. Elements see the broadcast state, and only onBroadcast changes it. */
export interface KeyedBroadcastFunction<
  K,
  T,
  U,
  Out,
  B extends BroadcastStates,
  D extends StateDescriptors = {},
  S extends SideOutputs = {},
  L = undefined,
> extends FunctionParts<Out, S, L> {
  /** Per key. */
  readonly state?: D | undefined;
  readonly onElement: (element: T, ctx: ProcessContext<K, Out, D, S, L> & WithBroadcast<B>) => undefined;
  readonly onBroadcast: (element: U, ctx: KeyedBroadcastContext<K, Out, B, D, S, L>) => undefined;
  readonly onTimer?: ((at: number, ctx: TimerContext<K, Out, D, S, L> & WithBroadcast<B>) => undefined) | undefined;
}

export interface BroadcastFunction<
  T,
  U,
  Out,
  B extends BroadcastStates,
  D extends OperatorStateDescriptors = {},
  S extends SideOutputs = {},
  L = undefined,
> extends FunctionParts<Out, S, L> {
  /** Per subtask. */
  readonly state?: D | undefined;
  readonly onElement: (element: T, ctx: UnkeyedContext<Out, D, S, L> & WithBroadcast<B>) => undefined;
  readonly onBroadcast: (element: U, ctx: BroadcastContext<Out, B, S, L>) => undefined;
}

interface WithBroadcast<out B extends BroadcastStates> {
  readonly broadcast: ReadonlyBroadcastStateOf<B>;
}

/** Two streams of one key type: `onLeft` and `onRight` share state and timers. */
export interface ConnectFunction<
  K,
  T,
  U,
  Out,
  D extends StateDescriptors = {},
  S extends SideOutputs = {},
  L = undefined,
> extends FunctionParts<Out, S, L> {
  readonly state?: D | undefined;
  readonly onLeft: (element: T, ctx: ProcessContext<K, Out, D, S, L>) => undefined;
  readonly onRight: (element: U, ctx: ProcessContext<K, Out, D, S, L>) => undefined;
  readonly onTimer?: ((at: number, ctx: TimerContext<K, Out, D, S, L>) => undefined) | undefined;
}

export interface WindowContext<
  out K,
  out W,
  in Out,
  out D extends StateDescriptors = {},
  out G extends StateDescriptors = {},
  out S extends SideOutputs = {},
  out L = undefined,
> extends FunctionContext {
  readonly key: K;
  readonly window: W;
  /** Event time; −Infinity before the first watermark. */
  readonly watermark: number;
  /** Of this window of this key: kept from firing to firing, gone when the window ends. */
  readonly windowState: StateOf<D>;
  /** Of the key: kept from window to window. */
  readonly globalState: StateOf<G>;
  /** What open() returned. */
  readonly local: L;
  emit(value: DeepReadonly<Out>): undefined;
  readonly side: { readonly [N in keyof S]: (value: DeepReadonly<Infer<S[N]>>) => undefined };
}

export interface WindowProcessFunction<
  K,
  T,
  W,
  Out,
  D extends StateDescriptors = {},
  G extends StateDescriptors = {},
  S extends SideOutputs = {},
  L = undefined,
> extends FunctionParts<Out, S, L> {
  /** Without ttl; not for windows that merge. */
  readonly windowState?: D | undefined;
  readonly globalState?: G | undefined;
  /** Called when the window fires, with its elements in order of arrival. */
  readonly onWindow: (elements: readonly T[], ctx: WindowContext<K, W, Out, D, G, S, L>) => undefined;
  /** Called when the window ends, before its state is cleared. */
  readonly onClear?: ((ctx: WindowContext<K, W, Out, D, G, S, L>) => undefined) | undefined;
}
