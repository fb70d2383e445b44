// millrace topic config NAME [NAME=VALUE…]: a topic's settings, and changing them. They hold at once.
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { nearest } from "../../stream/nearest.ts";
import { parsePairs } from "../pairs.ts";
import { printRows } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { partitionsOf, withClient, type ClientFlags } from "../with-client.ts";

export interface TopicConfigFlags extends ClientFlags {
  readonly unset?: readonly string[];
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export async function topicConfig(name: string, pairs: readonly string[], flags: TopicConfigFlags, terminal: Terminal): Promise<void> {
  const changes: Record<string, string | null> = parsePairs(`millrace topic config ${name}`, pairs, "retention.ms=86400000");
  for (const setting of flags.unset ?? []) {
    if (setting in changes) throw new CliError(EXIT.usage, `${setting} cannot be set and unset at the same time.`);
    changes[setting] = null;
  }
  await withClient(terminal, flags, async ({ client }) => {
    const admin = client.admin();
    await partitionsOf(client, name);
    const names = Object.keys(changes);
    const known = names.length === 0 ? [] : (await admin.describeTopicConfigs(name)).map((entry) => entry.name);
    const unknown = names.find((setting) => !known.includes(setting));
    if (unknown !== undefined) throw noSuchSetting(name, unknown, known);
    if (names.length > 0) {
      if (flags.dryRun === true) {
        await admin.alterTopicConfigs(name, changes, { validateOnly: true });
        for (const [setting, value] of Object.entries(changes))
          terminal.note(value === null ? `Would take ${setting} back to its default.` : `Would set ${setting} to ${value}.`);
        return;
      }
      await admin.alterTopicConfigs(name, changes);
      if (!terminal.quiet) terminal.note(`Changed ${names.join(", ")} of topic "${name}".`);
      if (flags.json !== true) return;
    }
    const rows = (await admin.describeTopicConfigs(name))
      .filter((entry) => flags.all === true || names.includes(entry.name) || entry.source === "topic")
      .map(({ name: setting, value, source }) => ({ name: setting, value, source }));
    await printRows(
      terminal,
      [
        { title: "setting", cell: (row) => row.name },
        { title: "value", cell: (row) => row.value },
        { title: "source", cell: (row) => row.source },
      ],
      rows,
      flags,
    );
    if (rows.length === 0 && !terminal.quiet)
      terminal.note(`Nothing is set for topic "${name}". What holds: millrace topic config ${name} --all`);
  });
}

function noSuchSetting(topic: string, setting: string, known: readonly string[]): CliError {
  const meant = nearest(setting, known);
  const hint = meant === undefined ? `All of them: millrace topic config ${topic} --all` : `Did you mean "${meant}"?`;
  return new CliError(EXIT.usage, `A topic has no setting "${setting}". ${hint}`);
}
