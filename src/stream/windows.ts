// Window assigners: which windows an element belongs to, as data.
import { calledAt } from "./called-at.ts";
import { durationMs, type DurationCheck } from "./duration.ts";
import { countEvictor } from "./evictors.ts";
import type { AssignerSpec, EvictorSpec, TriggerSpec } from "./graph.ts";
import { PipelineError } from "./pipeline-error.ts";
import { countTrigger, purging } from "./triggers.ts";
import type { Duration } from "./watermarks.ts";

/** [start, end) in epoch ms of event time. */
export interface TimeWindow {
  readonly start: number;
  readonly end: number;
}

/** The one window of a key that never ends. Its results have the event time of the element that fired them. */
export interface GlobalWindow {
  /** Always true. */
  readonly global: boolean;
}

export interface WindowAssigner<out W, in T = unknown> {
  readonly "~window"?: { readonly of: W } | undefined;
  readonly "~in"?: ((event: T) => void) | undefined;
  readonly assigner: AssignerSpec;
  /** What the assigner brings with it, unless the window is given its own. */
  readonly trigger?: TriggerSpec;
  readonly evictor?: EvictorSpec;
}

export interface TumblingOptions {
  /** Shifts the windows' starts, which otherwise are multiples of the size since 1970-01-01T00:00Z. Less than the size. */
  readonly offset?: Duration;
}

/** Windows of one size that neither overlap nor leave gaps. */
export function tumbling<const D extends number | string>(
  size: D & DurationCheck<D>,
  options: TumblingOptions = {},
): WindowAssigner<TimeWindow> {
  const sizeMs = durationMs(size, "tumbling(size)", tumbling);
  const offsetMs = durationMs(options.offset ?? 0, "tumbling(size, { offset })", tumbling);
  if (sizeMs === 0) throw new PipelineError("BAD_DURATION", "tumbling(size): a window of 0 ms holds nothing.", calledAt(tumbling));
  if (offsetMs >= sizeMs)
    throw new PipelineError("BAD_DURATION", "tumbling(size, { offset }): the offset must be less than the size.", calledAt(tumbling));
  return Object.freeze({ assigner: Object.freeze({ kind: "tumbling", sizeMs, offsetMs }) });
}

/** Windows of one size that start every `slide`: with size 1 h and slide 10 min, an element is in six. */
export function sliding<const D extends number | string, const E extends number | string>(
  size: D & DurationCheck<D>,
  slide: E & DurationCheck<E>,
  options: TumblingOptions = {},
): WindowAssigner<TimeWindow> {
  const sizeMs = durationMs(size, "sliding(size, slide)", sliding);
  const slideMs = durationMs(slide, "sliding(size, slide)", sliding);
  const offsetMs = durationMs(options.offset ?? 0, "sliding(size, slide, { offset })", sliding);
  if (sizeMs === 0 || slideMs === 0)
    throw new PipelineError("BAD_DURATION", "sliding(size, slide): both must be more than 0 ms.", calledAt(sliding));
  if (offsetMs >= slideMs)
    throw new PipelineError("BAD_DURATION", "sliding(size, slide, { offset }): the offset must be less than the slide.", calledAt(sliding));
  return Object.freeze({ assigner: Object.freeze({ kind: "sliding", sizeMs, slideMs, offsetMs }) });
}

/** Windows of activity: elements of a key that are at most `gap` apart are in one. A function gives each element's own gap in ms. */
export function session<const D extends number | string>(gap: D & DurationCheck<D>): WindowAssigner<TimeWindow>;
export function session<T>(gap: (event: T) => number): WindowAssigner<TimeWindow, T>;
export function session(gap: unknown): WindowAssigner<TimeWindow, never> {
  if (typeof gap === "function")
    return Object.freeze({ assigner: Object.freeze({ kind: "dynamic-session", gap: gap as (event: unknown) => number }) });
  const gapMs = durationMs(gap as number, "session(gap)", session);
  if (gapMs === 0) throw new PipelineError("BAD_DURATION", "session(gap): a gap of 0 ms joins nothing.", calledAt(session));
  return Object.freeze({ assigner: Object.freeze({ kind: "session", gapMs }) });
}

/** One window per key that never ends; needs a trigger. */
export function globalWindow(): WindowAssigner<GlobalWindow> {
  return Object.freeze({ assigner: Object.freeze({ kind: "global" }) });
}

/**
 * Windows of `size` elements of a key, by arrival. With `slide`: the newest `size` elements, at every `slide`-th.
 * Windows that are not full when the input ends never fire.
 */
export function countWindow(size: number, slide?: number): WindowAssigner<GlobalWindow> {
  for (const number of [size, slide ?? 1])
    if (!Number.isSafeInteger(number) || number < 1)
      throw new PipelineError("BAD_ARGUMENT", `countWindow(size, slide): whole numbers from 1, not ${number}.`, calledAt(countWindow));
  const assigner = Object.freeze({ kind: "global" } as const);
  if (slide === undefined) return Object.freeze({ assigner, trigger: purging(countTrigger(size)).trigger });
  return Object.freeze({ assigner, trigger: countTrigger(slide).trigger, evictor: countEvictor(size).evictor });
}
