// Durations as users write them: a number of ms, or text such as "5s", "1.5h", "1d".
import { calledAt } from "./called-at.ts";
import { PipelineError } from "./pipeline-error.ts";
import type { Duration } from "./watermarks.ts";

/** Refuses text that is no duration, and negative ones. */
export type DurationCheck<D> = D extends Duration
  ? D extends `-${string}`
    ? { readonly "~error": "a duration is never negative" }
    : unknown
  : { readonly "~error": "no duration: write milliseconds, or text such as '500ms', '5s', '30m', '1h', '1d'" };

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `what`: the option it was given for. `entry`: the public function that the user called. */
export function durationMs(duration: Duration | string, what: string, entry: (...args: never[]) => unknown): number {
  const ms = parse(duration);
  if (Number.isSafeInteger(ms) && ms >= 0) return ms;
  const shown = JSON.stringify(duration) ?? String(duration);
  throw new PipelineError(
    "BAD_DURATION",
    `${what}: ${shown} is no duration; write whole milliseconds, or a number with ms, s, m, h or d, such as "5s".`,
    calledAt(entry),
  );
}

/** As durationMs(), and negative ones too, such as "-5m". */
export function signedDurationMs(duration: Duration | string, what: string, entry: (...args: never[]) => unknown): number {
  if (typeof duration === "number") return duration < 0 ? -durationMs(-duration, what, entry) : durationMs(duration, what, entry);
  const negative = typeof duration === "string" && duration.startsWith("-");
  return negative ? -durationMs(duration.slice(1), what, entry) + 0 : durationMs(duration, what, entry);
}

function parse(duration: unknown): number {
  if (typeof duration === "number") return duration;
  const match = typeof duration === "string" ? /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration) : null;
  return match === null ? NaN : Math.round(Number(match[1]) * UNIT_MS[match[2]!]! * 1000) / 1000;
}
