// What a trigger sees of the window that it decides about: bounds, clocks, memory, and timers of its own. One object per operator, pointed
// at a window before each call. A timer of a window is a time in its row and a timer of its key.
import type { UserContext } from "./user-context.ts";
import type { TriggerMemory, WindowRow } from "./window-row.ts";

/** Timers for a time without end fire here: at the end of bounded input. The largest time that timers take. */
const END_OF_TIME = 2 ** 52 - 1;

export class WindowTurn {
  row!: WindowRow;
  ctx!: UserContext;
  /** No other window of the key can have a timer of the same event time, or of the same processing time. */
  #aloneInEventTime = false;
  #aloneInProcessingTime = false;

  at(row: WindowRow, ctx: UserContext, aloneInEventTime: boolean, aloneInProcessingTime: boolean): this {
    this.row = row;
    this.ctx = ctx;
    this.#aloneInEventTime = aloneInEventTime;
    this.#aloneInProcessingTime = aloneInProcessingTime;
    return this;
  }

  memory(number: number): TriggerMemory {
    return (this.row.triggers[`t${number}`] ??= {});
  }

  /** The window's last millisecond; Infinity: it has none. */
  get last(): number {
    return this.row.end - 1;
  }

  isLast(time: number): boolean {
    return time === timerTime(this.last);
  }

  setEventTime(at: number): void {
    const time = timerTime(at);
    if (!this.row.eventTimes.includes(time)) this.row.eventTimes.push(time);
    this.ctx.timers.setEventTime(time);
  }

  deleteEventTime(at: number): void {
    if (without(this.row.eventTimes, timerTime(at)) && this.#aloneInEventTime) this.ctx.timers.deleteEventTime(timerTime(at));
  }

  setProcessingTime(at: number): void {
    const time = timerTime(at);
    if (!this.row.processingTimes.includes(time)) this.row.processingTimes.push(time);
    this.ctx.timers.setProcessingTime(time);
  }

  deleteProcessingTime(at: number): void {
    if (without(this.row.processingTimes, timerTime(at)) && this.#aloneInProcessingTime)
      this.ctx.timers.deleteProcessingTime(timerTime(at));
  }
}

/** Takes a time out; false if it was not there. */
export function without(times: number[], time: number): boolean {
  const index = times.indexOf(time);
  if (index < 0) return false;
  times.splice(index, 1);
  return true;
}

/** Timers fire at whole milliseconds. */
export function timerTime(at: number): number {
  return Math.min(Math.ceil(at) + 0, END_OF_TIME);
}
