// The command line as a child process, for end-to-end tests: output gathered, waits on conditions, never on time.
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const LIMIT_MS = 20_000;

export interface CliResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly input?: string;
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export class CliProcess {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<CliResult>;
  stdout = "";
  stderr = "";
  readonly #waiting = new Set<() => void>();

  constructor(args: readonly string[], options: CliOptions = {}) {
    const { KAFKA_BROKERS: _, ...environment } = process.env;
    this.child = spawn(process.execPath, ["--conditions=source", MAIN, ...args], {
      cwd: options.cwd,
      env: { ...environment, NO_COLOR: "1", ...options.environment },
    });
    this.child.stdout.setEncoding("utf8").on("data", (text: string) => this.#received("stdout", text));
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => this.#received("stderr", text));
    this.child.stdin.on("error", () => {}); // a command that fails early does not read it
    this.child.stdin.end(options.input ?? "");
    const guard = setTimeout(() => this.child.kill("SIGKILL"), LIMIT_MS);
    this.ended = new Promise((resolve) => {
      this.child.on("close", (exitCode) => {
        clearTimeout(guard);
        for (const wake of this.#waiting) wake();
        resolve({ exitCode, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  /** Resolves to the match as soon as the output has it; rejects when the process ends without. */
  async until(stream: "stdout" | "stderr", pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this[stream]);
      if (match !== null) return match;
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`The process ended (${this.child.exitCode}) without ${pattern} on ${stream}:\n${this.stdout}\n${this.stderr}`);
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  #received(stream: "stdout" | "stderr", text: string): void {
    this[stream] += text;
    for (const wake of this.#waiting) wake();
  }
}

export function cli(args: readonly string[], options?: CliOptions): Promise<CliResult> {
  return new CliProcess(args, options).ended;
}
