// Evictors: which elements a window forgets, before its function sees them or (`after: true`) afterwards, as data. A window with an
// evictor keeps its elements, so they need a schema.
import { calledAt } from "./called-at.ts";
import { checkOptions } from "./check-options.ts";
import { durationMs, type DurationCheck } from "./duration.ts";
import type { EvictorSpec } from "./graph.ts";
import { PipelineError } from "./pipeline-error.ts";

export interface Evictor<in T = unknown> {
  readonly "~in"?: ((event: T) => void) | undefined;
  readonly evictor: EvictorSpec;
}

export interface EvictorOptions {
  /** Evict after the window's function instead of before. */
  readonly after?: boolean;
}

/** Keeps the newest `count` elements. */
export function countEvictor(count: number, options: EvictorOptions = {}): Evictor {
  if (!Number.isSafeInteger(count) || count < 1)
    throw new PipelineError("BAD_ARGUMENT", `countEvictor(count): a whole number from 1, not ${count}.`, calledAt(countEvictor));
  return make({ kind: "count", count, after: after(options, countEvictor) });
}

/** Keeps the elements less than `duration` older than the newest in the window, by event time. */
export function timeEvictor<const D extends number | string>(duration: D & DurationCheck<D>, options: EvictorOptions = {}): Evictor {
  const keepMs = durationMs(duration, "timeEvictor(duration)", timeEvictor);
  return make({ kind: "time", keepMs, after: after(options, timeEvictor) });
}

/** Forgets the elements with `delta(element, last)` ≥ `threshold`; `last` is the element that came last. */
export function deltaEvictor<T>(threshold: number, delta: (element: T, last: T) => number, options: EvictorOptions = {}): Evictor<T> {
  if (typeof threshold !== "number" || typeof delta !== "function")
    throw new PipelineError("BAD_ARGUMENT", "deltaEvictor(threshold, delta): a number and a function.", calledAt(deltaEvictor));
  return make({
    kind: "delta",
    threshold,
    delta: delta as (element: unknown, last: unknown) => number,
    after: after(options, deltaEvictor),
  });
}

function after(options: EvictorOptions, entry: (...args: never[]) => unknown): boolean {
  checkOptions(options, ["after"], `${entry.name}(…)`, calledAt(entry));
  return options.after ?? false;
}

function make<T>(evictor: EvictorSpec): Evictor<T> {
  return Object.freeze({ evictor: Object.freeze(evictor) });
}
