// The keyed process function: what users write and the context that the engine gives to it. The context is one reused object, valid
// during the call only. Everything in it returns undefined, so that an async function can never pass for a synchronous one.
import type { Infer, Schema } from "../schema/type-info.ts";
import type { DeadLetterPolicy } from "./dead-letter.ts";
import type { DeepReadonly, StateDescriptors, StateOf } from "./state.ts";

export type SideOutputs = { readonly [name: string]: Schema<unknown> };

export interface Timers {
  /** onTimer runs when the watermark passes `at` (epoch ms). A timer is a set member: setting it twice fires once. */
  setEventTime(at: number): undefined;
  deleteEventTime(at: number): undefined;
  /** onTimer runs when the clock passes `at` (epoch ms). */
  setProcessingTime(at: number): undefined;
  deleteProcessingTime(at: number): undefined;
}

export interface ProcessContext<out K, in Out, out D extends StateDescriptors = {}, out S extends SideOutputs = {}> {
  readonly key: K;
  /** Event time of the element, or the time of the timer. −Infinity: none. */
  readonly timestamp: number;
  /** −Infinity before the first one. */
  readonly watermark: number;
  readonly state: StateOf<D>;
  emit(value: DeepReadonly<Out>): undefined;
  readonly side: { readonly [N in keyof S]: (value: DeepReadonly<Infer<S[N]>>) => undefined };
  readonly timers: Timers;
  /** Processing time, epoch ms. */
  now(): number;
}

export interface TimerContext<out K, in Out, out D extends StateDescriptors = {}, out S extends SideOutputs = {}> extends ProcessContext<
  K,
  Out,
  D,
  S
> {
  readonly domain: "event-time" | "processing-time";
}

export interface KeyedProcessFunction<K, T, Out, D extends StateDescriptors = {}, S extends SideOutputs = {}> {
  /** Schema of what emit() takes. */
  readonly output: Schema<Out>;
  /** Declared side outputs: each must be used. */
  readonly side?: S | undefined;
  readonly state?: D | undefined;
  /** What becomes of an element whose onElement throws; "fail" unless said otherwise. */
  readonly onError?: "fail" | "skip" | DeadLetterPolicy | undefined;
  readonly onElement: (element: T, ctx: ProcessContext<K, Out, D, S>) => undefined;
  readonly onTimer?: ((at: number, ctx: TimerContext<K, Out, D, S>) => undefined) | undefined;
}

/** Two streams of one key type: `onLeft` and `onRight` share state and timers. */
export interface ConnectFunction<K, T, U, Out, D extends StateDescriptors = {}, S extends SideOutputs = {}> {
  /** Schema of what emit() takes. */
  readonly output: Schema<Out>;
  readonly side?: S | undefined;
  readonly state?: D | undefined;
  readonly onError?: "fail" | "skip" | DeadLetterPolicy | undefined;
  readonly onLeft: (element: T, ctx: ProcessContext<K, Out, D, S>) => undefined;
  readonly onRight: (element: U, ctx: ProcessContext<K, Out, D, S>) => undefined;
  readonly onTimer?: ((at: number, ctx: TimerContext<K, Out, D, S>) => undefined) | undefined;
}

export interface WindowContext<out K, out W, in Out> {
  readonly key: K;
  readonly window: W;
  /** Event time; −Infinity before the first watermark. */
  readonly watermark: number;
  emit(value: DeepReadonly<Out>): undefined;
  /** Processing time, epoch ms. */
  now(): number;
}

export interface WindowProcessFunction<K, T, W, Out> {
  /** Schema of what emit() takes. */
  readonly output: Schema<Out>;
  /** Called when the window fires, with its elements in order of arrival. */
  readonly onWindow: (elements: readonly T[], ctx: WindowContext<K, W, Out>) => undefined;
}
