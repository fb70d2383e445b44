// The triggers (stream/triggers.ts) at work: what each does at an element, at a timer, when windows merge and when it is cleared, as
// Flink's do. A tree of triggers (purging, timeout) is numbered, and each keeps its memory under its number in the window's row.
import type { TypeInfo } from "../../schema/type-info.ts";
import type { TriggerSpec } from "../../stream/graph.ts";
import { ContinuousEventTime, ContinuousProcessingTime } from "./window-trigger-continuous.ts";
import { CustomTrigger } from "./window-trigger-custom.ts";
import { TimeoutTrigger } from "./window-trigger-timeout.ts";
import { CONTINUE, FIRE, PURGE, type RunningTrigger } from "./running-trigger.ts";
import type { WindowTurn } from "./window-turn.ts";

export interface TriggerPlan {
  readonly trigger: RunningTrigger;
  /** By number: what each trigger keeps, if it keeps anything but numbers. */
  readonly kept: readonly (TypeInfo | undefined)[];
  /** By number: joins the memory of two windows that merge. */
  readonly merges: readonly (((a: unknown, b: unknown) => unknown) | undefined)[];
}

/** `element`: type of the window's elements. */
export function planTrigger(spec: TriggerSpec, element: TypeInfo | undefined, processingTime: boolean): TriggerPlan {
  const kept: (TypeInfo | undefined)[] = [];
  const merges: (((a: unknown, b: unknown) => unknown) | undefined)[] = [];
  const make = (one: TriggerSpec): RunningTrigger => {
    const number = kept.length;
    if (one.kind !== "purging") {
      kept.push(one.kind === "delta" ? element : one.kind === "custom" ? one.state : undefined);
      merges.push(one.kind === "custom" ? one.merge : undefined);
    }
    switch (one.kind) {
      case "never":
        return NEVER;
      case "event-time":
        return EVENT_TIME;
      case "at-the-end":
        return AT_THE_END;
      case "processing-time":
        return PROCESSING_TIME;
      case "count":
        return new CountTrigger(number, one.count);
      case "delta":
        return new DeltaTrigger(number, one);
      case "continuous-event-time":
        return new ContinuousEventTime(number, one.intervalMs);
      case "continuous-processing-time":
        return new ContinuousProcessingTime(number, one.intervalMs, processingTime);
      case "timeout":
        return new TimeoutTrigger(number, one, make(one.of));
      case "purging":
        return new Purging(make(one.of));
      case "custom":
        return new CustomTrigger(number, one);
    }
  };
  return { trigger: make(spec), kept, merges };
}

const NEVER: RunningTrigger = {
  onElement: () => CONTINUE,
  onEventTime: () => CONTINUE,
  onProcessingTime: () => CONTINUE,
  onMerge: () => undefined,
  clear: () => undefined,
};

const EVENT_TIME: RunningTrigger = {
  ...NEVER,
  onElement(turn) {
    if (turn.last <= turn.ctx.watermark) return FIRE;
    turn.setEventTime(turn.last);
    return CONTINUE;
  },
  onEventTime: (turn, time) => (turn.isLast(time) ? FIRE : CONTINUE),
  onMerge(turn) {
    if (turn.last > turn.ctx.watermark) turn.setEventTime(turn.last);
  },
  clear: (turn) => turn.deleteEventTime(turn.last),
};

/** Once, when the window takes no more elements. */
const AT_THE_END: RunningTrigger = { ...NEVER, onEventTime: (_turn, _time, own) => (own ? CONTINUE : FIRE) };

const PROCESSING_TIME: RunningTrigger = {
  ...NEVER,
  onElement(turn) {
    turn.setProcessingTime(turn.last);
    return CONTINUE;
  },
  onProcessingTime: (_turn, _time, own) => (own ? FIRE : CONTINUE),
  onMerge(turn) {
    if (turn.last > turn.ctx.now()) turn.setProcessingTime(turn.last);
  },
  clear: (turn) => turn.deleteProcessingTime(turn.last),
};

class CountTrigger implements RunningTrigger {
  readonly #number: number;
  readonly #count: number;

  constructor(number: number, count: number) {
    this.#number = number;
    this.#count = count;
  }

  onElement(turn: WindowTurn): number {
    const memory = turn.memory(this.#number);
    memory.n = (memory.n ?? 0) + 1;
    if (memory.n < this.#count) return CONTINUE;
    memory.n = 0;
    return FIRE;
  }

  onEventTime(): number {
    return CONTINUE;
  }

  onProcessingTime(): number {
    return CONTINUE;
  }

  onMerge(): void {}

  clear(turn: WindowTurn): void {
    turn.memory(this.#number).n = 0;
  }
}

class DeltaTrigger implements RunningTrigger {
  readonly #number: number;
  readonly #spec: TriggerSpec & { readonly kind: "delta" };

  constructor(number: number, spec: TriggerSpec & { readonly kind: "delta" }) {
    this.#number = number;
    this.#spec = spec;
  }

  onElement(turn: WindowTurn, element: unknown): number {
    const memory = turn.memory(this.#number);
    const isFirst = memory.e === undefined || memory.e === null;
    if (!isFirst && !(this.#spec.delta(memory.e, element) > this.#spec.threshold)) return CONTINUE;
    memory.e = element;
    return isFirst ? CONTINUE : FIRE;
  }

  onEventTime(): number {
    return CONTINUE;
  }

  onProcessingTime(): number {
    return CONTINUE;
  }

  onMerge(): void {}

  clear(turn: WindowTurn): void {
    turn.memory(this.#number).e = undefined;
  }
}

class Purging implements RunningTrigger {
  readonly #of: RunningTrigger;

  constructor(of: RunningTrigger) {
    this.#of = of;
  }

  onElement(turn: WindowTurn, element: unknown, timestamp: number): number {
    return purged(this.#of.onElement(turn, element, timestamp));
  }

  onEventTime(turn: WindowTurn, time: number, own: boolean): number {
    return purged(this.#of.onEventTime(turn, time, own));
  }

  onProcessingTime(turn: WindowTurn, time: number, own: boolean): number {
    return purged(this.#of.onProcessingTime(turn, time, own));
  }

  onMerge(turn: WindowTurn): void {
    this.#of.onMerge(turn);
  }

  clear(turn: WindowTurn): void {
    this.#of.clear(turn);
  }
}

function purged(result: number): number {
  return (result & FIRE) === 0 ? result : FIRE | PURGE;
}
