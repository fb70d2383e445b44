// What leaves a subtask when an operator failed and its policy is "fail": which operator, at which key and record, and the cause.
import type { OperatorFailure } from "./subtask.ts";

export interface FailureOrigin {
  readonly operator: string;
  readonly key: string | undefined;
  readonly split: string | undefined;
  readonly offset: number | undefined;
  /** What the operator was about, if not an element alone: the window that fires, a timer. */
  readonly during?: string | undefined;
}

export class OperatorError extends Error implements OperatorFailure {
  override readonly name = "OperatorError";
  readonly code = "OPERATOR_FAILED";
  override readonly cause: unknown;
  readonly operator: string;
  readonly key: string | undefined;
  readonly split: string | undefined;
  readonly offset: number | undefined;
  readonly during: string | undefined;

  constructor(origin: FailureOrigin, cause: unknown) {
    super(`Operator '${origin.operator}' failed${describeOrigin(origin)}: ${errorText(cause)}`);
    this.cause = cause;
    this.operator = origin.operator;
    this.key = origin.key;
    this.split = origin.split;
    this.offset = origin.offset;
    this.during = origin.during;
  }
}

function describeOrigin(origin: FailureOrigin): string {
  const key = origin.key === undefined ? "" : ` at key ${origin.key}`;
  const during = origin.during === undefined ? "" : `, ${origin.during},`;
  if (origin.split === undefined) return key + during;
  return `${key}${during} on ${origin.split}${origin.offset === undefined ? "" : ` at offset ${origin.offset}`}`;
}

/** Of what fires: "window 2026-01-01T00:00:00.000Z to 2026-01-01T01:00:00.000Z". */
export function windowText({ start, end }: { readonly start: number; readonly end: number }): string {
  return end === Infinity ? "the global window" : `window ${timeText(start)} to ${timeText(end)}`;
}

export function timerText(domain: "event-time" | "processing-time", at: number): string {
  return `${domain} timer ${timeText(at)}`;
}

function timeText(ms: number): string {
  return Math.abs(ms) <= LAST_DATE ? new Date(ms).toISOString() : String(ms);
}

const LAST_DATE = 8.64e15;

/** "TypeError: x is not a function", or the thrown value as text when it is no error. */
export function errorText(cause: unknown): string {
  if (cause instanceof Error) return `${cause.name}: ${cause.message}`;
  try {
    return String(cause);
  } catch {
    return "a value without a text form was thrown";
  }
}
