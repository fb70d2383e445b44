// What a window asks of its trigger, and the answers: sums of FIRE and PURGE, or CONTINUE.
import type { WindowTurn } from "./window-turn.ts";

export const CONTINUE = 0;
export const FIRE = 1;
export const PURGE = 2;

export interface RunningTrigger {
  onElement(turn: WindowTurn, element: unknown, timestamp: number): number;
  /** `own`: the trigger has set this timer; otherwise it is the one that ends the window. */
  onEventTime(turn: WindowTurn, time: number, own: boolean): number;
  onProcessingTime(turn: WindowTurn, time: number, own: boolean): number;
  /** The window has its new bounds and the merged memory, and no timers yet. */
  onMerge(turn: WindowTurn): void;
  clear(turn: WindowTurn): void;
}
