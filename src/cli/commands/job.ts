// millrace job ls | show | why | stop | cancel | savepoint: asks the running server.
import { failureText } from "../../engine/coordinator/job-failure.ts";
import type { Finding, JobStatus } from "../../engine/coordinator/job-status.ts";
import { sinksEndedText } from "../../engine/coordinator/sinks-ended.ts";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { findServer, type ServerAddress } from "../find-server.ts";
import { loadSettings } from "../load-settings.ts";
import { nearest } from "../../stream/nearest.ts";
import { askServer } from "../server-api.ts";
import { printRows } from "../table.ts";
import type { Terminal } from "../terminal.ts";

export interface JobFlags {
  readonly data?: string;
  readonly url?: string;
  readonly json?: boolean;
}

export interface JobWhyFlags extends JobFlags {
  readonly stream?: string;
  readonly key?: string;
}

export interface JobStopFlags extends JobFlags {
  readonly savepoint?: boolean | string;
  readonly drain?: boolean;
}

export interface JobSavepointFlags extends JobFlags {
  readonly to?: string;
}

interface Stopped {
  readonly state: string;
  readonly checkpoint?: number;
  readonly savepoint?: string;
}

export async function jobLs(flags: JobFlags, terminal: Terminal): Promise<void> {
  const jobs = await jobsOf(await server(flags, terminal));
  const rows = jobs.map((job) => ({
    name: job.name,
    state: job.state,
    parallelism: job.parallelism,
    restarts: job.restarts,
    recordsPerSecond: Math.round(sourceRate(job)),
    checkpoint: job.checkpoints.last?.id ?? null,
    startedAt: new Date(job.startedAt).toISOString(),
  }));
  await printRows(
    terminal,
    [
      { title: "job", cell: (row) => row.name },
      { title: "state", cell: (row) => row.state },
      { title: "parallelism", cell: (row) => row.parallelism, align: "right" },
      { title: "restarts", cell: (row) => row.restarts, align: "right" },
      { title: "records/s", cell: (row) => row.recordsPerSecond, align: "right" },
      { title: "checkpoint", cell: (row) => row.checkpoint, align: "right" },
      { title: "started", cell: (row) => row.startedAt },
    ],
    rows,
    flags,
  );
}

export async function jobShow(name: string | undefined, flags: JobFlags, terminal: Terminal): Promise<void> {
  const job = await findJob(await server(flags, terminal), name);
  if (flags.json === true) return terminal.out(`${JSON.stringify(job)}\n`);
  if (terminal.isTerminal) {
    const { completed, failed, last } = job.checkpoints;
    await terminal.out(`${job.name}  ${job.state}  parallelism ${job.parallelism}  restarts ${job.restarts}\n`);
    const lastText = last === undefined ? "" : `, the last #${last.id} in ${last.durationMs.toFixed(0)} ms, ${last.sizeBytes} bytes`;
    await terminal.out(`checkpoints ${completed} done, ${failed} failed${lastText}\n`);
    if (job.lastFailure !== undefined) await terminal.out(`last failure${failureText(job.lastFailure)}\n`);
    await terminal.out("\n");
  }
  await printRows(
    terminal,
    [
      { title: "operator", cell: (row) => row.name },
      { title: "kind", cell: (row) => row.kind },
      { title: "in", cell: (row) => row.recordsIn, align: "right" },
      { title: "out", cell: (row) => row.recordsOut, align: "right" },
      { title: "in/s", cell: (row) => Math.round(row.recordsInPerSecond), align: "right" },
      { title: "watermark", cell: (row) => timeText(row.watermark) },
      { title: "late", cell: (row) => row.lateDropped, align: "right" },
      { title: "dead", cell: (row) => row.deadLettered, align: "right" },
      { title: "busy", cell: (row) => `${Math.round(100 * (row.busyRatio ?? 0))}%`, align: "right" },
    ],
    job.operators,
    {},
  );
  if (terminal.quiet) return;
  if (job.ended !== undefined) for (const line of sinksEndedText(job.ended)) terminal.note(line);
  else if (job.state === "failed") terminal.note(preparedOf(job.name));
}

/** What a job had prepared when it failed is neither there nor gone (two-phase commit never times out). */
function preparedOf(name: string): string {
  return `What "${name}" had prepared stays open until it runs again: start it, or give it up: millrace job cancel ${name} (commits what its last checkpoint names and aborts the rest).`;
}

