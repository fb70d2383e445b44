// What a command may know of its surroundings: where output goes, who reads it, the environment. stdout is data, stderr is progress.

export interface Terminal {
  /** Data. Resolves when the reader has taken it (a slow pipe holds the command back). */
  out(data: string | Uint8Array): Promise<void>;
  /** Progress and errors, a whole line without its end. */
  note(line: string): void;
  readonly isTerminal: boolean;
  readonly noteIsTerminal: boolean;
  readonly color: boolean;
  readonly quiet: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
}

export interface TerminalOptions {
  readonly quiet?: boolean;
}

export function processTerminal(options: TerminalOptions = {}): Terminal {
  const { stdout, stderr, env } = process;
  return {
    out: (data) =>
      new Promise((resolve) => {
        if (stdout.write(data)) resolve();
        else stdout.once("drain", resolve);
      }),
    note: (line) => void stderr.write(`${line}\n`),
    isTerminal: stdout.isTTY === true,
    noteIsTerminal: stderr.isTTY === true,
    color: stdout.isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb",
    quiet: options.quiet === true,
    environment: env,
    workingDirectory: process.cwd(),
  };
}
