// Window assigners: which windows an element belongs to, as data.
import { calledAt } from "./called-at.ts";
import { checkOptions } from "./check-options.ts";
import { durationMs, signedDurationMs, type DurationCheck } from "./duration.ts";
import { countEvictor } from "./evictors.ts";
import type { AssignerSpec, EvictorSpec, TriggerSpec } from "./graph.ts";
import { PipelineError } from "./pipeline-error.ts";
import { countTrigger, purging } from "./triggers.ts";
import type { Duration } from "./watermarks.ts";

/** [start, end) in epoch ms: of event time, or of the machine's clock with `time: "processing-time"`. */
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

export interface ClockOptions {
  /** "processing-time": by the machine's clock at the element's arrival; nothing is late then. Default "event-time". */
  readonly time?: "event-time" | "processing-time";
}

export interface AlignedOptions extends ClockOptions {
  /** Shifts the windows' starts, which otherwise are multiples of the size (or slide) since 1970-01-01T00:00Z. Smaller than it; may be negative. */
  readonly offset?: Duration;
}

type Entry = (...args: never[]) => unknown;

/** Windows of one size that neither overlap nor leave gaps. */
export function tumbling<const D extends number | string>(
  size: D & DurationCheck<D>,
  options: AlignedOptions = {},
): WindowAssigner<TimeWindow> {
  const sizeMs = positiveMs(size, "tumbling(size)", tumbling);
  return made(
    { kind: "tumbling", sizeMs, offsetMs: offsetMs(options, sizeMs, "size", "tumbling(size, { offset })", tumbling) },
    options,
    tumbling,
  );
}

/** Windows of one size that start every `slide`: with size 1 h and slide 10 min, an element is in six. */
export function sliding<const D extends number | string, const E extends number | string>(
  size: D & DurationCheck<D>,
  slide: E & DurationCheck<E>,
  options: AlignedOptions = {},
): WindowAssigner<TimeWindow> {
  const sizeMs = positiveMs(size, "sliding(size, slide)", sliding);
  const slideMs = positiveMs(slide, "sliding(size, slide)", sliding);
  const offset = offsetMs(options, slideMs, "slide", "sliding(size, slide, { offset })", sliding);
  return made({ kind: "sliding", sizeMs, slideMs, offsetMs: offset }, options, sliding);
}

/** Windows of one start whose sizes grow by `step` up to `maxSize`: "since midnight", every hour. `maxSize` is a multiple of `step`. */
export function cumulate<const D extends number | string, const E extends number | string>(
  maxSize: D & DurationCheck<D>,
  step: E & DurationCheck<E>,
  options: AlignedOptions = {},
): WindowAssigner<TimeWindow> {
  const maxSizeMs = positiveMs(maxSize, "cumulate(maxSize, step)", cumulate);
  const stepMs = positiveMs(step, "cumulate(maxSize, step)", cumulate);
  if (maxSizeMs % stepMs !== 0)
    throw new PipelineError("BAD_DURATION", "cumulate(maxSize, step): the size must be a multiple of the step.", calledAt(cumulate));
  const offset = offsetMs(options, maxSizeMs, "size", "cumulate(maxSize, step, { offset })", cumulate);
  return made({ kind: "cumulate", maxSizeMs, stepMs, offsetMs: offset }, options, cumulate);
}

export interface SessionOptions extends ClockOptions {
  /**
   * The order of the elements of sessions that have merged, for evictors and functions that see them. "arrival", unless said otherwise.
   * "as-merged": one session's behind the other's, as Apache Flink 2.2's heap state has them (for results equal to an existing Flink job's).
   */
  readonly mergedOrder?: "arrival" | "as-merged";
}

export interface DynamicSessionOptions extends SessionOptions {
  /**
   * What an element does whose own window equals a session that grew by merging. "joins" it, unless said otherwise. "restarts" it, as
   * Apache Flink 2.2 does: what the session held is lost (for results equal to an existing Flink job's).
   */
  readonly equalSession?: "joins" | "restarts";
}

