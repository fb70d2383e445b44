// Watermark strategies as data. Generators are pure functions of the records of one split: no timer ever emits a watermark.
import { durationMs, type DurationCheck } from "./duration.ts";

/** A duration in ms, or text such as "5s", "30m", "1d". Never negative. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

export type WatermarkStrategy = {
  /** ms after which a split whose reader stands at the end of its log stops holding the watermark back. Infinity: never. */
  readonly idleAfterMs: number;
} & (
  | { readonly kind: "bounded-out-of-orderness"; readonly boundMs: number }
  | { readonly kind: "none" }
  | { readonly kind: "custom"; readonly create: () => WatermarkGenerator }
);

/** One per split. Called once per record, in order; returns the split's watermark after it, or undefined for "no change". */
export interface WatermarkGenerator {
  onEvent(event: unknown, timestamp: number): number | undefined;
}

/** A split whose reader stands at its log's end for so long stops holding the watermark back, unless told otherwise. */
const IDLE_AFTER: Duration = "5s";

export interface WatermarkOptions {
  /** Default "5s". Counts only while the split's reader stands at the end of its log, never because of backpressure. */
  readonly idleAfter?: Duration | "never";
}

/** Events may be up to `bound` older than the newest one seen in their split; what is older still is late. */
export function boundedOutOfOrderness<const D extends number | string>(
  bound: D & DurationCheck<D>,
  options: WatermarkOptions = {},
): WatermarkStrategy {
  const boundMs = durationMs(bound, "boundedOutOfOrderness(bound)", boundedOutOfOrderness);
  return Object.freeze({ kind: "bounded-out-of-orderness", boundMs, idleAfterMs: idleAfterMs(options, boundedOutOfOrderness) });
}

/** Event times never decrease within a split. */
export function monotonousTimestamps(options: WatermarkOptions = {}): WatermarkStrategy {
  return Object.freeze({ kind: "bounded-out-of-orderness", boundMs: 0, idleAfterMs: idleAfterMs(options, monotonousTimestamps) });
}

/** Event times without watermarks: windows and event-time timers fire only at the end of bounded input. */
export function noWatermarks(): WatermarkStrategy {
  return Object.freeze({ kind: "none", idleAfterMs: Infinity });
}

/** `create` makes one generator per split; it must be a pure function of the records that it is shown. */
export function customWatermarks(create: () => WatermarkGenerator, options: WatermarkOptions = {}): WatermarkStrategy {
  return Object.freeze({ kind: "custom", create, idleAfterMs: idleAfterMs(options, customWatermarks) });
}

function idleAfterMs({ idleAfter = IDLE_AFTER }: WatermarkOptions, entry: (...args: never[]) => unknown): number {
  return idleAfter === "never" ? Infinity : durationMs(idleAfter, "idleAfter", entry);
}
