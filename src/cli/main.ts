// The command line's entry: parses, runs one command, and ends the process with the exit code of exit-codes.ts.
import { readFileSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CommanderError } from "commander";
import { explainError } from "./explain-error.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { createProgram } from "./program.ts";
import { raiseRuntimeLimits } from "./runtime-limits.ts";
import { processTerminal } from "./terminal.ts";
import { explainUsage } from "./usage-error.ts";

/** Runs one command line; ends the process. */
export async function main(args: readonly string[]): Promise<void> {
  raiseRuntimeLimits();
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(EXIT.ok); // the reader has seen enough
    throw error;
  });
  process.exit(await run(args));
}

async function run(args: readonly string[]): Promise<ExitCode> {
  const program = createProgram({ version: version(), terminal: ({ quiet }) => processTerminal(quiet === undefined ? {} : { quiet }) });
  try {
    await program.parseAsync([...args], { from: "user" });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) {
      const message = explainUsage(error, program, args);
      if (message === undefined) return EXIT.ok;
      complain(message);
      return EXIT.usage;
    }
    const { exitCode, message } = explainError(error);
    complain(message);
    if (args.includes("debug") && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    return exitCode;
  }
}

function complain(message: string): void {
  process.stderr.write(message.startsWith("millrace ") ? `${message}\n` : `millrace: ${message}\n`);
}

function version(): string {
  return (JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string }).version;
}

// In the repository this file is run itself; the package's bin file imports it.
if (process.argv[1] !== undefined && isThisFile(process.argv[1])) await main(process.argv.slice(2));

function isThisFile(path: string): boolean {
  try {
    return realpathSync(path) === fileURLToPath(import.meta.url);
  } catch {
    return false;
  }
}
