// A process of the product that is killed without warning: the command line of this checkout, its last output kept, its end awaited.
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
/** Characters kept of each stream. */
const MAX_OUTPUT = 20_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class ChildProcess {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  readonly startedAt = performance.now();
  stdout = "";
  stderr = "";
  isOver = false;
  #wake: () => void = () => {};

  constructor(command: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const { KAFKA_BROKERS: _, NODE_TEST_CONTEXT: __, ...inherited } = process.env;
    this.child = spawn(command, args, { env: { ...inherited, NO_COLOR: "1", ...environment } });
    const keep = (name: "stdout" | "stderr") => (text: string) => {
      this[name] = (this[name] + text).slice(-MAX_OUTPUT);
      this.#wake();
    };
    this.child.stdout.setEncoding("utf8").on("data", keep("stdout"));
    this.child.stderr.setEncoding("utf8").on("data", keep("stderr"));
    this.child.stdin.on("error", () => {}); // a killed process does not read
    this.ended = new Promise((resolve, reject) => {
      this.child.once("error", reject);
      this.child.once("close", (code, signal) => {
        this.isOver = true;
        this.#wake();
        resolve({ code, signal });
      });
    });
  }

  /** True as soon as stdout has the text; false when the process ends without it. */
  async printed(text: string): Promise<boolean> {
    while (!this.stdout.includes(text)) {
      if (this.isOver) return false;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return true;
  }

  kill(): Promise<Ended> {
    this.child.kill("SIGKILL");
    return this.ended;
  }
}

/** `millrace …` from the sources. */
export function millrace(args: readonly string[]): ChildProcess {
  return new ChildProcess(process.execPath, ["--conditions=source", MAIN, ...args]);
}

/** A port that was free a moment ago: the broker comes up again where its clients look for it. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
