// millrace group ls | describe | lag | rm: consumer groups of both protocols and how far behind they are.
import type { Admin } from "../../client/admin.ts";
import type { DescribedGroup } from "../../client/describe-groups.ts";
import { CliError } from "../cli-error.ts";
import { confirm } from "../confirm.ts";
import { EXIT } from "../exit-codes.ts";
import { codeOf } from "../explain-error.ts";
import { LAG_COLUMNS, type LagRow, lagOf } from "../group-lag.ts";
import { onInterrupt } from "../interrupt.ts";
import { nearest } from "../../stream/nearest.ts";
import { printRows } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { withClient, type ClientFlags } from "../with-client.ts";

export interface GroupFlags extends ClientFlags {
  readonly json?: boolean;
}

export interface GroupLagFlags extends GroupFlags {
  readonly watch?: boolean;
  readonly interval?: number;
}

export interface GroupRmFlags extends GroupFlags {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

const WATCH_INTERVAL_MS = 2000;
const CLEAR_SCREEN = "\u001B[H\u001B[2J";

export async function groupLs(flags: GroupFlags, terminal: Terminal): Promise<void> {
  await withClient(terminal, flags, async ({ client }) => {
    const rows = (await client.admin().listGroups()).map(({ groupId, state, type, protocolType }) => ({ group: groupId, state, type, protocolType })); // prettier-ignore
    await printRows(
      terminal,
      [
        { title: "group", cell: (row) => row.group },
        { title: "state", cell: (row) => row.state },
        { title: "type", cell: (row) => row.type },
        { title: "protocol", cell: (row) => row.protocolType },
      ],
      rows,
      flags,
    );
  });
}

export async function groupDescribe(name: string, flags: GroupFlags, terminal: Terminal): Promise<void> {
  await withClient(terminal, flags, async ({ client }) => {
    const admin = client.admin();
    const group = await knownGroup(admin, name);
    const rows = await lagOf(admin, group);
    const { groupId, state, type, protocol, members } = group;
    if (flags.json === true) {
      await terminal.out(`${JSON.stringify({ group: groupId, state, type, assignor: protocol, members, partitions: rows })}\n`);
      return;
    }
    if (terminal.isTerminal) {
      await terminal.out(`${groupId}  ${state}  ${type}  ${protocol}  ${members.length} members\n\n`);
      for (const { clientId, groupInstanceId, memberId, clientHost, assignment } of members)
        await terminal.out(`${groupInstanceId ?? clientId}  ${clientHost}  ${memberId}  ${assignment.length} partitions\n`);
      if (members.length > 0) await terminal.out("\n");
    }
    await printRows(terminal, LAG_COLUMNS.slice(1), rows, {});
  });
}

export async function groupLag(names: readonly string[], flags: GroupLagFlags, terminal: Terminal): Promise<void> {
  if (flags.watch === true && flags.json === true)
    throw new CliError(EXIT.usage, "--json prints one document, and --watch has no end. Leave one of them out.");
  const interrupt = flags.watch === true ? onInterrupt(terminal) : undefined;
  await withClient(terminal, flags, async ({ client, env }) => {
    const admin = client.admin();
    do {
      const groups = names.length > 0 ? names : (await admin.listGroups()).map(({ groupId }) => groupId);
      const rows: LagRow[] = [];
      for (const name of groups) rows.push(...(await lagOf(admin, await knownGroup(admin, name))));
      if (flags.watch === true && terminal.isTerminal) await terminal.out(CLEAR_SCREEN);
      await printRows(terminal, LAG_COLUMNS, rows, flags);
      if (interrupt !== undefined) await Promise.race([env.timers.sleep((flags.interval ?? WATCH_INTERVAL_MS / 1000) * 1000), interrupt.requested]); // prettier-ignore
    } while (interrupt !== undefined && !interrupt.signal.aborted);
  });
}

export async function groupRm(names: readonly string[], flags: GroupRmFlags, terminal: Terminal): Promise<void> {
  await withClient(terminal, flags, async ({ client }) => {
    const admin = client.admin();
    for (const name of names) {
      const { members } = await knownGroup(admin, name);
      if (members.length > 0)
        throw new CliError(
          EXIT.conflict,
          `Group "${name}" has ${members.length} members. Stop its consumers first: millrace group describe ${name}`,
        );
    }
    const list = names.map((name) => `"${name}"`).join(", ");
    if (flags.dryRun === true) return terminal.note(`Would delete ${list} with all committed offsets.`);
    if (flags.yes !== true) await confirm(`Delete ${list} with all committed offsets?`, "Deleting", terminal);
    await admin.deleteGroups(names);
    if (!terminal.quiet) terminal.note(`Deleted ${list}.`);
  });
}

/** Throws a CliError (not found) that names a similar group. */
export async function knownGroup(admin: Admin, name: string): Promise<DescribedGroup> {
  let group: DescribedGroup | undefined;
  try {
    group = await admin.describeGroup(name);
  } catch (error) {
    if (codeOf(error) !== "GROUP_ID_NOT_FOUND") throw error;
  }
  if (group !== undefined && group.state !== "Dead") return group;
  const groups = (await admin.listGroups()).map(({ groupId }) => groupId);
  const meant = nearest(name, groups);
  throw new CliError(EXIT.notFound, `There is no group "${name}". ${meant === undefined ? "See: millrace group ls" : `Did you mean "${meant}"?`}`); // prettier-ignore
}
