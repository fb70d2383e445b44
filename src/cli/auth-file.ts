// The users file that a command was given: flag first, then MILLRACE_AUTH_FILE.
import { readFile } from "node:fs/promises";
import { parseUsers, UsersFileError, type User } from "../registry/users-file.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

/** undefined: no file is named, everybody may do everything. */
export async function usersOf(flag: string | undefined, terminal: Terminal): Promise<readonly User[] | undefined> {
  const file = flag ?? terminal.environment["MILLRACE_AUTH_FILE"];
  if (file === undefined || file === "") return undefined;
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new CliError(EXIT.notFound, `The users file ${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  try {
    return parseUsers(text);
  } catch (error) {
    if (!(error instanceof UsersFileError)) throw error;
    throw new CliError(EXIT.usage, `${error.message} (${file})`, { cause: error });
  }
}
