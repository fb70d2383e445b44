// The waiting side of a long poll: until one of the partitions moves, the time is over, or the client is gone.
// Invariant: after end() nothing of it is left anywhere: no timer, no callback in a log or a connection.
import type { Timer, Timers } from "../env/clock.ts";
import type { PartitionLog } from "../log/partition-log.ts";
import type { Call } from "./api.ts";

export class FetchWait {
  readonly #timers: Timers;
  readonly #maxWaitMs: number;
  readonly #call: Call;
  #timer: Timer | undefined;
  #over: boolean;
  #wake: (() => void) | undefined;
  #forget: (() => void)[] = [];

  constructor(timers: Timers, maxWaitMs: number, call: Call) {
    this.#timers = timers;
    this.#maxWaitMs = maxWaitMs;
    this.#call = call;
    this.#over = maxWaitMs <= 0;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** Resolves at the next advance of one of the logs, or when the wait is over. */
  forAdvance(logs: readonly PartitionLog[]): Promise<void> {
    if (this.#timer === undefined) this.#begin(logs);
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  end(): void {
    this.#timer?.cancel();
    for (const forget of this.#forget) forget();
    this.#forget = [];
  }

  #begin(logs: readonly PartitionLog[]): void {
    const finish = (): void => {
      this.#over = true;
      this.#wake?.();
    };
    const advanced = (): void => this.#wake?.();
    this.#timer = this.#timers.after(this.#maxWaitMs, finish);
    this.#forget = logs.map((log) => log.onAdvance(advanced));
    this.#forget.push(this.#call.onClose(finish));
  }
}
