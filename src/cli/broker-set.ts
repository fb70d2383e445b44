// --set NAME=VALUE of the commands that start a broker. A misspelt name on the command line is a mistake (one in a file that was written
// for Apache Kafka is only told); a name of something that another option says, or that only topics have, is answered with what is meant.
import { SETTINGS } from "../broker/settings.ts";
import { topicConfigDefinition } from "../broker/topic-config.ts";
import { nearest } from "../stream/nearest.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";
import { meansNothingHere } from "./foreign-settings.ts";
import { parsePairs } from "./pairs.ts";

/** Places, which are options. */
const OPTIONS: ReadonlyMap<string, string> = new Map([
  ["listeners", "--listener HOST:PORT of millrace broker"],
  ["advertised.listeners", "--advertised-listener HOST:PORT of millrace broker"],
  ["log.dirs", "--data DIR"],
  ["log.dir", "--data DIR"],
]);

/** Throws a CliError (usage). */
export function parseBrokerSettings(pairs: readonly string[]): Record<string, string> {
  const given = parsePairs("--set", pairs, "num.partitions=4");
  const known = new Set(SETTINGS.map(({ name }) => name));
  for (const name of Object.keys(given))
    if (!known.has(name)) throw new CliError(EXIT.usage, `--set ${name}: ${whyUnknown(name, [...known])}`);
  return given;
}

function whyUnknown(name: string, known: readonly string[]): string {
  const option = OPTIONS.get(name);
  if (option !== undefined) return `this is said with ${option}.`;
  if (meansNothingHere(name)) return "this setting of Apache Kafka means nothing here; leave it out.";
  const ofTopics = topicConfigDefinition(name)?.synonyms[0]?.[0];
  if (ofTopics !== undefined) return `this is a setting of topics. The broker's, for topics that have none of their own, is ${ofTopics}.`;
  const meant = nearest(name, known);
  return `the broker has no such setting.${meant === undefined ? "" : ` Did you mean "${meant}"?`} All of them, from a running broker: millrace config ls --all`;
}
