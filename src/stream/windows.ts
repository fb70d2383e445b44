// Window assigners: which windows an element belongs to, as data.
import { calledAt } from "./called-at.ts";
import { durationMs, type DurationCheck } from "./duration.ts";
import type { WindowSpec } from "./graph.ts";
import { PipelineError } from "./pipeline-error.ts";
import type { Duration } from "./watermarks.ts";

/** [start, end) in epoch ms of event time. */
export interface TimeWindow {
  readonly start: number;
  readonly end: number;
}

export interface WindowAssigner<out W> {
  readonly "~window"?: { readonly of: W } | undefined;
  readonly assigner: WindowSpec["assigner"];
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
