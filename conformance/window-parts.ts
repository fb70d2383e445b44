// Assigners, triggers and evictors of the cases in our API's words.
import {
  continuousEventTimeTrigger,
  countEvictor,
  countTrigger,
  countWindow,
  cumulate,
  deltaEvictor,
  deltaTrigger,
  eventTimeTrigger,
  globalWindow,
  processingTimeTrigger,
  purging,
  session,
  sliding,
  timeEvictor,
  tumbling,
  type Evictor,
  type GlobalWindow,
  type TimeWindow,
  type Trigger,
  type WindowAssigner,
} from "../src/stream/index.ts";
import { budgetTrigger } from "./budget-trigger.ts";
import type { Part, WindowCase } from "./case.ts";
import { compileCondition } from "./condition.ts";
import type { InputRecord } from "./inputs.ts";

/** The case uses something that the API does not have (yet). */
export class UnsupportedCaseError extends Error {
  override readonly name = "UnsupportedCaseError";

  constructor(what: string) {
    super(`not supported yet: ${what}`);
  }
}

export function timeAssigner(window: WindowCase["window"]): WindowAssigner<TimeWindow, InputRecord> {
  const { type, sizeMs, slideMs, offsetMs, gapMs, gap } = window;
  if (type === "tumbling") return tumbling(sizeMs!, { offset: offsetMs ?? 0 });
  if (type === "sliding") return sliding(sizeMs!, slideMs!, { offset: offsetMs ?? 0 });
  if (type === "session") return session(gapMs!, { mergedOrder: "as-merged" });
  if (type === "cumulate") return cumulate(window.maxSizeMs ?? sizeMs!, window.stepMs ?? slideMs!, { offset: offsetMs ?? 0 });
  if (type !== "dynamicSession" || gap === undefined) throw new UnsupportedCaseError(`window ${type}`);
  const isThen = compileCondition(gap.if) as unknown as (event: InputRecord) => boolean;
  return session((event: InputRecord) => (isThen(event) ? gap.thenMs : gap.elseMs), { equalSession: "restarts", mergedOrder: "as-merged" });
}

export function countAssigner({ type, size, slide }: WindowCase["window"]): WindowAssigner<GlobalWindow> {
  return type === "global" ? globalWindow() : countWindow(size!, slide);
}

/** `sum`: the field that the case sums up, which a delta goes by if it names none. */
export function triggerOf(part: Part, sum: string): Trigger<InputRecord> {
  const { type, n, intervalMs, ms, of, purge } = part;
  if (purge === true) return purging(triggerOf({ ...part, purge: false }, sum));
  if (type.startsWith("purging") && of === undefined) return purging(triggerOf({ ...part, type: innerType(type) }, sum));
  switch (type) {
    case "count":
      return countTrigger(n!);
    case "continuousEventTime":
      return continuousEventTimeTrigger((intervalMs ?? ms)!);
    case "eventTime":
      return eventTimeTrigger();
    case "processingTime":
      return processingTimeTrigger();
    case "delta": {
      const difference = differenceOf(part, sum);
      return deltaTrigger(part.threshold!, difference);
    }
    case "budget":
      return budgetTrigger(part);
    case "purging":
      return purging(triggerOf(of!, sum));
  }
  throw new UnsupportedCaseError(`trigger ${JSON.stringify(part)}`);
}

/** "purgingCount" wraps "count"; "purging" alone that, too. */
function innerType(type: string): string {
  const inner = type.slice("purging".length);
  return inner === "" ? "count" : inner[0]!.toLowerCase() + inner.slice(1);
}

export function evictorOf(part: Part, sum: string): Evictor<InputRecord> {
  const { type, n, ms } = part;
  const options = { after: part.after ?? false };
  if (type === "count") return countEvictor(n!, options);
  if (type === "time") return timeEvictor(ms!, options);
  if (type !== "delta") throw new UnsupportedCaseError(`evictor ${JSON.stringify(part)}`);
  return deltaEvictor(part.threshold!, differenceOf(part, sum), options);
}

/** What a case says of its deltas in words only. */
export function toldIn(text: string, part: Part): Part {
  const of = part.of === undefined ? {} : { of: toldIn(text, part.of) };
  return part.abs === undefined && /\|.+\||\babs/i.test(text) ? { ...part, ...of, abs: true } : { ...part, ...of };
}

/** From the earlier element to the later one. */
function differenceOf(part: Part, sum: string): (from: InputRecord, to: InputRecord) => number {
  const value = fieldOf(part, sum);
  return (from, to) => (part.abs === true ? Math.abs(value(to) - value(from)) : value(to) - value(from));
}

function fieldOf({ field }: Part, sum: string): (event: InputRecord) => number {
  return (event) => (event as unknown as Record<string, number>)[field ?? sum]!;
}
