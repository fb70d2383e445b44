// Triggers: when a window sends its result, as data. A trigger given to a window replaces the one that its assigner brings.
import { calledAt } from "./called-at.ts";
import { durationMs, type DurationCheck } from "./duration.ts";
import type { TriggerSpec } from "./graph.ts";
import { PipelineError } from "./pipeline-error.ts";

export interface Trigger<in T = unknown> {
  readonly "~in"?: ((event: T) => void) | undefined;
  readonly trigger: TriggerSpec;
}

/** When the watermark passes the window's end, and at each element that comes later within the allowed lateness. */
export function eventTimeTrigger(): Trigger {
  return make({ kind: "event-time" });
}

/** When the clock of the machine passes the window's end. */
export function processingTimeTrigger(): Trigger {
  return make({ kind: "processing-time" });
}

/** At every `count`-th element of a key in the window. Nothing more happens at the window's end. */
export function countTrigger(count: number): Trigger {
  if (!Number.isSafeInteger(count) || count < 1)
    throw new PipelineError("BAD_ARGUMENT", `countTrigger(count): a whole number from 1, not ${count}.`, calledAt(countTrigger));
  return make({ kind: "count", count });
}

/** Whenever the watermark passes a multiple of `interval` after a key's first element, and at the window's end. */
export function continuousEventTimeTrigger<const D extends number | string>(interval: D & DurationCheck<D>): Trigger {
  const intervalMs = durationMs(interval, "continuousEventTimeTrigger(interval)", continuousEventTimeTrigger);
  if (intervalMs === 0)
    throw new PipelineError("BAD_DURATION", "continuousEventTimeTrigger(interval): more than 0 ms.", calledAt(continuousEventTimeTrigger));
  return make({ kind: "continuous-event-time", intervalMs });
}

/** When `delta(last, current)` is over `threshold`; `last` is the element that fired last, or the first. Not for sessions. */
export function deltaTrigger<T>(threshold: number, delta: (last: T, current: T) => number): Trigger<T> {
  if (typeof threshold !== "number" || typeof delta !== "function")
    throw new PipelineError("BAD_ARGUMENT", "deltaTrigger(threshold, delta): a number and a function.", calledAt(deltaTrigger));
  return make({ kind: "delta", threshold, delta: delta as (last: unknown, current: unknown) => number });
}

/** As `of`, and a window that has fired forgets its elements. */
export function purging<T>(of: Trigger<T>): Trigger<T> {
  if (typeof of?.trigger?.kind !== "string")
    throw new PipelineError("BAD_ARGUMENT", "purging(trigger): a trigger is wanted, such as countTrigger(10).", calledAt(purging));
  return make({ kind: "purging", of: of.trigger });
}

function make<T>(trigger: TriggerSpec): Trigger<T> {
  return Object.freeze({ trigger: Object.freeze(trigger) });
}
