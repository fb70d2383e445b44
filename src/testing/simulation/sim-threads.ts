// Threads of a simulation: the entry module runs in the same loop, on the same virtual clock, with an Env of its own that ends with it.
import type { Env, ThreadStart } from "../../env/env.ts";
import type { Thread, ThreadChannel, ThreadHandlers, Threads } from "../../env/threads.ts";
import type { Prng } from "./prng.ts";
import type { Scheduler } from "./scheduler.ts";
import { SimProcess } from "./sim-process.ts";

export interface ThreadWorld {
  readonly scheduler: Scheduler;
  readonly random: Prng;
  /** The Env of a thread that is this process. */
  env(thread: SimProcess): Env;
  /** Threads that run, for deaths that a test orders. */
  readonly running: Set<SimThread>;
}

export function createSimThreads(world: ThreadWorld, parent: SimProcess): Threads {
  return {
    spawn: (entry, options, handlers) => new SimThread(world, parent, entry, options, handlers),
  };
}

export class SimThread implements Thread {
  readonly name: string;
  readonly #world: ThreadWorld;
  readonly #parent: SimProcess;
  readonly #handlers: ThreadHandlers;
  readonly #process: SimProcess;
  /** Arrived, but the thread may not have a handler yet. */
  readonly #inbox: unknown[] = [];
  #onMessage: ((message: unknown) => void) | undefined;
  #lastArrivalMs = 0;
  #reported = false;

  constructor(
    world: ThreadWorld,
    parent: SimProcess,
    entry: URL,
    options: { readonly name: string; readonly data: unknown },
    handlers: ThreadHandlers,
  ) {
    this.name = options.name;
    this.#world = world;
    world.running.add(this);
    parent.onEnd(() => world.running.delete(this));
    this.#parent = parent;
    this.#handlers = handlers;
    this.#process = new SimProcess(parent.pid, parent.host, (error) => this.#exit(error), parent);
    const data: unknown = structuredClone(options.data);
    world.scheduler.after(world.random.between(1, 20), `spawn ${options.name}`, () => {
      void world.scheduler.external(import(entry.href)).then(
        (module: { start?: ThreadStart }) => this.#start(module, data, entry),
        (error: unknown) => this.#exit(asError(error)),
      );
    });
  }

  post(message: unknown): void {
    const copy: unknown = structuredClone(message);
    this.#travel("message to thread", () => {
      this.#inbox.push(copy);
      this.#readInbox();
    });
  }

  terminate(): Promise<void> {
    return new Promise((resolve) => {
      this.#world.scheduler.after(this.#world.random.between(0.1, 1), "terminate", () => {
        this.#exit(undefined);
        resolve();
      });
    });
  }

  /** Ends in the middle of whatever it does, as a thread that ran out of memory. Its parent learns of it as of any uncaught error. */
  die(): void {
    this.#travel("thread dies", () => this.#report(new Error(`The thread ${this.name} died of a simulated fault.`)));
    this.#process.end("terminated");
    this.#world.running.delete(this);
  }

  #start(module: { start?: ThreadStart }, data: unknown, entry: URL): void {
    if (!this.#process.running) return;
    if (typeof module.start !== "function") return this.#exit(new Error(`${entry.href} does not export a function "start".`));
    const channel: ThreadChannel = {
      data,
      post: (message) => {
        if (!this.#process.running) return;
        const copy: unknown = structuredClone(message);
        this.#travel("message from thread", () => this.#parent.enter(() => this.#handlers.message(copy)));
      },
      onMessage: (handler) => {
        this.#onMessage = handler;
        this.#world.scheduler.after(0, "early messages", () => this.#readInbox());
      },
      close: () => this.#travel("thread closes", () => this.#exit(undefined)),
    };
    const { start } = module;
    const started = (async () => start(this.#world.env(this.#process), channel))();
    started.then(
      () => {
        if (this.#onMessage === undefined && this.#process.pendingTimers === 0) this.#travel("thread ends", () => this.#exit(undefined));
      },
      (error: unknown) => this.#exit(asError(error)),
    );
  }

  #readInbox(): void {
    const handler = this.#onMessage;
    while (handler !== undefined && this.#inbox.length > 0) {
      const message = this.#inbox.shift();
      this.#process.enter(() => handler(message));
    }
  }

  /** Messages of one thread stay in order. */
  #travel(label: string, arrive: () => void): void {
    const { scheduler, random } = this.#world;
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, scheduler.nowMs + random.between(0.01, 0.1));
    scheduler.after(this.#lastArrivalMs - scheduler.nowMs, label, arrive);
  }

  #exit(error: Error | undefined): void {
    if (!this.#process.running) return;
    this.#process.end("terminated");
    this.#world.running.delete(this);
    this.#report(error);
  }

  #report(error: Error | undefined): void {
    if (this.#reported) return;
    this.#reported = true;
    this.#parent.enter(() => this.#handlers.exit(error));
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
