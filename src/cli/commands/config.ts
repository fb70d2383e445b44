// millrace config ls | set: the broker's settings by Kafka's own names, and changing those that may change while it runs.
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { nearest } from "../../stream/nearest.ts";
import { codeOf } from "../explain-error.ts";
import { parsePairs } from "../pairs.ts";
import { printRows } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { withClient, type ClientFlags } from "../with-client.ts";

export interface ConfigLsFlags extends ClientFlags {
  readonly all?: boolean;
  readonly json?: boolean;
}

export interface ConfigSetFlags extends ClientFlags {
  readonly unset?: readonly string[];
  readonly dryRun?: boolean;
}

export async function configLs(names: readonly string[], flags: ConfigLsFlags, terminal: Terminal): Promise<void> {
  await withClient(terminal, flags, async ({ client }) => {
    const all = await client.admin().describeBrokerConfigs();
    const known = all.map(({ name }) => name);
    for (const name of names.filter((each) => !known.includes(each))) {
      const meant = nearest(name, known);
      const hint = meant === undefined ? "" : ` Did you mean "${meant}"?`;
      throw new CliError(EXIT.notFound, `The broker has no setting "${name}".${hint} All of them: millrace config ls --all`);
    }
    const rows = all
      .filter(({ name, source }) => (names.length > 0 ? names.includes(name) : flags.all === true || source !== "default"))
      .map(({ name, value, source, readOnly }) => ({ name, value, source, changeable: !readOnly }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    await printRows(
      terminal,
      [
        { title: "setting", cell: (row) => row.name },
        { title: "value", cell: (row) => row.value },
        { title: "source", cell: (row) => row.source },
        { title: "changeable", cell: (row) => (row.changeable ? "yes" : "no") },
      ],
      rows,
      flags,
    );
  });
}

export async function configSet(pairs: readonly string[], flags: ConfigSetFlags, terminal: Terminal): Promise<void> {
  const changes: Record<string, string | null> = parsePairs("millrace config set", pairs, "log.retention.ms=86400000");
  for (const setting of flags.unset ?? []) changes[setting] = null;
  const names = Object.keys(changes);
  if (names.length === 0)
    throw new CliError(EXIT.usage, "Nothing to change: give NAME=VALUE, or --unset NAME. See: millrace config ls --all");
  await withClient(terminal, flags, async ({ client }) => {
    const admin = client.admin();
    const { brokers } = await admin.describeCluster();
    const validateOnly = flags.dryRun === true;
    for (const { nodeId } of brokers)
      await admin.alterBrokerConfigs(changes, nodeId, { validateOnly }).catch((error: unknown) => {
        if (codeOf(error) !== "INVALID_REQUEST" && codeOf(error) !== "INVALID_CONFIG") throw error;
        const message = (error as Error).message.replace(/\.$/, "");
        throw new CliError(EXIT.usage, `${message}. Which there are, and which can change: millrace config ls --all`, { cause: error });
      });
    if (validateOnly) {
      for (const [name, value] of Object.entries(changes))
        terminal.note(value === null ? `Would take ${name} back.` : `Would set ${name} to ${value}.`);
      return;
    }
    if (!terminal.quiet) terminal.note(`Changed ${names.join(", ")}.`);
  });
}
