// The loop of a simulation. Invariant: one event at a time, and all microtasks it caused have run before the next one; virtual time moves
// only between events. Ambient time, chance and timers throw meanwhile (env-node/ambient-traps.ts). Real time and real I/O are invisible, except for what external() announces (imports of modules).
import { realTurn, trapAmbient } from "../../env-node/ambient-traps.ts";
import { EventQueue } from "./event-queue.ts";
import type { SimEvent } from "./event-queue.ts";
import { TraceHash } from "./trace-hash.ts";

export interface RunLimits {
  /** Virtual milliseconds this run may take: one hour unless set. */
  readonly maxVirtualMs?: number;
  /** Events this run may fire: 20 million unless set. */
  readonly maxEvents?: number;
}

const MAX_VIRTUAL_MS = 3_600_000;
const MAX_EVENTS = 20_000_000;
/** Before a deadlock is reported the real loop gets this many turns: code may have awaited something real by mistake. */
const GRACE_TURNS = 20;

export class Scheduler {
  readonly trace = new TraceHash();
  readonly #queue = new EventQueue();
  #nowMs = 0;
  #fired = 0;
  #externals = 0;
  #uncaught: Error | undefined;
  #running = false;
  /** Says what is open (listeners, connections), for the deadlock check and its message. */
  describeOpen: () => readonly string[] = () => [];

  /** Virtual milliseconds since the start. */
  get nowMs(): number {
    return this.#nowMs;
  }

  get firedEvents(): number {
    return this.#fired;
  }

  after(delayMs: number, label: string, fire: () => void, keepsAlive = true): SimEvent {
    return this.#queue.push(this.#nowMs + Math.max(0, delayMs), label, fire, keepsAlive);
  }

  cancel(event: SimEvent): void {
    this.#queue.cancel(event);
  }

  /** Stops virtual time until a real promise (an import, say) has settled. */
  async external<T>(promise: Promise<T>): Promise<T> {
    this.#externals++;
    try {
      return await promise;
    } finally {
      this.#externals--;
    }
  }

  /** An error nobody caught: the run rejects with it. */
  uncaught(error: Error): void {
    this.#uncaught ??= error;
  }

  /** Runs the world until the body has settled. Rejects with the body's error, an uncaught one, or a SimulationError. */
  async run<T>(body: () => Promise<T>, limits: RunLimits = {}): Promise<T> {
    if (this.#running) throw new Error("The simulation is running already: run() does not nest.");
    this.#running = true;
    const release = trapAmbient();
    try {
      return await this.#run(body, limits);
    } finally {
      release();
      this.#running = false;
    }
  }

  async #run<T>(body: () => Promise<T>, limits: RunLimits): Promise<T> {
    const lastMs = this.#nowMs + (limits.maxVirtualMs ?? MAX_VIRTUAL_MS);
    const lastEvent = this.#fired + (limits.maxEvents ?? MAX_EVENTS);
    let outcome: { value: T } | { error: unknown } | undefined;
    body().then(
      (value) => (outcome = { value }),
      (error: unknown) => (outcome = { error }),
    );
    let idleTurns = 0;
    for (;;) {
      await turn();
      if (this.#uncaught !== undefined) throw this.#takeUncaught();
      if (outcome !== undefined) break;
      if (this.#externals > 0) continue;
      if (this.#isStuck()) {
        if (++idleTurns > GRACE_TURNS) throw this.#deadlock();
        continue;
      }
      idleTurns = 0;
      this.#fireNext(lastMs);
      if (this.#fired > lastEvent) throw this.#endless(`${this.#fired} events`);
    }
    if ("error" in outcome) throw outcome.error;
    return outcome.value;
  }

  #fireNext(lastMs: number): void {
    if (this.#queue.peek()!.at > lastMs) throw this.#endless(`${Math.round(lastMs)} ms of virtual time`);
    const event = this.#queue.pop()!;
    this.#nowMs = event.at;
    this.#fired++;
    this.trace.number(event.at);
    this.trace.text(event.label);
    const fire = event.fire!;
    event.fire = undefined;
    fire();
  }

  #isStuck(): boolean {
    return this.#queue.size === 0 || (this.#queue.keepingAlive === 0 && this.describeOpen().length === 0);
  }

  #takeUncaught(): Error {
    const error = this.#uncaught!;
    this.#uncaught = undefined;
    return error;
  }

  #deadlock(): SimulationError {
    const open = this.describeOpen();
    const text = `Deadlock at ${this.#nowMs.toFixed(3)} ms after ${this.#fired} events: the body awaits something, but no timer, file operation or message is pending.`;
    return new SimulationError("DEADLOCK", open.length === 0 ? text : `${text} Open: ${open.slice(0, 10).join(", ")}.`);
  }

  #endless(what: string): SimulationError {
    return new SimulationError("ENDLESS", `The body has not settled after ${what}: raise maxVirtualMs or maxEvents if it needs more.`);
  }
}

export class SimulationError extends Error {
  override readonly name = "SimulationError";
  readonly code: "DEADLOCK" | "ENDLESS";

  constructor(code: "DEADLOCK" | "ENDLESS", message: string) {
    super(message);
    this.code = code;
  }
}

/** Lets every microtask and every pending callback of the real loop run. */
function turn(): Promise<void> {
  return new Promise((resolve) => realTurn(resolve));
}
