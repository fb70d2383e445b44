// millrace topic create NAME.
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
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
    await admin.createTopics([{ name, config, ...(flags.partitions === undefined ? {} : { partitions: flags.partitions }) }]);
    const partitions = (await admin.describeTopics([name]))[0]!.partitions.length;
    if (flags.json === true) await terminal.out(`${JSON.stringify({ name, partitions })}\n`);
    else if (!terminal.quiet) terminal.note(`Created topic "${name}" with ${partitions} partition${partitions === 1 ? "" : "s"}.`);
  });
}
