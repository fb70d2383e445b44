// A process (or a thread of one) inside a simulation. Invariant: nothing of a process runs on its behalf after its end: its timers do
// not fire, its handlers are not called, what it awaited is rejected (a crash) or never settles (a terminated thread).

export type ProcessState = "running" | "crashed" | "terminated";

export class SimProcess {
  readonly pid: number;
  readonly host: string;
  /** Where errors thrown by its callbacks go. */
  readonly onUncaught: (error: Error) => void;
  readonly #parent: SimProcess | undefined;
  readonly #onEnd: (() => void)[] = [];
  #state: ProcessState = "running";
  /** Timers that keep it alive: a thread without any, and without a listener for messages, ends. */
  pendingTimers = 0;

  constructor(pid: number, host: string, onUncaught: (error: Error) => void, parent?: SimProcess) {
    this.pid = pid;
    this.host = host;
    this.onUncaught = onUncaught;
    this.#parent = parent;
  }

  get state(): ProcessState {
    if (this.#state !== "running" || this.#parent === undefined) return this.#state;
    return this.#parent.state;
  }

  get running(): boolean {
    return this.state === "running";
  }

  end(state: "crashed" | "terminated"): void {
    if (this.#state !== "running") return;
    this.#state = state;
    for (const fn of this.#onEnd.splice(0)) fn();
  }

  onEnd(fn: () => void): void {
    this.#onEnd.push(fn);
    this.#parent?.onEnd(fn); // idempotent functions only
  }

  /** Calls `fn` as code of this process. */
  enter(fn: () => void): void {
    if (!this.running) return;
    try {
      fn();
    } catch (error) {
      this.onUncaught(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** The error of whatever a crashed process tries or awaits. */
  crashError(what: string): Error {
    const text = `ECRASHED: ${what}: process ${this.pid} on ${this.host} died in a simulated crash. After restart(), take a new Env from simulation.env().`;
    return Object.assign(new Error(text), { code: "ECRASHED" });
  }
}
