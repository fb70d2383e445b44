// The command line's entry: parses, runs one command, and ends the process with the exit code of exit-codes.ts.
import { readFileSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { EXIT } from "./exit-codes.ts";
import type { Quiet } from "./program-context.ts";
import { runProgram } from "./run-program.ts";
import { raiseRuntimeLimits } from "./runtime-limits.ts";
import { processTerminal } from "./terminal.ts";

/** Runs one command line; ends the process. */
export async function main(args: readonly string[]): Promise<void> {
  raiseRuntimeLimits();
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(EXIT.ok); // the reader has seen enough
    throw error;
  });
  const context = { version: version(), terminal: ({ quiet }: Quiet) => processTerminal(quiet === undefined ? {} : { quiet }) };
  process.exit(await runProgram(args, context, (text) => void process.stderr.write(text)));
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
