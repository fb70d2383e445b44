// millrace log verify: reads every byte of a data directory's logs and says what is damaged. millrace log repair: mends it.
import { isOfApacheKafka } from "../../log/inspect/partition-files.ts";
import { type Finding, type PartitionReport, verifyPartition } from "../../log/inspect/verify-partition.ts";
import { repairOf, repairPartition } from "../../log/inspect/repair-partition.ts";
import { explainDataDirectory } from "../../server/server-error.ts";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { findLogs, type LogFlags, type LogTarget } from "../log-target.ts";
import { printRows } from "../table.ts";
import type { Terminal } from "../terminal.ts";

export interface LogRepairFlags extends LogFlags {
  readonly dryRun?: boolean;
}

export async function logVerify(which: string | undefined, flags: LogFlags, terminal: Terminal): Promise<void> {
  const target = await findLogs(terminal, which, flags);
  const reports = await verifyAll(target);
  await printReports(reports, flags, terminal);
  const bad = reports.flatMap(({ findings }) => findings).filter(({ kind }) => kind !== "torn-tail");
  const { again } = target;
  if (bad.length > 0)
    throw new CliError(
      EXIT.failed,
      `${bad.length} ${bad.length === 1 ? "problem was" : "problems were"} found. See what would be done: millrace log repair --dry-run ${again}`.trimEnd(),
    );
}

async function verifyAll({ env, partitions }: LogTarget): Promise<PartitionReport[]> {
  const reports: PartitionReport[] = [];
  for (const partition of partitions) reports.push(await verifyPartition(env.files, partition));
  return reports;
}

async function printReports(reports: readonly PartitionReport[], flags: LogFlags, terminal: Terminal): Promise<void> {
  if (flags.json === true) {
    await terminal.out(`${JSON.stringify(reports)}\n`);
    return;
  }
  await printRows(
    terminal,
    [
      { title: "partition", cell: (row) => row.partition },
      { title: "segments", cell: (row) => row.segments, align: "right" },
      { title: "bytes", cell: (row) => row.sizeBytes, align: "right" },
      { title: "batches", cell: (row) => row.batches, align: "right" },
      { title: "start", cell: (row) => row.startOffset, align: "right" },
      { title: "end", cell: (row) => row.endOffset, align: "right" },
      { title: "problems", cell: (row) => row.findings.length, align: "right" },
    ],
    reports,
    {},
  );
  for (const { kind, path, problem } of reports.flatMap(({ findings }) => findings)) terminal.note(`${kind}: ${path}: ${problem}`);
}

/** No broker may run on the directory meanwhile: its lock is held. */
export async function logRepair(which: string | undefined, flags: LogRepairFlags, terminal: Terminal): Promise<void> {
  const target = await findLogs(terminal, which, flags);
  const { env, logDirectory } = target;
  const foreign = target.partitions.find(isOfApacheKafka);
  if (foreign !== undefined)
    throw new CliError(
      EXIT.conflict,
      `${foreign.directory} is Apache Kafka's: dump and verify read it, but only Kafka may change it. Remove what cannot be read there while it is stopped, and let it copy that from another broker.`,
    );
  const lock = await env.files.lockDirectory(logDirectory).catch((error: unknown) => {
    throw explainDataDirectory(error, logDirectory);
  });
  try {
    const reports = await verifyAll(target);
    const rows = reports.flatMap(({ findings }) => findings).map((finding) => ({ ...finding, action: actionText(finding) }));
    await printRows(
      terminal,
      [
        { title: "file", cell: (row) => row.path },
        { title: "problem", cell: (row) => row.problem },
        { title: "action", cell: (row) => row.action },
      ],
      rows,
      flags,
    );
    if (flags.dryRun === true) return;
    for (const [i, report] of reports.entries()) await repairPartition(env.files, target.partitions[i]!.directory, report);
    if (!terminal.quiet)
      terminal.note(rows.length === 0 ? "Nothing is damaged." : "Done. The next start of the broker checks the log once more.");
  } finally {
    await lock.release();
  }
}

function actionText(finding: Finding): string {
  return repairOf(finding) ?? "Cannot be repaired: restore the file";
}
