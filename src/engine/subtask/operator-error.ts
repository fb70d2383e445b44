// What leaves a subtask when an operator failed and its policy is "fail": which operator, at which key and record, and the cause.
import type { OperatorFailure } from "./subtask.ts";

export interface FailureOrigin {
  readonly operator: string;
  readonly key: string | undefined;
  readonly split: string | undefined;
  readonly offset: number | undefined;
}

export class OperatorError extends Error implements OperatorFailure {
  override readonly name = "OperatorError";
  readonly code = "OPERATOR_FAILED";
  override readonly cause: unknown;
  readonly operator: string;
  readonly key: string | undefined;
  readonly split: string | undefined;
  readonly offset: number | undefined;

  constructor(origin: FailureOrigin, cause: unknown) {
    super(`Operator '${origin.operator}' failed${describeOrigin(origin)}: ${errorText(cause)}`);
    this.cause = cause;
    this.operator = origin.operator;
    this.key = origin.key;
    this.split = origin.split;
    this.offset = origin.offset;
  }
}

function describeOrigin(origin: FailureOrigin): string {
  const key = origin.key === undefined ? "" : ` at key ${origin.key}`;
  if (origin.split === undefined) return key;
  return `${key} on ${origin.split}${origin.offset === undefined ? "" : ` at offset ${origin.offset}`}`;
}

/** "TypeError: x is not a function", or the thrown value as text when it is no error. */
export function errorText(cause: unknown): string {
  if (cause instanceof Error) return `${cause.name}: ${cause.message}`;
  try {
    return String(cause);
  } catch {
    return "a value without a text form was thrown";
  }
}
