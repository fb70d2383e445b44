// A host whose program is started again whenever it fails, is killed or loses its power: what systemd does for a server.
import type { Env } from "../../env/env.ts";
import type { Simulation } from "./simulation.ts";

const DOWNTIME_MS = 5;

export interface Supervised {
  /** Lives so far. */
  readonly lives: number;
  /** Errors that ended lives, in order. */
  readonly failures: readonly unknown[];
  /** Resolves when the program has ended well, or after stop(). */
  readonly ended: Promise<void>;
  /** Kills what runs; nothing is started again. */
  stop(): void;
}

/** `life` counts from 1. Above `maxLives` the supervision gives up: `ended` rejects with the last failure. */
export function supervise(
  simulation: Simulation,
  host: string,
  driver: Env,
  program: (env: Env, life: number) => Promise<unknown>,
  maxLives = 100,
): Supervised {
  const failures: unknown[] = [];
  let lives = 0;
  let stopped = false;
  const run = async (): Promise<void> => {
    while (!stopped) {
      if (lives >= maxLives) throw new Error(`${host} did not come to its end in ${maxLives} lives`, { cause: failures.at(-1) });
      if (!simulation.filesOf(host).isOn) simulation.restart(host);
      const died = simulation.died(host);
      const done = program(simulation.env(host), ++lives).then(
        () => true,
        (error: unknown) => {
          if ((error as { code?: string }).code !== "ECRASHED") failures.push(error);
          return false;
        },
      );
      if (await Promise.race([done, died.then(() => false)])) return;
      simulation.kill(host);
      await driver.timers.sleep(DOWNTIME_MS);
    }
  };
  return {
    get lives() {
      return lives;
    },
    failures,
    ended: run(),
    stop() {
      stopped = true;
      simulation.kill(host);
    },
  };
}
