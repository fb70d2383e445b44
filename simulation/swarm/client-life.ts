// A client that lives many times: each life is a process of its own host, ends by itself or is killed, and is followed by the next.
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

  constructor(world: World, name: string, program: ClientProgram) {
    this.#world = world;
    this.name = name;
    this.#program = program;
  }

  /** Ends after the life that sees that the run is over. */
  async run(): Promise<void> {
    const { simulation, driver, recorder } = this.#world;
    do {
      const ended = new Promise<void>((resolve) => (this.#end = resolve));
      this.#program(simulation.env(this.name), recorder.process()).then(
        () => this.#end?.(),
        (error: unknown) => {
          this.errors.push(String(error));
          this.#end?.();
        },
      );
      await ended;
      simulation.kill(this.name);
      await driver.timers.sleep(PAUSE_MS);
    } while (this.#world.isRunning);
  }

  kill(): void {
    if (!this.#world.isRunning) return;
    this.#world.simulation.kill(this.name);
    this.#end?.();
  }
}
