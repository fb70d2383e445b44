// Which windows an element belongs to: [start, end) in event time or processing time, and one without bounds for global windows. Starts
// of aligned windows are multiples of the slide, shifted by the offset, below zero too.
import type { AssignerSpec } from "../../stream/graph.ts";
import { WindowError } from "./window-error.ts";

export interface Bounds {
  readonly start: number;
  readonly end: number;
}

export class SessionGapError extends Error {
  override readonly name = "SessionGapError";
  readonly code = "BAD_SESSION_GAP";
}

const GLOBAL: readonly Bounds[] = [{ start: -Infinity, end: Infinity }];
/** Of one element. */
const MAX_WINDOWS = 100_000;

/** `timestamp`: of the clock that the windows go by. */
export function windowsOf(assigner: AssignerSpec, element: unknown, timestamp: number): readonly Bounds[] {
  switch (assigner.kind) {
    case "global":
      return GLOBAL;
    case "tumbling":
      return aligned(timestamp, assigner.sizeMs, assigner.sizeMs, assigner.offsetMs);
    case "sliding":
      return aligned(timestamp, assigner.sizeMs, assigner.slideMs, assigner.offsetMs);
    case "session":
      return [{ start: timestamp, end: timestamp + assigner.gapMs }];
    case "dynamic-session": {
      const gap = assigner.gap(element);
      if (typeof gap === "number" && gap > 0 && Number.isFinite(gap)) return [{ start: timestamp, end: timestamp + gap }];
      throw new SessionGapError(`session(gap): the function must give ms above 0, not ${typeof gap === "number" ? gap : typeof gap}.`);
    }
    case "cumulate":
      return cumulated(timestamp, assigner.maxSizeMs, assigner.stepMs, assigner.offsetMs);
    case "custom":
      return custom(assigner.assign(element, timestamp), timestamp);
    case "processing-time":
      return windowsOf(assigner.of, element, timestamp);
  }
}

export function isMerging(assigner: AssignerSpec): boolean {
  if (assigner.kind === "processing-time") return isMerging(assigner.of);
  return assigner.kind === "session" || assigner.kind === "dynamic-session" || (assigner.kind === "custom" && assigner.merging);
}

/** Elements of merged windows are in the order of Flink's heap state, not in that of their arrival. */
export function mergesAsFlink(assigner: AssignerSpec): boolean {
  if (assigner.kind === "processing-time") return mergesAsFlink(assigner.of);
  return (assigner.kind === "session" || assigner.kind === "dynamic-session") && assigner.mergedOrder === "as-merged";
}

function aligned(timestamp: number, sizeMs: number, slideMs: number, offsetMs: number): readonly Bounds[] {
  const windows: Bounds[] = [];
  for (let start = startOf(timestamp, slideMs, offsetMs); start > timestamp - sizeMs; start -= slideMs) {
    windows.push({ start, end: start + sizeMs });
  }
  return windows;
}

/** Windows of one start whose sizes grow by the step. */
function cumulated(timestamp: number, maxSizeMs: number, stepMs: number, offsetMs: number): readonly Bounds[] {
  const start = startOf(timestamp, maxSizeMs, offsetMs);
  const windows: Bounds[] = [];
  for (let end = start + stepMs; end <= start + maxSizeMs; end += stepMs) if (end > timestamp) windows.push({ start, end });
  return windows;
}

function custom(given: Iterable<Bounds>, timestamp: number): readonly Bounds[] {
  const windows: Bounds[] = [];
  for (const { start, end } of given) {
    const whole = Number.isSafeInteger(start) && Number.isSafeInteger(end) && start < end;
    if (whole && windows.length < MAX_WINDOWS) windows.push({ start, end });
    else
      throw new WindowError(
        `customAssigner: the element at ${timestamp} was given ${whole ? `more than ${MAX_WINDOWS} windows` : `the window [${start}, ${end})`}; a window is { start, end } in whole ms with start < end.`,
        "BAD_WINDOW",
      );
  }
  return windows;
}

/** The last start of a window at or before `timestamp`. */
function startOf(timestamp: number, slideMs: number, offsetMs: number): number {
  const rest = (timestamp - offsetMs) % slideMs;
  return timestamp - (rest < 0 ? rest + slideMs : rest);
}