/** Windows of activity: elements of a key that are at most `gap` apart are in one. A function gives each element's own gap in ms. */
export function session<const D extends number | string>(gap: D & DurationCheck<D>, options?: SessionOptions): WindowAssigner<TimeWindow>;
export function session<T>(gap: (event: T) => number, options?: DynamicSessionOptions): WindowAssigner<TimeWindow, T>;
export function session(gap: unknown, options: DynamicSessionOptions = {}): WindowAssigner<TimeWindow, never> {
  const { equalSession = "joins", mergedOrder = "arrival" } = options;
  if (equalSession !== "joins" && equalSession !== "restarts")
    throw new PipelineError("BAD_ARGUMENT", 'session(gap, { equalSession }): "joins" or "restarts".', calledAt(session));
  if (mergedOrder !== "arrival" && mergedOrder !== "as-merged")
    throw new PipelineError("BAD_ARGUMENT", 'session(gap, { mergedOrder }): "arrival" or "as-merged".', calledAt(session));
  const order = mergedOrder === "arrival" ? {} : { mergedOrder };
  if (typeof gap === "function") {
    const restarts = equalSession === "restarts";
    return made({ kind: "dynamic-session", gap: gap as (event: unknown) => number, restarts, ...order }, options, session);
  }
  const gapMs = durationMs(gap as number, "session(gap)", session);
  if (gapMs === 0) throw new PipelineError("BAD_DURATION", "session(gap): a gap of 0 ms joins nothing.", calledAt(session));
  return made({ kind: "session", gapMs, ...order }, options, session);
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

export interface CustomAssigner<T> extends ClockOptions {
  /** The windows of an element; `timestamp` is its event time, or the clock's with processing time. Whole ms, start < end; a pure function. */
  readonly assign: (event: T, timestamp: number) => Iterable<TimeWindow>;
  /** Windows of a key that overlap or touch become one, as sessions do. Default false. */
  readonly merging?: boolean;
}

/** Windows of your own. */
export function customAssigner<T>(spec: CustomAssigner<T>): WindowAssigner<TimeWindow, T> {
  if (typeof spec?.assign !== "function")
    throw new PipelineError(
      "BAD_ARGUMENT",
      "customAssigner({ assign }): assign is a function that gives windows.",
      calledAt(customAssigner),
    );
  const assign = spec.assign.bind(spec) as (event: unknown, timestamp: number) => Iterable<TimeWindow>;
  return made({ kind: "custom", merging: spec.merging ?? false, assign }, spec, customAssigner);
}

/** Windows of the assigner become one where they touch. */
export function merges(assigner: AssignerSpec): boolean {
  if (assigner.kind === "processing-time") return merges(assigner.of);
  return assigner.kind === "session" || assigner.kind === "dynamic-session" || (assigner.kind === "custom" && assigner.merging);
}

const OPTIONS: Readonly<Partial<Record<AssignerSpec["kind"], readonly string[]>>> = {
  tumbling: ["time", "offset"],
  sliding: ["time", "offset"],
  cumulate: ["time", "offset"],
  session: ["time", "mergedOrder", "equalSession"],
  "dynamic-session": ["time", "mergedOrder", "equalSession"],
};

function made<T>(spec: AssignerSpec, options: ClockOptions, entry: Entry): WindowAssigner<TimeWindow, T> {
  const known = OPTIONS[spec.kind];
  if (known !== undefined) checkOptions(options, known, `${entry.name}(…)`, calledAt(entry));
  const { time = "event-time" } = options;
  if (time !== "event-time" && time !== "processing-time")
    throw new PipelineError(
      "BAD_ARGUMENT",
      `${entry.name}(…, { time }): "event-time" or "processing-time", not ${JSON.stringify(time)}.`,
      calledAt(entry),
    );
  const assigner = Object.freeze(spec);
  return Object.freeze({ assigner: time === "event-time" ? assigner : Object.freeze({ kind: "processing-time", of: assigner }) });
}

function positiveMs(duration: Duration | string, what: string, entry: Entry): number {
  const ms = durationMs(duration, what, entry);
  if (ms === 0) throw new PipelineError("BAD_DURATION", `${what}: a window of 0 ms holds nothing.`, calledAt(entry));
  return ms;
}

function offsetMs({ offset = 0 }: AlignedOptions, limitMs: number, than: string, what: string, entry: Entry): number {
  const ms = signedDurationMs(offset, what, entry);
  if (Math.abs(ms) < limitMs) return ms;
  throw new PipelineError("BAD_DURATION", `${what}: the offset must be less than the ${than}.`, calledAt(entry));
}
