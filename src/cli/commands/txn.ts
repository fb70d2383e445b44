// millrace txn ls | describe | abort: transactions that are open, whose they are, and ending one that nobody will.
// The transactional ids of Millrace's own sinks name their job: millrace-<job>/<operator>/<subtask>/<n>.
import type { Admin, DescribedTransaction } from "../../client/admin.ts";
import { resumeTransaction } from "../../client/resume-transaction.ts";
import { CliError } from "../cli-error.ts";
import { confirm } from "../confirm.ts";
import { durationText } from "../duration-text.ts";
import { EXIT } from "../exit-codes.ts";
import { codeOf } from "../explain-error.ts";
import { printRows } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { withClient, type ClientFlags } from "../with-client.ts";

export interface TxnFlags extends ClientFlags {
  readonly json?: boolean;
}

export interface TxnLsFlags extends TxnFlags {
  readonly all?: boolean;
}

export interface TxnAbortFlags extends TxnFlags {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/** How Kafka shows a transaction of two-phase commit, which never times out (KIP-939). */
const NEVER_MS = 0x7fffffff;
const OPEN_STATES = ["Ongoing", "PrepareCommit", "PrepareAbort"];

export async function txnLs(flags: TxnLsFlags, terminal: Terminal): Promise<void> {
  await withClient(terminal, flags, async ({ client, env }) => {
    const admin = client.admin();
    const now = env.clock.now();
    const rows = [];
    for (const { transactionalId } of await admin.listTransactions(flags.all === true ? [] : OPEN_STATES)) {
      const found = await describe(admin, transactionalId);
      if (found !== undefined) rows.push(rowOf(found, now));
    }
    await printRows(
      terminal,
      [
        { title: "transactional id", cell: (row) => row.transactionalId },
        { title: "state", cell: (row) => row.state },
        { title: "job", cell: (row) => row.job },
        { title: "age", cell: (row) => (terminal.isTerminal && row.ageMs !== null ? durationText(row.ageMs) : row.ageMs), align: "right" },
        { title: "timeout", cell: (row) => (terminal.isTerminal || row.twoPhaseCommit ? timeoutText(row) : row.timeoutMs), align: "right" },
        { title: "producer", cell: (row) => row.producerId, align: "right" },
        { title: "epoch", cell: (row) => row.producerEpoch, align: "right" },
        { title: "partitions", cell: (row) => row.partitions.length, align: "right" },
      ],
      rows,
      flags,
    );
    const stuck = rows.filter(isStuck);
    if (stuck.length > 0 && !terminal.quiet) terminal.note(remedyFor(stuck));
  });
}

/** Longer than a job keeps one open that runs as it should. */
const STUCK_MS = 60_000;

/** It never times out, and nobody seems to end it. */
function isStuck({ twoPhaseCommit, state, ageMs }: Row): boolean {
  return twoPhaseCommit && state === "Ongoing" && (ageMs ?? 0) > STUCK_MS;
}

function remedyFor(stuck: readonly Row[]): string {
  const jobs = [...new Set(stuck.flatMap(({ job }) => (job === null ? [] : [job])))];
  const ofJobs = jobs.map((job) => `start job "${job}" again, whose last checkpoint says how they end`);
  const abort = `end one without its output: millrace txn abort '${stuck[0]!.transactionalId}'`;
  const count = stuck.length === 1 ? "1 transaction is" : `${stuck.length} transactions are`;
  const what = `${count} open for long, never time out, and hold back readers of committed records`;
  return `${what}. If nobody works on them: ${[...ofJobs, abort].join("; or ")}`;
}

export async function txnDescribe(transactionalId: string, flags: TxnFlags, terminal: Terminal): Promise<void> {
  await withClient(terminal, flags, async ({ client, env }) => {
    const row = rowOf(await known(client.admin(), transactionalId), env.clock.now());
    if (flags.json === true) {
      await terminal.out(`${JSON.stringify(row)}\n`);
      return;
    }
    const fields: [string, string | number | null][] = [
      ["transactional id", row.transactionalId],
      ["state", row.state],
      ["job", row.job],
      ["producer id", row.producerId],
      ["producer epoch", row.producerEpoch],
      ["started", row.startedAt],
      ["age", row.ageMs === null ? null : durationText(row.ageMs)],
      ["timeout", timeoutText(row)],
      ["partitions", row.partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(" ")],
    ];
    await printRows(terminal, [{ title: "field", cell: (field) => field[0] }, { title: "value", cell: (field) => field[1] }], fields, {}); // prettier-ignore
    if (isStuck(row) && !terminal.quiet) terminal.note(remedyFor([row]));
  });
}

export async function txnAbort(transactionalId: string, flags: TxnAbortFlags, terminal: Terminal): Promise<void> {
  await withClient(terminal, flags, async ({ client, env }) => {
    const found = await known(client.admin(), transactionalId);
    const { job, ageMs } = rowOf(found, env.clock.now());
    if (found.state !== "Ongoing")
      throw new CliError(EXIT.conflict, `Transactional id "${transactionalId}" has no ongoing transaction: its state is ${found.state}.`);
    const what = `the transaction of "${transactionalId}" (open for ${durationText(ageMs ?? 0)}, ${found.partitions.length} partitions)`;
    const warning = job === null ? "" : ` It belongs to job "${job}": if a checkpoint has prepared it, its output is lost.`;
    if (flags.dryRun === true) return terminal.note(`Would abort ${what}.${warning}`);
    if (flags.yes !== true) await confirm(`Abort ${what}?${warning}`, "Aborting a transaction", terminal);
    await resumeTransaction(client, found, "abort");
    if (!terminal.quiet) terminal.note(`Aborted ${what}.`);
  });
}

type Row = ReturnType<typeof rowOf>;

function rowOf(found: DescribedTransaction, now: number) {
  const { transactionalId, state, producerId, producerEpoch, startedAt, timeoutMs, partitions } = found;
  const job = /^millrace-([^/]+)\//.exec(transactionalId)?.[1] ?? null;
  const open = startedAt >= 0 && OPEN_STATES.includes(state);
  const times = { startedAt: open ? new Date(startedAt).toISOString() : null, ageMs: open ? Math.max(0, now - startedAt) : null };
  return {
    transactionalId,
    state,
    job,
    producerId,
    producerEpoch,
    ...times,
    timeoutMs,
    twoPhaseCommit: timeoutMs === NEVER_MS,
    partitions,
  };
}

function timeoutText({ timeoutMs, twoPhaseCommit }: { readonly timeoutMs: number; readonly twoPhaseCommit: boolean }): string {
  return twoPhaseCommit ? "never" : durationText(timeoutMs);
}

async function describe(admin: Admin, transactionalId: string): Promise<DescribedTransaction | undefined> {
  try {
    return await admin.describeTransaction(transactionalId);
  } catch (error) {
    if (codeOf(error) === "TRANSACTIONAL_ID_NOT_FOUND") return undefined;
    throw error;
  }
}

async function known(admin: Admin, transactionalId: string): Promise<DescribedTransaction> {
  const found = await describe(admin, transactionalId);
  if (found !== undefined) return found;
  throw new CliError(EXIT.notFound, `There is no transactional id "${transactionalId}". See: millrace txn ls --all`);
}
