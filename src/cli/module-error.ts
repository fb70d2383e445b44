// What can be wrong with a user's module (a pipeline, a config file) before anything of it runs, in one sentence with file and line.
import { existsSync, statSync } from "node:fs";
import { relative, resolve } from "node:path";
import { CliError } from "./cli-error.ts";
import { codeOf } from "./explain-error.ts";
import { EXIT } from "./exit-codes.ts";

/** Throws a CliError (not found) unless there is a file. */
export function checkModuleFile(file: string): string {
  const path = resolve(file);
  if (!existsSync(path))
    throw new CliError(EXIT.notFound, `There is no file ${file}. Give the path of a module that exports a pipeline as its default.`);
  if (statSync(path).isDirectory())
    throw new CliError(EXIT.usage, `${file} is a directory. Give the path of a module, such as ${file.replace(/\/$/, "")}/pipeline.ts.`);
  return path;
}

/** The error in a sentence that names the file; an error that already is one stays as it is. */
export function explainModuleError(error: unknown, path: string): unknown {
  if (error instanceof CliError) return error;
  const shown = shortPath(path);
  const code = codeOf(error);
  if (!(error instanceof Error)) return new CliError(EXIT.failed, `${shown} threw ${String(error)} while it was loaded.`);
  const message = error.message.replace(/\s*\n\s*/g, " ").replaceAll(/\?millrace=\d+/g, "");
  if (code === "NOT_A_PIPELINE")
    return new CliError(
      EXIT.failed,
      `${shown} does not export a pipeline as its default. Write: export default pipeline("name", (p) => { … }).`,
      { cause: error },
    );
  if (error.name === "PipelineError") return new CliError(EXIT.failed, shortenPaths(message), { cause: error });
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX")
    return new CliError(
      EXIT.failed,
      `${syntaxPlace(error) ?? shown}: ${message}. Node runs TypeScript by erasing types: write enums, namespaces and parameter properties another way.`,
      { cause: error },
    );
  if (error instanceof SyntaxError || code === "ERR_INVALID_TYPESCRIPT_SYNTAX")
    return new CliError(EXIT.failed, `${syntaxPlace(error) ?? shown}: ${message}. Mend the line and run the command again.`, {
      cause: error,
    });
  if (code === "ERR_MODULE_NOT_FOUND")
    return new CliError(
      EXIT.failed,
      `${shown}: ${shortenPaths(message)}. Install the package, or mend the import (with its extension, such as "./topics.ts").`,
      { cause: error },
    );
  const place = userFrame(error.stack ?? "") ?? shown;
  return new CliError(EXIT.failed, `${place}: ${error.name}: ${shortenPaths(message)}`, { cause: error });
}

/** Node puts "file:///…/pipeline.ts:3" on the first line of a syntax error's stack. */
function syntaxPlace(error: Error): string | undefined {
  const match = /^(file:\/\/\S+?|\/\S+?):(\d+)\s*$/m.exec((error.stack ?? "").split("\n", 2).join("\n"));
  return match === null ? undefined : `${shortPath(pathOf(match[1]!))}:${match[2]}`;
}

/** The first frame in a file that is neither Node's, nor a package's. */
function userFrame(stack: string): string | undefined {
  for (const line of stack.split("\n")) {
    const match = /^\s+at (?:.*\()?(file:\/\/[^\s)]+?|\/[^\s)]+?):(\d+):\d+\)?$/.exec(line);
    if (match !== null && !match[1]!.includes("/node_modules/")) return `${shortPath(pathOf(match[1]!))}:${match[2]}`;
  }
  return undefined;
}

function pathOf(place: string): string {
  const bare = place.replace(/[?#].*$/, "");
  return bare.startsWith("file://") ? decodeURIComponent(bare.slice("file://".length)) : bare;
}

function shortenPaths(text: string): string {
  return text.replaceAll(`file://${process.cwd()}/`, "").replaceAll(`${process.cwd()}/`, "");
}

export function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" || short.startsWith("..") ? path : short;
}
