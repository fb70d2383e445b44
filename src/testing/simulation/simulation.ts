// A whole world from one seed: time, disks, network, processes. Invariant: the same seed and the same program give the same trace
// (traceHash), so every failure can be replayed.
import type { Env } from "../../env/env.ts";
import type { Logger } from "../../env/logger.ts";
import type { CrashStyle } from "./crash-style.ts";
import { Prng } from "./prng.ts";
import { Scheduler } from "./scheduler.ts";
import type { RunLimits } from "./scheduler.ts";
import { createSimCompression } from "./sim-compression.ts";
import { SimFiles } from "./sim-files.ts";
import { SimFilesView } from "./sim-files-view.ts";
import { SimNetwork } from "./sim-network.ts";
import { SimProcess } from "./sim-process.ts";
import { createSimThreads, type SimThread } from "./sim-threads.ts";
import { createVirtualTimers, VirtualClock } from "./virtual-clock.ts";

const DEFAULT_HOST = "localhost";
/** Log lines that are kept. */
const MAX_LOG_LINES = 10_000;

export interface Simulation {
  readonly seed: number;
  readonly clock: VirtualClock;
  /** The disk of the default host. */
  readonly files: SimFiles;
  readonly network: SimNetwork;
  /** For choices of the test itself. */
  readonly random: Prng;
  /** Log lines of all processes, the newest last, with their virtual time. */
  readonly logLines: readonly string[];
  /** A new process on a host ("localhost" unless named); its host must not be crashed. */
  env(hostName?: string): Env;
  /** The disk of a host. */
  filesOf(hostName: string): SimFiles;
  /** A power cut of a host: as filesOf(host).crash(). Follow with restart() and a new env(). */
  crash(hostName?: string, options?: { readonly style?: CrashStyle }): void;
  restart(hostName?: string): void;
  /** kill -9 of all processes of a host: what they wrote stays in the page cache. */
  kill(hostName?: string): void;
  /** Threads of any host die, all unless `match` says which. Their processes live on. Returns how many. */
  killThreads(match?: (name: string) => boolean): number;
  /** Resolves at the next end of all processes of a host, by a crash or a kill. */
  died(hostName?: string): Promise<void>;
  /** Drives virtual time until the body has settled. Rejects with its error, an uncaught one, or a SimulationError (DEADLOCK, ENDLESS). */
  run<T>(body: () => Promise<T>, limits?: RunLimits): Promise<T>;
  /** Stops virtual time until a real promise has settled (an import, say). */
  external<T>(promise: Promise<T>): Promise<T>;
  /** Changes with every event: equal for equal seeds. */
  traceHash(): string;
}

export function createSimulation(seed: number): Simulation {
  return new SeededSimulation(seed);
}

class SeededSimulation implements Simulation {
  readonly seed: number;
  readonly clock: VirtualClock;
  readonly network: SimNetwork;
  readonly random: Prng;
  readonly logLines: string[] = [];
  readonly #scheduler = new Scheduler();
  readonly #root: Prng;
  readonly #disks = new Map<string, SimFiles>();
  readonly #processes = new Set<SimProcess>();
  readonly #threads = new Set<SimThread>();
  readonly #mourners = new Map<string, (() => void)[]>();
  #nextPid = 100;

  constructor(seed: number) {
    this.seed = seed;
    this.#root = new Prng(seed);
    this.random = this.#root.fork("test");
    this.clock = new VirtualClock(this.#scheduler);
    this.network = new SimNetwork(this.#scheduler, this.#root.fork("network"), (host, how) => this[how](host));
    this.#scheduler.describeOpen = () => this.network.describe();
  }

  get files(): SimFiles {
    return this.filesOf(DEFAULT_HOST);
  }

  filesOf(hostName: string): SimFiles {
    let disk = this.#disks.get(hostName);
    if (disk === undefined) {
      const random = this.#root.fork(`disk of ${hostName}`);
      disk = new SimFiles(
        this.#scheduler,
        random,
        () => this.clock.now(),
        () => this.kill(hostName),
      );
      this.#disks.set(hostName, disk);
    }
    return disk;
  }

  env(hostName: string = DEFAULT_HOST): Env {
    if (!this.filesOf(hostName).isOn) throw new Error(`${hostName} has crashed: call restart() before env().`);
    const process = new SimProcess(this.#nextPid++, hostName, (error) => this.#scheduler.uncaught(error));
    this.#processes.add(process);
    return this.#envOf(process, this.#root.fork(`process ${process.pid}`));
  }

  crash(hostName: string = DEFAULT_HOST, options: { readonly style?: CrashStyle } = {}): void {
    this.filesOf(hostName).crash(options);
  }

  restart(hostName: string = DEFAULT_HOST): void {
    this.filesOf(hostName).restart();
  }

  kill(hostName: string = DEFAULT_HOST): void {
    for (const process of this.#processes) {
      if (process.host !== hostName) continue;
      this.#processes.delete(process);
      process.end("crashed");
    }
    this.filesOf(hostName).openHandles = 0;
    const mourners = this.#mourners.get(hostName) ?? [];
    this.#mourners.delete(hostName);
    for (const resolve of mourners) resolve();
  }

  killThreads(match: (name: string) => boolean = () => true): number {
    const threads = [...this.#threads].filter(({ name }) => match(name));
    for (const thread of threads) thread.die();
    return threads.length;
  }

  died(hostName: string = DEFAULT_HOST): Promise<void> {
    return new Promise((resolve) => {
      const mourners = this.#mourners.get(hostName) ?? [];
      this.#mourners.set(hostName, [...mourners, resolve]);
    });
  }

  run<T>(body: () => Promise<T>, limits?: RunLimits): Promise<T> {
    return this.#scheduler.run(body, limits);
  }

  external<T>(promise: Promise<T>): Promise<T> {
    return this.#scheduler.external(promise);
  }

  traceHash(): string {
    return this.#scheduler.trace.digest();
  }

  #envOf(process: SimProcess, random: Prng): Env {
    const scheduler = this.#scheduler;
    let threads = 0;
    const world = {
      scheduler,
      random: random.fork("threads"),
      running: this.#threads,
      env: (thread: SimProcess) => this.#envOf(thread, random.fork(`thread ${threads++}`)),
    };
    return {
      clock: this.clock,
      timers: createVirtualTimers(scheduler, process),
      random,
      files: new SimFilesView(this.filesOf(process.host), process),
      network: this.network.view(process),
      threads: createSimThreads(world, process),
      compression: createSimCompression(scheduler, process),
      logger: this.#logger(process),
    };
  }

  #logger(process: SimProcess): Logger {
    return {
      log: (level, event, fields) => {
        if (!process.running) return;
        const text = fields === undefined ? "" : ` ${JSON.stringify(fields, (_, value: unknown) => plain(value))}`;
        this.logLines.push(`${this.#scheduler.nowMs.toFixed(3)} ${process.host}/${process.pid} ${level} ${event}${text}`);
        if (this.logLines.length > MAX_LOG_LINES) this.logLines.shift();
      },
    };
  }
}

function plain(value: unknown): unknown {
  if (value instanceof Error) return value.message;
  return typeof value === "bigint" ? String(value) : value;
}
