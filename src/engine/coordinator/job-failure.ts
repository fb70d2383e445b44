// Why a job failed, in two forms: plain data that crosses threads and stands in the status, and the error that users get.

import { userFrame } from "./user-frame.ts";

export interface JobFailure {
  /** Epoch ms. */
  readonly at: number;
  readonly name: string;
  readonly message: string;
  /** The error's own code, if it has one. */
  readonly code: string | undefined;
  /** With the user's file and line, as thrown. */
  readonly stack: string | undefined;
  /** In the user's own files, as "path:line:column". */
  readonly place?: string | undefined;
  readonly operator: string | undefined;
  /** JSON text. */
  readonly key: string | undefined;
  readonly split: string | undefined;
  readonly offset: number | undefined;
  /** The window that fired, or the timer: "window 2026-… to 2026-…". */
  readonly during?: string | undefined;
  /** Starting again cannot help (a refused restore, a refused setup). */
  readonly fatal: boolean;
}

/** Errors after which a restart would meet the same refusal. */
const FATAL_NAMES: ReadonlySet<string> = new Set(["StateRestoreError", "GraphDiffersError", "SetupRefusedError", "PipelineError"]);
/** All but a single failed checkpoint. */
const FATAL_CHECKPOINT_CODES: ReadonlySet<string> = new Set([
  "RESTORE_REFUSED",
  "CHECKPOINT_DAMAGED",
  "CHECKPOINT_FOREIGN",
  "CHECKPOINT_NOT_FOUND",
  "CHECKPOINT_UNCERTAIN",
  "CHECKPOINT_IN_USE",
]);

function isFatal(error: unknown): boolean {
  if (!isObject(error)) return false;
  const { name, code } = error;
  return FATAL_NAMES.has(String(name)) || (name === "CheckpointError" && FATAL_CHECKPOINT_CODES.has(String(code)));
}

/** Reads what the engine knows about an error: OperatorFailure fields where they exist, also from the causes. */
export function describeFailure(error: unknown, at: number, operator?: string): JobFailure {
  let where: Record<string, unknown> = {};
  let cause: unknown = error;
  if (isObject(error) && typeof error["operator"] === "string") {
    where = error;
    cause = error["cause"] ?? error;
  }
  const thrown = isObject(cause) ? cause : {};
  const code = textOf(thrown["code"]) ?? (isObject(error) ? textOf(error["code"]) : undefined);
  return {
    at,
    name: textOf(thrown["name"]) ?? "Error",
    message: textOf(thrown["message"]) ?? String(cause),
    code,
    stack: textOf(thrown["stack"]),
    place: userFrame(textOf(thrown["stack"])),
    operator: textOf(where["operator"]) ?? operator,
    key: textOf(where["key"]),
    split: textOf(where["split"]),
    offset: typeof where["offset"] === "number" ? where["offset"] : undefined,
    during: textOf(where["during"]),
    fatal: isFatal(error) || isFatal(cause),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** What `job.finished` rejects with. `cause` is the user's or connector's error with its own stack. */
export class JobFailedError extends Error {
  readonly code = "JOB_FAILED";
  readonly job: string;
  readonly operator: string | undefined;
  /** JSON text of the key that was being processed. */
  readonly key: string | undefined;
  /** Where the record came from, if its split is a topic's partition. */
  readonly topic: string | undefined;
  readonly partition: number | undefined;
  readonly offset: number | undefined;
  readonly failure: JobFailure;

  constructor(job: string, failure: JobFailure) {
    super(`Job "${job}" failed${failureText(failure)}`, { cause: rebuildCause(failure) });
    this.name = "JobFailedError";
    this.job = job;
    this.failure = failure;
    this.operator = failure.operator;
    this.key = failure.key;
    this.offset = failure.offset;
    const split = /^(.+)-([0-9]+)$/.exec(failure.split ?? "");
    this.topic = split?.[1];
    this.partition = split === null ? undefined : Number(split[2]);
  }
}

/** ` in "operator" at key K, window W, record split@offset: message (path:line:column)`, as far as it is known. */
export function failureText({ operator, key, split, offset, during, message, place }: JobFailure): string {
  const where = operator === undefined ? "" : ` in "${operator}"`;
  const at = key === undefined ? "" : ` at key ${key}`;
  const record = split === undefined ? "" : `, record ${split}${offset === undefined ? "" : `@${offset}`}`;
  return `${where}${at}${during === undefined ? "" : `, ${during}`}${record}: ${message}${place === undefined ? "" : ` (${place})`}`;
}

function rebuildCause(failure: JobFailure): Error {
  const cause = new Error(failure.message);
  cause.name = failure.name;
  if (failure.stack !== undefined) cause.stack = failure.stack;
  if (failure.code !== undefined) Object.assign(cause, { code: failure.code });
  return cause;
}
