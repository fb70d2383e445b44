// millrace topic rm NAME…: deletes topics with all their records; asks first on a terminal, wants --yes elsewhere.
import { confirm } from "../confirm.ts";
import type { Terminal } from "../terminal.ts";
import { partitionsOf, withClient, type ClientFlags } from "../with-client.ts";

export interface TopicRmFlags extends ClientFlags {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

export async function topicRm(names: readonly string[], flags: TopicRmFlags, terminal: Terminal): Promise<void> {
  await withClient(terminal, flags, async ({ client }) => {
    for (const name of names) await partitionsOf(client, name, "See: millrace topic ls -a");
    const list = names.map((name) => `"${name}"`).join(", ");
    if (flags.dryRun === true) return terminal.note(`Would delete ${list} with all records.`);
    if (flags.yes !== true) await confirm(`Delete ${list} with all records?`, "Deleting", terminal);
    await client.admin().deleteTopics(names);
    if (!terminal.quiet) terminal.note(`Deleted ${list}.`);
  });
}
