// Watermark strategies as data. Generators are pure functions of the records of one split: no timer ever emits a watermark.
import { calledAt } from "./called-at.ts";
import { checkOptions } from "./check-options.ts";
import { durationMs, type DurationCheck } from "./duration.ts";
import { checkName } from "./plain-name.ts";

/** A duration in ms, or text such as "5s", "30m", "1d". Never negative. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

export type WatermarkStrategy<T = unknown> = {
  readonly "~in"?: ((event: T) => void) | undefined;
  /** Splits of a group do not run ahead of its slowest. */
  readonly alignment?: Alignment | undefined;
  /** ms after which a split whose reader stands at the end of its log stops holding the watermark back. Infinity: never. */
  readonly idleAfterMs: number;
} & (
  | { readonly kind: "bounded-out-of-orderness"; readonly boundMs: number }
  | { readonly kind: "none" }
  | { readonly kind: "custom"; readonly create: () => WatermarkGenerator<T> }
);

export interface Alignment {
  readonly group: string;
  readonly maxDriftMs: number;
}

/** One per split. Called once per record, in order; returns the split's watermark after it, or undefined for "no change". */
export interface WatermarkGenerator<in T = unknown> {
  onEvent(event: T, timestamp: number): number | undefined;
}

/** A split whose reader stands at its log's end for so long stops holding the watermark back, unless told otherwise. */
const IDLE_AFTER: Duration = "5s";

export interface WatermarkOptions {
  /** Default "5s". Counts only while the split's reader stands at the end of its log, never because of backpressure. */
  readonly idleAfter?: Duration | "never";
  /**
   * A split of this group, whichever source it is of, is not read while its watermark is more than `maxDrift` ahead of the group's slowest
   * active split. For sources only.
   */
  readonly alignment?: { readonly group: string; readonly maxDrift: Duration };
}

/** Events may be up to `bound` older than the newest one seen in their split; what is older still is late. */
export function boundedOutOfOrderness<const D extends number | string>(
  bound: D & DurationCheck<D>,
  options: WatermarkOptions = {},
): WatermarkStrategy {
  const boundMs = durationMs(bound, "boundedOutOfOrderness(bound)", boundedOutOfOrderness);
  return Object.freeze({ kind: "bounded-out-of-orderness", boundMs, ...common(options, boundedOutOfOrderness) });
}

/** Event times never decrease within a split. */
export function monotonousTimestamps(options: WatermarkOptions = {}): WatermarkStrategy {
  return Object.freeze({ kind: "bounded-out-of-orderness", boundMs: 0, ...common(options, monotonousTimestamps) });
}

/** Event times without watermarks: windows and event-time timers fire only at the end of bounded input. */
export function noWatermarks(): WatermarkStrategy {
  return Object.freeze({ kind: "none", idleAfterMs: Infinity });
}

/** `create` makes one generator per split; it must be a pure function of the records that it is shown. */
export function customWatermarks<T>(create: () => WatermarkGenerator<T>, options: WatermarkOptions = {}): WatermarkStrategy<T> {
  return Object.freeze({ kind: "custom", create, ...common(options, customWatermarks) });
}

/** `watermark` says for each event what watermark it carries, if any: no event behind it is as old as that. */
export function punctuatedWatermarks<T>(
  watermark: (event: T, timestamp: number) => number | undefined,
  options: WatermarkOptions = {},
): WatermarkStrategy<T> {
  const generator = Object.freeze({ onEvent: watermark });
  return Object.freeze({ kind: "custom", create: () => generator, ...common(options, punctuatedWatermarks) });
}

function common(options: WatermarkOptions, entry: (...args: never[]) => unknown): Pick<WatermarkStrategy, "idleAfterMs" | "alignment"> {
  checkOptions(options, ["idleAfter", "alignment"], `${entry.name}(…)`, calledAt(entry));
  const { idleAfter = IDLE_AFTER, alignment } = options;
  const idleAfterMs = idleAfter === "never" ? Infinity : durationMs(idleAfter, "idleAfter", entry);
  if (alignment === undefined) return { idleAfterMs };
  checkOptions(alignment, ["group", "maxDrift"], `${entry.name}(…): alignment`, calledAt(entry));
  checkName(alignment.group, "alignment.group", calledAt(entry));
  const maxDriftMs = durationMs(alignment.maxDrift, "alignment.maxDrift", entry);
  return { idleAfterMs, alignment: Object.freeze({ group: alignment.group, maxDriftMs }) };
}
