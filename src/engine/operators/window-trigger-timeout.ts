// A trigger with a time limit by the machine's clock, as Flink's ProcessingTimeoutTrigger: what has not fired so long after the first
// element (or after the last) fires then.
import type { TriggerSpec } from "../../stream/graph.ts";
import { FIRE, PURGE, type RunningTrigger } from "./running-trigger.ts";
import type { WindowTurn } from "./window-turn.ts";

export class TimeoutTrigger implements RunningTrigger {
  readonly #number: number;
  readonly #spec: TriggerSpec & { readonly kind: "timeout" };
  readonly #of: RunningTrigger;

  constructor(number: number, spec: TriggerSpec & { readonly kind: "timeout" }, of: RunningTrigger) {
    this.#number = number;
    this.#spec = spec;
    this.#of = of;
  }

  onElement(turn: WindowTurn, element: unknown, timestamp: number): number {
    const result = this.#of.onElement(turn, element, timestamp);
    if ((result & FIRE) !== 0) {
      this.clear(turn);
      return result;
    }
    const memory = turn.memory(this.#number);
    if (memory.at !== undefined && this.#spec.resetAtElement) this.#stop(turn);
    if (memory.at === undefined) {
      memory.at = turn.ctx.now() + this.#spec.timeoutMs;
      turn.setProcessingTime(memory.at);
    }
    return result;
  }

  onEventTime(turn: WindowTurn, time: number, own: boolean): number {
    return this.#fired(turn, this.#of.onEventTime(turn, time, own));
  }

  onProcessingTime(turn: WindowTurn, time: number, own: boolean): number {
    return this.#fired(turn, this.#of.onProcessingTime(turn, time, own));
  }

  #fired(turn: WindowTurn, result: number): number {
    if (this.#spec.clearOnTimeout) this.clear(turn);
    return (result & PURGE) === 0 ? FIRE : FIRE | PURGE;
  }

  onMerge(turn: WindowTurn): void {
    const { at } = turn.memory(this.#number);
    if (at !== undefined) turn.setProcessingTime(at);
    this.#of.onMerge(turn);
  }

  clear(turn: WindowTurn): void {
    this.#stop(turn);
    this.#of.clear(turn);
  }

  #stop(turn: WindowTurn): void {
    const memory = turn.memory(this.#number);
    if (memory.at !== undefined) turn.deleteProcessingTime(memory.at);
    memory.at = undefined;
  }
}
