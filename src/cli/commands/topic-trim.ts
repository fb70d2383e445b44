// millrace topic trim NAME --before WHERE: deletes the records below an offset or a time, for good.
import { CliError } from "../cli-error.ts";
import { confirm } from "../confirm.ts";
import { EXIT } from "../exit-codes.ts";
import { offsetsAt, parseStartOffset } from "../start-offset.ts";
import { printRows } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { partitionsOf, withClient, type ClientFlags } from "../with-client.ts";

export interface TopicTrimFlags extends ClientFlags {
  readonly before: string;
  readonly partition?: number;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export async function topicTrim(name: string, flags: TopicTrimFlags, terminal: Terminal): Promise<void> {
  const before = parseStartOffset(flags.before, Date.now(), "--before");
  await withClient(terminal, flags, async ({ client }) => {
    const admin = client.admin();
    const count = await partitionsOf(client, name, "See: millrace topic ls -a");
    if (flags.partition !== undefined && flags.partition >= count)
      throw new CliError(EXIT.notFound, `Topic "${name}" has no partition ${flags.partition}: they are 0 to ${count - 1}.`);
    const places = Array.from({ length: count }, (_, partition) => ({ topic: name, partition })).filter(
      ({ partition }) => flags.partition === undefined || partition === flags.partition,
    );
    const found = await offsetsAt(admin, places, before, "read_uncommitted");
    const rows = found.map(({ partition, start, end, offset }) => {
      const to = Math.min(end, Math.max(start, offset));
      return { partition, from: start, to, offsets: to - start };
    });
    await printRows(
      terminal,
      [
        { title: "partition", cell: (row) => row.partition, align: "right" },
        { title: "start", cell: (row) => row.from, align: "right" },
        { title: "new start", cell: (row) => row.to, align: "right" },
        { title: "deleted", cell: (row) => row.offsets, align: "right" },
      ],
      rows,
      flags,
    );
    const deleted = rows.reduce((sum, row) => sum + row.offsets, 0);
    if (flags.dryRun === true || deleted === 0) return;
    if (flags.yes !== true) await confirm(`Delete the records of ${deleted} offsets of "${name}"?`, "Deleting", terminal);
    await admin.deleteRecords(rows.filter((row) => row.offsets > 0).map(({ partition, to }) => ({ topic: name, partition, offset: to }))); // prettier-ignore
    if (!terminal.quiet) terminal.note(`Deleted the records of ${deleted} offsets of "${name}".`);
  });
}
