// What every user function with a lifecycle has at hand: metrics of its own, and where it runs.
import type { Sync } from "./data-stream.ts";

/** Only rises; shown per operator, summed over its subtasks. Begins at 0 again when the job starts again. */
export interface Counter {
  /** By 1 unless said otherwise. */
  inc(by?: number): undefined;
  readonly count: number;
}

/** Quantiles of what was recorded, within 5 %. */
export interface Histogram {
  update(value: number): undefined;
}

/** Metrics by name: letters, digits and "_". Asking for one twice gives the same. */
export interface Metrics {
  counter(name: string): Counter;
  /** `read` is called when somebody looks, between two elements. */
  gauge(name: string, read: () => number): undefined;
  histogram(name: string): Histogram;
}

/** This instance of the operator: 0 ≤ index < parallelism. */
export interface SubtaskInfo {
  readonly index: number;
  readonly parallelism: number;
}

export interface FunctionContext {
  readonly metrics: Metrics;
  readonly subtask: SubtaskInfo;
  /** Processing time, epoch ms. */
  now(): number;
}

/** The function object is one for all subtasks of a thread: what belongs to a subtask is what `open` returns. */
export interface Lifecycle<L> {
  /** Called once in each subtask, before its first element. What it returns is `ctx.local`. Stands before the functions that use it. */
  readonly open?: ((ctx: FunctionContext) => L & Sync<L>) | undefined;
  /** Called once in each subtask when the job ends, however it ends. */
  readonly close?: ((local: L) => undefined) | undefined;
}
