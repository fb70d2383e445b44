// Test help: a broker on a free port and an empty directory, both gone at the end of the test; logs are kept, not printed.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogLevel } from "../../env/logger.ts";
import { startBroker, type Broker } from "../index.ts";

export interface LogLine {
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export class TestBroker {
  readonly dataDir: string;
  readonly log: LogLine[] = [];
  readonly #settings: Record<string, string>;
  broker!: Broker;

  private constructor(dataDir: string, settings: Record<string, string>) {
    this.dataDir = dataDir;
    this.#settings = settings;
  }

  static async start(settings: Record<string, string> = {}): Promise<TestBroker> {
    const test = new TestBroker(await mkdtemp(join(tmpdir(), "millrace-broker-")), settings);
    await test.open();
    return test;
  }

  get servers(): string[] {
    return [this.broker.bootstrapServers];
  }

  async open(): Promise<void> {
    const logger = {
      log: (level: LogLevel, event: string, fields: Readonly<Record<string, unknown>> = {}) => void this.log.push({ level, event, fields }),
    };
    this.broker = await startBroker({ port: 0, dataDir: this.dataDir, durability: "disk", settings: this.#settings, logger });
  }

  /** The same directory, another process as far as clients can tell. */
  async restart(): Promise<void> {
    await this.broker.close();
    await this.open();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker.close();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** Waits until `condition` holds; fails after `timeoutMs`, saying what was waited for. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
