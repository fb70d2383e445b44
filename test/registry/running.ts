// A registry for the tests of this lane, as users start it: `millrace registry` with a broker of its own, or on somebody's Kafka.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CliProcess } from "../../src/cli/fixtures/cli-process.ts";

export interface RunningRegistry {
  readonly url: string;
  readonly bootstrapServers: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** `brokers`: of the Kafka that keeps the schemas; without it one of its own. */
export async function runningRegistry(brokers?: string): Promise<RunningRegistry> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-registry-lane-"));
  const where = brokers === undefined ? ["--data", directory, "--broker-port", "0"] : ["--brokers", brokers];
  const process = new CliProcess(["registry", "--port", "0", "--json", ...where]);
  const { registry, bootstrapServers } = JSON.parse((await process.until("stdout", /^.*\n/))[0]) as {
    registry: string;
    bootstrapServers: string;
  };
  return {
    url: registry,
    bootstrapServers,
    pid: process.child.pid!,
    stop: async () => {
      process.signal("SIGTERM");
      await process.ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
