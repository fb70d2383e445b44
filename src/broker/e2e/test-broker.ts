// Test help: a broker on a free port and an empty directory, both gone at the end of the test; logs are kept, not printed.
// The caller brings the environment, so that the same tests could run in a simulation.
import type { Env } from "../../env/env.ts";
import type { LogLevel } from "../../env/logger.ts";
import { startBroker, type Broker, type BrokerOptions } from "../broker.ts";
import { randomUuid } from "../../env/uuid.ts";

export interface LogLine {
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export class TestBroker {
  readonly env: Env;
  readonly dataDir: string;
  readonly log: LogLine[] = [];
  readonly #options: Partial<BrokerOptions>;
  broker!: Broker;

  private constructor(env: Env, dataDir: string, options: Partial<BrokerOptions>) {
    const logger = {
      log: (level: LogLevel, event: string, fields: Readonly<Record<string, unknown>> = {}) => void this.log.push({ level, event, fields }),
    };
    this.env = { ...env, logger };
    this.dataDir = dataDir;
    this.#options = options;
  }

  /** In a fresh directory below `parent`. */
  static async start(
    env: Env,
    parent: string,
    settings: Record<string, string> = {},
    options: Partial<BrokerOptions> = {},
  ): Promise<TestBroker> {
    const test = new TestBroker(env, `${parent}/millrace-broker-${randomUuid(env.random)}`, { ...options, settings });
    await test.open();
    return test;
  }

  get servers(): string[] {
    return [this.broker.bootstrapServers];
  }

  async open(): Promise<void> {
    this.broker = await startBroker(this.env, { port: 0, dataDir: this.dataDir, ...this.#options });
  }

  /** The same directory, another process as far as clients can tell. */
  async restart(): Promise<void> {
    await this.broker.close();
    await this.open();
  }

  /** Waits until `condition` holds; fails after `timeoutMs`, saying what was waited for. */
  async until(what: () => string, condition: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<void> {
    const { clock, timers } = this.env;
    const deadline = clock.monotonicMs() + timeoutMs;
    while (!(await condition())) {
      if (clock.monotonicMs() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain: ${what()}`);
      await timers.sleep(10);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker.close();
    await this.env.files.removeDirectory(this.dataDir);
  }
}