export async function jobWhy(name: string | undefined, flags: JobWhyFlags, terminal: Terminal): Promise<void> {
  const address = await server(flags, terminal);
  const job = await findJob(address, name);
  const query = new URLSearchParams();
  if (flags.stream !== undefined) query.set("stream", flags.stream);
  if (flags.key !== undefined) query.set("key", flags.key);
  const path = `/api/jobs/${encodeURIComponent(job.name)}/why${query.size === 0 ? "" : `?${query}`}`;
  const { findings } = await askServer<{ findings: readonly Finding[] }>(address, "GET", path);
  if (flags.json === true) return terminal.out(`${JSON.stringify(findings)}\n`);
  if (findings.length === 0 && !terminal.quiet) terminal.note(`Nothing holds "${job.name}" back.`);
  for (const [index, { text, fix }] of findings.entries()) await terminal.out(`${index + 1}. ${text}\n   ${fix}\n`);
}

export async function jobStop(name: string, flags: JobStopFlags, terminal: Terminal): Promise<void> {
  const address = await server(flags, terminal);
  const job = await findJob(address, name);
  const body = {
    ...(flags.savepoint === undefined ? {} : { savepoint: flags.savepoint }),
    ...(flags.drain === true ? { drain: true } : {}),
  };
  const stopped = await askServer<Stopped>(address, "POST", `/api/jobs/${encodeURIComponent(job.name)}/stop`, body);
  if (flags.json === true) return terminal.out(`${JSON.stringify({ job: job.name, ...stopped })}\n`);
  if (stopped.savepoint !== undefined) await terminal.out(`${stopped.savepoint}\n`);
  if (!terminal.quiet)
    terminal.note(`Stopped "${job.name}"${stopped.checkpoint === undefined ? "" : ` with checkpoint ${stopped.checkpoint}`}.`);
}

export async function jobCancel(name: string, flags: JobFlags, terminal: Terminal): Promise<void> {
  const address = await server(flags, terminal);
  const job = await findJob(address, name);
  const canceled = await askServer<Pick<JobStatus, "state" | "ended">>(address, "POST", `/api/jobs/${encodeURIComponent(job.name)}/cancel`);
  if (flags.json === true) return terminal.out(`${JSON.stringify({ job: job.name, ...canceled })}\n`);
  if (terminal.quiet) return;
  if (canceled.state !== "failed") terminal.note(`Canceled "${job.name}". What came after its last checkpoint is discarded.`);
  for (const line of canceled.ended === undefined ? [] : sinksEndedText(canceled.ended)) terminal.note(line);
}

export async function jobSavepoint(name: string, flags: JobSavepointFlags, terminal: Terminal): Promise<void> {
  const address = await server(flags, terminal);
  const job = await findJob(address, name);
  const body = flags.to === undefined ? {} : { path: flags.to };
  const { savepoint } = await askServer<{ savepoint: string }>(
    address,
    "POST",
    `/api/jobs/${encodeURIComponent(job.name)}/savepoint`,
    body,
  );
  await terminal.out(flags.json === true ? `${JSON.stringify({ job: job.name, savepoint })}\n` : `${savepoint}\n`);
}

async function server(flags: JobFlags, terminal: Terminal): Promise<ServerAddress> {
  const { values } = await loadSettings(terminal, { dataDir: flags.data, url: flags.url });
  return findServer(values);
}

async function jobsOf(address: ServerAddress): Promise<readonly JobStatus[]> {
  return (await askServer<{ jobs: readonly JobStatus[] }>(address, "GET", "/api/jobs")).jobs;
}

/** Without a name: the only job there is. */
async function findJob(address: ServerAddress, name: string | undefined): Promise<JobStatus> {
  const jobs = await jobsOf(address);
  const names = jobs.map((job) => job.name);
  if (name === undefined && jobs.length === 1) return jobs[0]!;
  if (name === undefined)
    throw new CliError(EXIT.usage, jobs.length === 0 ? "No job runs there." : `Which job? Name one of: ${names.join(", ")}.`);
  const found = jobs.find((job) => job.name === name);
  if (found !== undefined) return found;
  const meant = nearest(name, names);
  const hint =
    meant === undefined ? (names.length === 0 ? "No job runs there." : `Jobs: ${names.join(", ")}.`) : `Did you mean "${meant}"?`;
  throw new CliError(EXIT.notFound, `There is no job "${name}". ${hint}`);
}

function sourceRate(job: JobStatus): number {
  return job.operators
    .filter(({ kind }) => kind === "source")
    .reduce((sum, { recordsOutPerSecond }) => sum + (recordsOutPerSecond ?? 0), 0);
}

/** JSON has no infinities: a watermark that is not there yet arrives as null. */
function timeText(ms: number | null | undefined): string | null {
  if (ms === null || ms === undefined || !Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return null;
  return new Date(ms).toISOString();
}
