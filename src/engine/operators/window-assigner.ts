// Which windows an element belongs to: [start, end) in event time, and one without bounds for global windows. Starts of aligned windows
// are multiples of the slide, shifted by the offset, below zero too.
import type { AssignerSpec } from "../../stream/graph.ts";

export interface Bounds {
  readonly start: number;
  readonly end: number;
}

export class SessionGapError extends Error {
  override readonly name = "SessionGapError";
  readonly code = "BAD_SESSION_GAP";
}

const GLOBAL: readonly Bounds[] = [{ start: -Infinity, end: Infinity }];

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
  }
}

export function isMerging(assigner: AssignerSpec): boolean {
  return assigner.kind === "session" || assigner.kind === "dynamic-session";
}

function aligned(timestamp: number, sizeMs: number, slideMs: number, offsetMs: number): readonly Bounds[] {
  const windows: Bounds[] = [];
  for (let start = startOf(timestamp, slideMs, offsetMs); start > timestamp - sizeMs; start -= slideMs) {
    windows.push({ start, end: start + sizeMs });
  }
  return windows;
}

/** The last start of a window at or before `timestamp`. */
function startOf(timestamp: number, slideMs: number, offsetMs: number): number {
  const rest = (timestamp - offsetMs) % slideMs;
  return timestamp - (rest < 0 ? rest + slideMs : rest);
}
