// Names are addresses in checkpoints, topics and file names, so they are plain.
import { PipelineError } from "./pipeline-error.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** `what`: what has the name, with its place in the API. */
export function checkName(name: unknown, what: string, calledAt: string | undefined): asserts name is string {
  if (typeof name === "string" && NAME.test(name)) return;
  const shown = typeof name === "string" ? JSON.stringify(name.slice(0, 120)) : article(name);
  throw new PipelineError(
    "BAD_NAME",
    `${what} needs a name of letters, digits, ".", "_" and "-" (at most 100, the first a letter or digit), not ${shown}.`,
    calledAt,
  );
}

function article(name: unknown): string {
  const type = typeof name;
  return type === "undefined" ? type : `${type === "object" ? "an" : "a"} ${type}`;
}
