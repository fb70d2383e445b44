// A trigger of the user (stream/triggers.ts customTrigger): its state and timers belong to the window, and it hears only of timers that it
// has set.
import type { TriggerSpec } from "../../stream/graph.ts";
import { CONTINUE, FIRE, PURGE, type RunningTrigger } from "./running-trigger.ts";
import { WindowError } from "./window-error.ts";
import type { WindowTurn } from "./window-turn.ts";

const RESULTS: Readonly<Record<string, number>> = { continue: CONTINUE, fire: FIRE, purge: PURGE, "fire-and-purge": FIRE | PURGE };

type Spec = TriggerSpec & { readonly kind: "custom" };

export class CustomTrigger implements RunningTrigger {
  readonly #number: number;
  readonly #spec: Spec;

  constructor(number: number, spec: Spec) {
    this.#number = number;
    this.#spec = spec;
  }

  onElement(turn: WindowTurn, element: unknown, timestamp: number): number {
    return resultOf(this.#spec.onElement(element, this.#context(turn, timestamp)));
  }

  onEventTime(turn: WindowTurn, time: number, own: boolean): number {
    const { onEventTime } = this.#spec;
    return own && onEventTime !== undefined ? resultOf(onEventTime(time, this.#context(turn, time))) : CONTINUE;
  }

  onProcessingTime(turn: WindowTurn, time: number, own: boolean): number {
    const { onProcessingTime } = this.#spec;
    return own && onProcessingTime !== undefined ? resultOf(onProcessingTime(time, this.#context(turn, time))) : CONTINUE;
  }

  onMerge(turn: WindowTurn): void {
    this.#spec.onMerge?.(this.#context(turn, turn.ctx.timestamp));
  }

  clear(turn: WindowTurn): void {
    turn.memory(this.#number).e = undefined;
  }

  #context(turn: WindowTurn, timestamp: number): object {
    const { row, ctx } = turn;
    const memory = turn.memory(this.#number);
    return {
      key: ctx.key,
      window: row.end === Infinity ? { global: true } : { start: row.start, end: row.end },
      timestamp,
      watermark: ctx.watermark,
      now: ctx.now,
      state: {
        get: () => memory.e,
        set: (value: unknown): undefined => void (memory.e = value),
        clear: (): undefined => void (memory.e = undefined),
      },
      timers: {
        setEventTime: (at: number): undefined => void turn.setEventTime(at),
        deleteEventTime: (at: number): undefined => void turn.deleteEventTime(at),
        setProcessingTime: (at: number): undefined => void turn.setProcessingTime(at),
        deleteProcessingTime: (at: number): undefined => void turn.deleteProcessingTime(at),
      },
    };
  }
}

function resultOf(result: unknown): number {
  const known = RESULTS[result as string];
  if (known !== undefined) return known;
  throw new WindowError(
    `A custom trigger must give "continue", "fire", "purge" or "fire-and-purge", not ${JSON.stringify(result)}.`,
    "BAD_TRIGGER_RESULT",
  );
}
