// Asks before something cannot be undone: on a terminal; elsewhere --yes is wanted.
import { createInterface } from "node:readline/promises";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

/** Throws a CliError unless the answer is yes. `what`: "Deleting", in front of "needs a confirmation". */
export async function confirm(question: string, what: string, terminal: Terminal): Promise<void> {
  if (process.stdin.isTTY !== true || !terminal.noteIsTerminal)
    throw new CliError(EXIT.usage, `${what} needs a confirmation, and nobody can be asked here. Add --yes.`);
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await reader.question(`${question} [y/N] `);
  reader.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliError(EXIT.failed, "Nothing was changed.");
}
