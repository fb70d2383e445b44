// The broker and the job as two processes that are killed and started again. A restart of the broker is over when a client that was
// waiting has its answer; one of the job, when it has completed a checkpoint.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "millrace/client";
import { millrace, type ChildProcess } from "./child-process.ts";

const PIPELINE = fileURLToPath(new URL("../../simulation/swarm/simulated-pipeline.ts", import.meta.url));
const LOOK_EVERY_MS = 10;
const START_LIMIT_MS = 60_000;
/** `millrace run` that finds no broker. */
const EXIT_UNREACHABLE = 4;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class BrokerMachine {
  readonly address: string;
  /** From the start of the process to its first answer. */
  readonly restartsMs: number[] = [];
  /** The same without the start of Node and the loading of the program: opening the log. */
  readonly #args: readonly string[];
  #process: ChildProcess | undefined;

  constructor(port: number, dataDir: string, settings: readonly string[] = []) {
    this.address = `127.0.0.1:${port}`;
    this.#args = ["broker", "--port", String(port), "--data", dataDir, "--json", "--log-level", "warn"];
    this.#args = [...this.#args, ...settings.flatMap((setting) => ["--set", setting])];
  }

  get hasEnded(): boolean {
    return this.#process?.isOver ?? true;
  }

  launch(): void {
    this.#process = millrace(this.#args);
  }

  /** False: it was killed on the way. */
  async up(): Promise<boolean> {
    const process = this.#process!;
    if (!(await process.printed("bootstrapServers"))) return false;
    const client = createClient({ brokers: this.address, connectTimeoutMs: 1000, apiTimeoutMs: START_LIMIT_MS });
    try {
      await client.admin().listTopics();
      this.restartsMs.push(performance.now() - process.startedAt);
      return true;
    } catch {
      return false;
    } finally {
      await client.close();
    }
  }

  async kill(): Promise<void> {
    const { code, signal } = await this.#process!.kill();
    if (signal !== "SIGKILL") throw new Error(`The broker ended by itself (${code ?? signal}):\n${this.#process!.stderr}`);
  }
}

export class JobMachine {
  /** From the start of the process to its first complete checkpoint. */
  readonly restartsMs: number[] = [];
  readonly #dataDir: string;
  readonly #args: readonly string[];
  #process: ChildProcess | undefined;

  constructor(brokers: string, dataDir: string) {
    this.#dataDir = dataDir;
    this.#args = ["run", PIPELINE, "--brokers", brokers, "--data", dataDir, "-p", "2", "--checkpoint-interval", "250"];
    this.#args = [...this.#args, "--log-level", "warn"];
  }

  launch(...more: readonly string[]): void {
    this.#process = millrace([...this.#args, ...more]);
  }

  /** False: it was killed, or it ended since there was no broker. */
  async up(): Promise<boolean> {
    const process = this.#process!;
    const before = this.#newest();
    while (this.#newest() === before) {
      if (process.isOver) return false;
      if (performance.now() - process.startedAt > START_LIMIT_MS) throw new Error(`The job completes no checkpoint:\n${process.stderr}`);
      await pause(LOOK_EVERY_MS);
    }
    this.restartsMs.push(performance.now() - process.startedAt);
    return true;
  }

  /** Runs to the end of its input. */
  async finish(): Promise<void> {
    this.launch("--once");
    const { code, signal } = await this.#process!.ended;
    if (code !== 0) throw new Error(`The job did not come to its end (${code ?? signal}):\n${this.#process!.stderr}`);
  }

  async kill(): Promise<void> {
    const { code, signal } = await this.#process!.kill();
    if (signal !== "SIGKILL" && code !== EXIT_UNREACHABLE)
      throw new Error(`The job ended by itself (${code ?? signal}):\n${this.#process!.stderr}`);
  }

  get hasEnded(): boolean {
    return this.#process?.isOver ?? true;
  }

  #newest(): number {
    const directory = join(this.#dataDir, "checkpoints", "simulated");
    if (!existsSync(directory)) return -1;
    const complete = readdirSync(directory).filter((name) => name.startsWith("chk-") && existsSync(join(directory, name, "manifest")));
    return Math.max(-1, ...complete.map((name) => Number(name.slice("chk-".length))));
  }
}

/** The nearest-rank percentile. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}
