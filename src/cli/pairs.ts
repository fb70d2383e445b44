// Repeated NAME=VALUE options.
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";

/** `flag`: where the pairs stand; `example`: one that fits there. Throws a CliError (usage). The last value of a name counts. */
export function parsePairs(flag: string, pairs: readonly string[], example: string): Record<string, string> {
  return Object.fromEntries(pairs.map((pair) => parsePair(flag, pair, example).map((text) => text.trim()) as [string, string]));
}

/** Throws a CliError (usage). */
export function parsePair(flag: string, pair: string, example: string): [name: string, value: string] {
  const at = pair.indexOf("=");
  if (at < 1) throw new CliError(EXIT.usage, `${flag} ${pair}: expected NAME=VALUE, such as ${flag} ${example}.`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}
