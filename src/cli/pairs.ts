// Repeated NAME=VALUE options.
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";

/** Throws a CliError (usage). The last value of a name counts. */
export function parsePairs(flag: string, pairs: readonly string[]): Record<string, string> {
  const result: [string, string][] = [];
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    if (at < 1) throw new CliError(EXIT.usage, `${flag} ${pair}: expected NAME=VALUE, such as ${flag} retention.ms=-1.`);
    result.push([pair.slice(0, at).trim(), pair.slice(at + 1).trim()]);
  }
  return Object.fromEntries(result);
}
