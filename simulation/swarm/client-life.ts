// A client that lives many times: each life is a process of its own, ends by itself or is killed, and is followed by the next. A usurped one
// is followed while it still lives, on another host, and does not know.
import type { Env } from "../../src/env/env.ts";
import type { World } from "./world.ts";

/** Runs until `world.isRunning` is false or something goes wrong. */
export type ClientProgram = (env: Env, process: number) => Promise<void>;

const PAUSE_MS = 20;

export class ClientLife {
  readonly name: string;
  readonly errors: string[] = [];
  readonly #world: World;
  readonly #program: ClientProgram;
  #end: (() => void) | undefined;
  /** Where the present life runs. */
  #host: string;
  /** Where one may still live that has a successor. */
  #usurped: string | undefined;

  constructor(world: World, name: string, program: ClientProgram) {
    this.#world = world;
    this.name = name;
    this.#host = name;
    this.#program = program;
  }

  /** Ends after the life that sees that the run is over. */
  async run(): Promise<void> {
    const { simulation, driver, recorder } = this.#world;
    do {
      const { promise: ended, resolve: end } = Promise.withResolvers<void>();
      this.#end = end;
      const host = this.#host;
      this.#program(simulation.env(host), recorder.process()).then(end, (error: unknown) => {
        this.errors.push(String(error));
        end();
      });
      await ended;
      if (this.#usurped !== host) simulation.kill(host);
      await driver.timers.sleep(PAUSE_MS);
    } while (this.#world.isRunning);
    if (this.#usurped !== undefined) simulation.kill(this.#usurped);
  }

  kill(): void {
    if (!this.#world.isRunning) return;
    this.#world.simulation.kill(this.#host);
    this.#end?.();
  }

  /** Another process takes this one for dead, and takes over. One that was usurped before ends now. */
  usurp(): void {
    const { isRunning, simulation } = this.#world;
    if (!isRunning) return;
    const successor = this.#host === this.name ? `${this.name}-again` : this.name;
    if (this.#usurped !== undefined) simulation.kill(this.#usurped);
    this.#usurped = this.#host;
    this.#host = successor;
    this.#end?.();
  }
}
