// The triggers (stream/triggers.ts) at work: what each does at an element, at a timer and when windows merge, as Flink's do. Their memory
// is in the window's row. Timers have no window of their own: a timer asks every open window of its key, and those answer whose time it is.
import type { TriggerSpec } from "../../stream/graph.ts";
import type { UserContext } from "./user-context.ts";
import type { WindowRow } from "./window-row.ts";

export const CONTINUE = 0;
export const FIRE = 1;
export const PURGE = 2;

export function onElement(trigger: TriggerSpec, row: WindowRow, element: unknown, timestamp: number, ctx: UserContext): number {
  const last = row.end - 1;
  switch (trigger.kind) {
    case "never":
      return CONTINUE;
    case "event-time":
      if (last <= ctx.watermark) return FIRE;
      armEnd(row, ctx);
      return CONTINUE;
    case "processing-time":
      ctx.timers.setProcessingTime(last);
      return CONTINUE;
    case "count":
      if (++row.triggerCount < trigger.count) return CONTINUE;
      row.triggerCount = 0;
      return FIRE;
    case "continuous-event-time":
      if (last <= ctx.watermark) return FIRE;
      armEnd(row, ctx);
      if (row.fireAt === undefined) armContinuous(trigger.intervalMs, row, timestamp - (timestamp % trigger.intervalMs), ctx);
      return CONTINUE;
    case "delta":
      return onDelta(trigger, row, element);
    case "purging":
      return purged(onElement(trigger.of, row, element, timestamp, ctx));
  }
}

function onDelta(trigger: TriggerSpec & { readonly kind: "delta" }, row: WindowRow, element: unknown): number {
  if (row.last === undefined || row.last === null) {
    row.last = element;
    return CONTINUE;
  }
  if (!(trigger.delta(row.last, element) > trigger.threshold)) return CONTINUE;
  row.last = element;
  return FIRE;
}

export function onEventTime(trigger: TriggerSpec, row: WindowRow, at: number, ctx: UserContext): number {
  if (trigger.kind === "purging") return purged(onEventTime(trigger.of, row, at, ctx));
  if (trigger.kind !== "event-time" && trigger.kind !== "continuous-event-time") return CONTINUE;
  if (at === timerTime(row.end - 1)) {
    if (!row.endArmed) return CONTINUE;
    row.endArmed = false;
    return FIRE;
  }
  if (trigger.kind !== "continuous-event-time" || row.fireAt === undefined || at !== timerTime(row.fireAt)) return CONTINUE;
  armContinuous(trigger.intervalMs, row, row.fireAt, ctx);
  return FIRE;
}

export function onProcessingTime(trigger: TriggerSpec, row: WindowRow, at: number): number {
  if (trigger.kind === "purging") return purged(onProcessingTime(trigger.of, row, at));
  return trigger.kind === "processing-time" && at === timerTime(row.end - 1) ? FIRE : CONTINUE;
}

/** `row` has its new bounds, and takes over what the triggers of `merged` remember. */
export function onMerge(trigger: TriggerSpec, row: WindowRow, merged: readonly WindowRow[], ctx: UserContext): void {
  for (const other of merged) {
    row.triggerCount += other.triggerCount;
    if (other.fireAt !== undefined) row.fireAt = Math.min(row.fireAt ?? Infinity, other.fireAt);
  }
  const inner = trigger.kind === "purging" ? trigger.of : trigger;
  row.endArmed = false;
  if (inner.kind === "event-time" && row.end - 1 > ctx.watermark) armEnd(row, ctx);
  if (inner.kind === "continuous-event-time" && row.fireAt !== undefined) setTimer(row, row.fireAt, ctx);
}

function armEnd(row: WindowRow, ctx: UserContext): void {
  setTimer(row, row.end - 1, ctx);
}

function setTimer(row: WindowRow, at: number, ctx: UserContext): void {
  if (timerTime(at) === timerTime(row.end - 1)) row.endArmed = true;
  ctx.timers.setEventTime(at);
}

function armContinuous(intervalMs: number, row: WindowRow, from: number, ctx: UserContext): void {
  row.fireAt = Math.min(from + intervalMs, row.end - 1);
  setTimer(row, row.fireAt, ctx);
}

function purged(result: number): number {
  return (result & FIRE) === 0 ? result : FIRE | PURGE;
}

/** Timers fire at whole milliseconds. */
export function timerTime(at: number): number {
  return Math.ceil(at) + 0;
}
