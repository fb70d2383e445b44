// Triggers: when a window sends its result, as data. A trigger given to a window replaces the one that its assigner brings.
import { isSchema } from "../schema/t.ts";
import type { Schema } from "../schema/type-info.ts";
import { calledAt } from "./called-at.ts";
import { checkFunctionObject, checkOptions } from "./check-options.ts";
import { durationMs, type DurationCheck } from "./duration.ts";
import type { TriggerSpec } from "./graph.ts";
import { PipelineError } from "./pipeline-error.ts";
import type { Timers } from "./process-function.ts";
import type { DeepReadonly } from "./state.ts";

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

/** Whenever the machine's clock passes a multiple of `interval`, as long as the window has elements. */
export function continuousProcessingTimeTrigger<const D extends number | string>(interval: D & DurationCheck<D>): Trigger {
  const entry = continuousProcessingTimeTrigger;
  const intervalMs = durationMs(interval, "continuousProcessingTimeTrigger(interval)", entry);
  if (intervalMs === 0)
    throw new PipelineError("BAD_DURATION", "continuousProcessingTimeTrigger(interval): more than 0 ms.", calledAt(entry));
  return make({ kind: "continuous-processing-time", intervalMs });
}

/** When `delta(last, current)` is over `threshold`; `last` is the element that fired last, or the first. Not for sessions. */
export function deltaTrigger<T>(threshold: number, delta: (last: T, current: T) => number): Trigger<T> {
  if (typeof threshold !== "number" || typeof delta !== "function")
    throw new PipelineError("BAD_ARGUMENT", "deltaTrigger(threshold, delta): a number and a function.", calledAt(deltaTrigger));
  return make({ kind: "delta", threshold, delta: delta as (last: unknown, current: unknown) => number });
}

export interface TimeoutOptions {
  /** The time runs from the newest element instead of the first. Default false. */
  readonly resetAtElement?: boolean;
  /** When the time is up, the inner trigger forgets what it remembers (a count, its timers). Default true; false not for sessions. */
  readonly clearOnTimeout?: boolean;
}

/** As `of`; and what has not fired so long after the first element since, by the machine's clock, fires then. Also at the window's end. */
export function timeoutTrigger<T, const D extends number | string>(
  of: Trigger<T>,
  timeout: D & DurationCheck<D>,
  options: TimeoutOptions = {},
): Trigger<T> {
  checkTrigger(of, "timeoutTrigger(trigger, timeout)", timeoutTrigger);
  const timeoutMs = durationMs(timeout, "timeoutTrigger(trigger, timeout)", timeoutTrigger);
  checkOptions(options, ["resetAtElement", "clearOnTimeout"], "timeoutTrigger(…)", calledAt(timeoutTrigger));
  const { resetAtElement = false, clearOnTimeout = true } = options;
  return make({ kind: "timeout", of: of.trigger, timeoutMs, resetAtElement, clearOnTimeout });
}

/** At every `count`-th element, and `time` after the first one since it last fired, by the machine's clock. */
export function countOrTimeTrigger<const D extends number | string>(count: number, time: D & DurationCheck<D>): Trigger {
  const timeoutMs = durationMs(time, "countOrTimeTrigger(count, time)", countOrTimeTrigger);
  if (!Number.isSafeInteger(count) || count < 1)
    throw new PipelineError(
      "BAD_ARGUMENT",
      `countOrTimeTrigger(count, time): a whole number from 1, not ${count}.`,
      calledAt(countOrTimeTrigger),
    );
  return make({ kind: "timeout", of: { kind: "count", count }, timeoutMs, resetAtElement: false, clearOnTimeout: true });
}

export type TriggerResult = "continue" | "fire" | "purge" | "fire-and-purge";

/** What a custom trigger sees of a window of a key. Valid during the call only. */
export interface TriggerContext<S, W = unknown> {
  readonly key: unknown;
  readonly window: W;
  /** Event time of the element, or the time of the timer. */
  readonly timestamp: number;
  readonly watermark: number;
  /** Processing time, epoch ms. */
  now(): number;
  /** Of this trigger in this window; gone when the window ends. */
  readonly state: { get(): DeepReadonly<S> | undefined; set(value: DeepReadonly<S>): undefined; clear(): undefined };
  /** Of this window; those that have not fired when it ends are gone. */
  readonly timers: Timers;
}

export interface CustomTrigger<T, S> {
  /** Schema of what ctx.state keeps. */
  readonly state?: Schema<S>;
  readonly onElement: (element: T, ctx: TriggerContext<S>) => TriggerResult;
  /** At an event-time timer that this trigger has set. */
  readonly onEventTime?: (at: number, ctx: TriggerContext<S>) => TriggerResult;
  /** At a processing-time timer that this trigger has set. */
  readonly onProcessingTime?: (at: number, ctx: TriggerContext<S>) => TriggerResult;
  /** Joins the states of two windows; sessions need it. */
  readonly merge?: (a: S, b: S) => S;
  /** Windows have merged: the timers of both are gone; set those that are still wanted. */
  readonly onMerge?: (ctx: TriggerContext<S>) => undefined;
}

/** A trigger of your own. */
export function customTrigger<T, S = never>(spec: CustomTrigger<T, S>): Trigger<T> {
  checkFunctionObject("trigger", spec, "customTrigger({ onElement, … })", calledAt(customTrigger));
  if (spec.state !== undefined && !isSchema(spec.state))
    throw new PipelineError("BAD_ARGUMENT", "customTrigger({ state }): a schema is wanted, such as t.long().", calledAt(customTrigger));
  const { state, merge } = spec;
  const functions = spec as unknown as Functions;
  return make({
    kind: "custom",
    state: state?.type,
    onElement: functions.onElement.bind(spec),
    onEventTime: functions.onEventTime?.bind(spec),
    onProcessingTime: functions.onProcessingTime?.bind(spec),
    merge: merge as ((a: unknown, b: unknown) => unknown) | undefined,
    onMerge: functions.onMerge?.bind(spec),
  });
}

interface Functions {
  onElement(element: unknown, ctx: unknown): unknown;
  onEventTime?(at: number, ctx: unknown): unknown;
  onProcessingTime?(at: number, ctx: unknown): unknown;
  onMerge?(ctx: unknown): void;
}

/** The trigger that decides, inside purging() and timeoutTrigger(). */
export function innermost(trigger: TriggerSpec): TriggerSpec {
  return trigger.kind === "purging" || trigger.kind === "timeout" ? innermost(trigger.of) : trigger;
}

/** Windows that merge need a trigger that can. */
export function canMerge(trigger: TriggerSpec): boolean {
  if (trigger.kind === "timeout") return trigger.clearOnTimeout && canMerge(trigger.of);
  if (trigger.kind === "purging") return canMerge(trigger.of);
  return trigger.kind !== "delta" && (trigger.kind !== "custom" || trigger.merge !== undefined);
}

/** As `of`, and a window that has fired forgets its elements. */
export function purging<T>(of: Trigger<T>): Trigger<T> {
  checkTrigger(of, "purging(trigger)", purging);
  return make({ kind: "purging", of: of.trigger });
}

function checkTrigger(of: Trigger<never>, what: string, entry: (...args: never[]) => unknown): void {
  if (typeof of?.trigger?.kind === "string") return;
  throw new PipelineError("BAD_ARGUMENT", `${what}: a trigger is wanted, such as countTrigger(10).`, calledAt(entry));
}

function make<T>(trigger: TriggerSpec): Trigger<T> {
  return Object.freeze({ trigger: Object.freeze(trigger) });
}
