// Triggers that fire at every multiple of an interval, in event time or by the machine's clock, as Flink's ContinuousEventTimeTrigger and
// ContinuousProcessingTimeTrigger. Overdue ones (a restart in between) fire once, not once per interval.
import { CONTINUE, FIRE, type RunningTrigger } from "./running-trigger.ts";
import type { WindowTurn } from "./window-turn.ts";

export class ContinuousEventTime implements RunningTrigger {
  readonly #number: number;
  readonly #intervalMs: number;

  constructor(number: number, intervalMs: number) {
    this.#number = number;
    this.#intervalMs = intervalMs;
  }

  onElement(turn: WindowTurn, _element: unknown, timestamp: number): number {
    if (turn.last <= turn.ctx.watermark) return FIRE;
    if (turn.last !== Infinity) turn.setEventTime(turn.last);
    if (turn.memory(this.#number).at === undefined) this.#arm(turn, timestamp - (timestamp % this.#intervalMs));
    return CONTINUE;
  }

  onEventTime(turn: WindowTurn, time: number): number {
    if (turn.isLast(time)) return FIRE;
    const memory = turn.memory(this.#number);
    if (memory.at !== time) return CONTINUE;
    // A window without end has no last interval: at the end of the input it fires once more.
    if (turn.last === Infinity && turn.ctx.watermark === Infinity) memory.at = undefined;
    else this.#arm(turn, time);
    return FIRE;
  }

  onProcessingTime(): number {
    return CONTINUE;
  }

  onMerge(turn: WindowTurn): void {
    const { at } = turn.memory(this.#number);
    if (at !== undefined) turn.setEventTime(at);
  }

  clear(turn: WindowTurn): void {
    const memory = turn.memory(this.#number);
    if (memory.at !== undefined) turn.deleteEventTime(memory.at);
    memory.at = undefined;
  }

  #arm(turn: WindowTurn, from: number): void {
    const at = Math.min(from + this.#intervalMs, turn.last);
    turn.memory(this.#number).at = at;
    turn.setEventTime(at);
  }
}

export class ContinuousProcessingTime implements RunningTrigger {
  readonly #number: number;
  readonly #intervalMs: number;
  /** The window's end is a time of the same clock. */
  readonly #capped: boolean;

  constructor(number: number, intervalMs: number, capped: boolean) {
    this.#number = number;
    this.#intervalMs = intervalMs;
    this.#capped = capped;
  }

  onElement(turn: WindowTurn): number {
    if (turn.memory(this.#number).at === undefined) this.#arm(turn);
    return CONTINUE;
  }

  onEventTime(): number {
    return CONTINUE;
  }

  onProcessingTime(turn: WindowTurn, time: number): number {
    const memory = turn.memory(this.#number);
    if (memory.at !== time) return CONTINUE;
    if (this.#capped && time >= turn.last) memory.at = undefined;
    else this.#arm(turn);
    return FIRE;
  }

  onMerge(turn: WindowTurn): void {
    const { at } = turn.memory(this.#number);
    if (at !== undefined) turn.setProcessingTime(at);
  }

  clear(turn: WindowTurn): void {
    const memory = turn.memory(this.#number);
    if (memory.at !== undefined) turn.deleteProcessingTime(memory.at);
    memory.at = undefined;
  }

  #arm(turn: WindowTurn): void {
    const now = turn.ctx.now();
    const next = now - (now % this.#intervalMs) + this.#intervalMs;
    const at = this.#capped ? Math.min(next, turn.last) : next;
    turn.memory(this.#number).at = at;
    turn.setProcessingTime(at);
  }
}
