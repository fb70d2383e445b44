// A machine that is started again whenever its program ends, is killed, or loses power: one life after the other, each a new process.
import type { Env } from "../../src/env/env.ts";
import type { Prng } from "../../src/testing/simulation/prng.ts";
import type { Simulation } from "../../src/testing/simulation/simulation.ts";
import type { CrashStyle } from "../../src/testing/simulation/crash-style.ts";
import type { Operation } from "../../src/testing/simulation/sim-files.ts";
import { DiskFaults } from "./disk-faults.ts";

/** Runs until it ends by itself; calls `started` once it serves. */
export type Program = (env: Env, started: () => void) => Promise<void>;

/** Endings that are kept for the report. */
const MAX_ENDINGS = 50;

export class Machine {
  readonly faults = new DiskFaults();
  /** Called when the power goes, before anything is lost. */
  onPowerCut: (() => void) | undefined;
  /** Told of every operation of the disk, before it takes effect. */
  onOperation: ((operation: Operation) => void) | undefined;
  /** Why lives ended by themselves, the newest last. */
  readonly endings: string[] = [];
  /** Lives that came up after one that did not end well. */
  recoveries = 0;
  readonly name: string;
  readonly #simulation: Simulation;
  readonly #driver: Env;
  readonly #random: Prng;
  readonly #program: Program;
  readonly #downtimeMs: number;
  #lives = 0;
  #isStarted = false;
  #stopped = false;
  #end: (() => void) | undefined;
  #onStarted: (() => void)[] = [];
  #onFinished: (() => void)[] = [];

  constructor(simulation: Simulation, driver: Env, name: string, program: Program, options: { random: Prng; downtimeMs: number }) {
    this.#simulation = simulation;
    this.#driver = driver;
    this.name = name;
    this.#program = program;
    this.#random = options.random;
    this.#downtimeMs = options.downtimeMs;
    simulation.filesOf(name).provideDirectory("/data");
  }

  get isStarted(): boolean {
    return this.#isStarted;
  }

  /** Resolves when a life serves. */
  started(): Promise<void> {
    return this.#isStarted ? Promise.resolve() : new Promise((resolve) => this.#onStarted.push(resolve));
  }

  /** Resolves when a program ends well by itself. */
  finished(): Promise<void> {
    return new Promise((resolve) => this.#onFinished.push(resolve));
  }

  /** Lives until stop(). */
  async run(): Promise<void> {
    while (!this.#stopped) {
      await this.#live();
      if (!this.#stopped) await this.#driver.timers.sleep(this.#random.between(0, this.#downtimeMs));
    }
  }

  kill(): void {
    this.#simulation.kill(this.name);
    this.#end?.();
  }

  powerCut(style?: CrashStyle): void {
    this.#simulation.crash(this.name, style === undefined ? {} : { style });
  }

  /** The last life is killed; run() ends. */
  stop(): void {
    this.#stopped = true;
    this.kill();
  }

  async #live(): Promise<void> {
    const disk = this.#simulation.filesOf(this.name);
    if (!disk.isOn) this.#simulation.restart(this.name);
    const ended = new Promise<void>((resolve) => (this.#end = resolve));
    disk.onCrash = () => {
      this.onPowerCut?.();
      this.#end?.();
    };
    disk.onOperation = (operation) => {
      this.onOperation?.(operation);
      return this.faults.decide(operation);
    };
    this.#lives++;
    const life = this.#lives;
    this.#program(this.#simulation.env(this.name), () => this.#serves(life)).then(
      () => {
        for (const resolve of this.#onFinished.splice(0)) resolve();
        this.#end?.();
      },
      (error: unknown) => {
        if (life !== this.#lives) return;
        const ending = describe(error);
        if (!ending.includes("ECRASHED")) this.endings.push(ending);
        if (this.endings.length > MAX_ENDINGS) this.endings.shift();
        this.#end?.();
      },
    );
    await ended;
    this.#isStarted = false;
    this.#end = undefined;
    if (disk.isOn) this.#simulation.kill(this.name);
  }

  #serves(life: number): void {
    if (life !== this.#lives) return;
    this.#isStarted = true;
    if (life > 1) this.recoveries++;
    for (const resolve of this.#onStarted.splice(0)) resolve();
  }
}

export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as { code?: unknown }).code;
  const cause = error.cause === undefined ? "" : ` <- ${describe(error.cause)}`;
  return `${typeof code === "string" ? `${code}: ` : ""}${error.message}${cause}`;
}
