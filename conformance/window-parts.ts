// Assigners, triggers and evictors of the cases in our API's words.
import {
  continuousEventTimeTrigger,
  countEvictor,
  countTrigger,
  countWindow,
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
  if (type !== "dynamicSession" || gap === undefined) throw new UnsupportedCaseError(`window ${type}`);
  const isThen = compileCondition(gap.if) as unknown as (event: InputRecord) => boolean;
  return session((event: InputRecord) => (isThen(event) ? gap.thenMs : gap.elseMs), { equalSession: "restarts", mergedOrder: "as-merged" });
}

export function countAssigner({ type, size, slide }: WindowCase["window"]): WindowAssigner<GlobalWindow> {
  return type === "global" ? globalWindow() : countWindow(size!, slide);
}

/** `sum`: the field that the case sums up, which a delta goes by if it names none. */
export function triggerOf(part: Part, sum: string): Trigger<InputRecord> {
  const { type, n, intervalMs, ms, of } = part;
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
      const value = fieldOf(part, sum);
      return deltaTrigger(part.threshold!, (last: InputRecord, current: InputRecord) => value(current) - value(last));
    }
    case "budget":
      return budgetTrigger(part);
    case "purging":
    case "purgingCount":
      return purging(of !== undefined ? triggerOf(of, sum) : countTrigger(n!));
  }
  throw new UnsupportedCaseError(`trigger ${JSON.stringify(part)}`);
}

export function evictorOf(part: Part, sum: string): Evictor<InputRecord> {
  const { type, n, ms } = part;
  const options = { after: part.after ?? false };
  if (type === "count") return countEvictor(n!, options);
  if (type === "time") return timeEvictor(ms!, options);
  if (type !== "delta") throw new UnsupportedCaseError(`evictor ${JSON.stringify(part)}`);
  const value = fieldOf(part, sum);
  return deltaEvictor(part.threshold!, (element: InputRecord, last: InputRecord) => value(last) - value(element), options);
}

function fieldOf({ field }: Part, sum: string): (event: InputRecord) => number {
  return (event) => (event as unknown as Record<string, number>)[field ?? sum]!;
}
