// One command line from words to exit code, wherever its output goes.
import { CommanderError } from "commander";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { explainError } from "./explain-error.ts";
import { createProgram } from "./program.ts";
import type { ProgramContext } from "./program-context.ts";
import { explainUsage } from "./usage-error.ts";

/** `complain`: where errors go, a text of whole lines. Never rejects. */
export async function runProgram(args: readonly string[], context: ProgramContext, complain: (text: string) => void): Promise<ExitCode> {
  const program = createProgram(context);
  const say = (message: string): void => complain(message.startsWith("millrace ") ? `${message}\n` : `millrace: ${message}\n`);
  try {
    await program.parseAsync([...args], { from: "user" });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) {
      const message = explainUsage(error, program, args);
      if (message === undefined) return EXIT.ok;
      say(message);
      return EXIT.usage;
    }
    const { exitCode, message } = explainError(error);
    say(message);
    if (args.includes("debug") && error instanceof Error) complain(`${error.stack}\n`);
    return exitCode;
  }
}
