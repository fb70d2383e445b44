// millrace topic create NAME.
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { codeOf } from "../explain-error.ts";
import { nearest } from "../../stream/nearest.ts";
import { parsePairs } from "../pairs.ts";
import type { Terminal } from "../terminal.ts";
import { withClient, type ClientFlags } from "../with-client.ts";

export interface TopicCreateFlags extends ClientFlags {
  readonly partitions?: number;
  readonly config?: readonly string[];
  readonly ifNotExists?: boolean;
  readonly json?: boolean;
}

export async function topicCreate(name: string, flags: TopicCreateFlags, terminal: Terminal): Promise<void> {
  const config = parsePairs("--config", flags.config ?? [], "retention.ms=-1");
  await withClient(terminal, flags, async ({ client }) => {
    const admin = client.admin();
    if ((await admin.listTopics()).some((topic) => topic.name === name)) {
      if (flags.ifNotExists !== true)
        throw new CliError(EXIT.conflict, `The topic "${name}" exists already. Look at it with: millrace topic describe ${name}`);
      if (!terminal.quiet) terminal.note(`The topic "${name}" exists already.`);
      return;
    }
    const partitions = flags.partitions === undefined ? {} : { partitions: flags.partitions };
    await admin.createTopics([{ name, config, ...partitions }]).catch(async (error: unknown) => {
      throw codeOf(error) === "INVALID_CONFIG" ? await withNearestNames(error as Error, Object.keys(config)) : error;
    });
    const count = (await admin.describeTopics([name]))[0]!.partitions.length;
    if (flags.json === true) await terminal.out(`${JSON.stringify({ name, partitions: count })}\n`);
    else if (!terminal.quiet) terminal.note(`Created topic "${name}" with ${count} partition${count === 1 ? "" : "s"}.`);
  });
}

/** The broker names a setting that it does not know; here stands which one may be meant. Settings that only another broker has are its own. */
async function withNearestNames(error: Error, names: readonly string[]): Promise<Error> {
  const { TOPIC_SETTINGS } = await import("../../log/topic-settings.ts");
  const known = Object.keys(TOPIC_SETTINGS);
  const unknown = names.find((each) => !known.includes(each) && error.message.includes(each));
  const meant = unknown === undefined ? undefined : nearest(unknown, known);
  if (meant === undefined) return error;
  return new CliError(EXIT.usage, `${error.message.replace(/\.?$/, ".")} Did you mean "${meant}"?`, { cause: error });
}
