// Watermark strategies as data. Generators are pure functions of the records of one split: no timer ever emits a watermark.

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
