// mapAsync: a call to something outside for each element, with a bound on how many are open, a time limit and attempts.
import type { TypeInfo } from "../schema/type-info.ts";
import { calledAt } from "./called-at.ts";
import { checkOptions } from "./check-options.ts";
import { durationMs } from "./duration.ts";
import type { DeadLetterPolicy } from "./dead-letter.ts";
import type { MapAsyncSpec } from "./graph.ts";
import { PipelineError } from "./pipeline-error.ts";
import type { Duration } from "./watermarks.ts";

/** What a call is told. */
export interface AsyncCall {
  /** Aborted when nobody waits for the answer any more: the time is over, or the job ends. */
  readonly signal: AbortSignal;
  /** 1 for the first. */
  readonly attempt: number;
  /** Processing time, epoch ms. */
  readonly now: () => number;
}

export interface MapAsyncOptions<T, U> {
  /** Elements that may wait for their answers in one subtask; at that number the input waits. */
  readonly capacity: number;
  /** For one element with all its attempts. */
  readonly timeout: Duration;
  /** "fail" (default): as if the last call had failed. A function: its value is the result. */
  readonly onTimeout?: "fail" | ((event: T) => U) | undefined;
  /** true (default): results leave in the order of their elements. false: as they come, but never across a watermark. */
  readonly ordered?: boolean | undefined;
  readonly retries?: RetryOptions | undefined;
  /** What becomes of an element whose last attempt failed. Default "fail". */
  readonly onError?: "fail" | "skip" | DeadLetterPolicy | undefined;
  readonly parallelism?: number | undefined;
}

export interface RetryOptions {
  /** Further attempts after the first. */
  readonly attempts: number;
  /** Before the first of them; doubled before each that follows. */
  readonly backoff: Duration;
  /** Default "1m". */
  readonly maxBackoff?: Duration | undefined;
}

const OPTIONS = ["capacity", "timeout", "onTimeout", "ordered", "retries", "onError", "parallelism"];

/** More would be memory without a bound. */
const MAX_CAPACITY = 100_000;

export function mapAsyncSpec(
  name: string,
  fn: (element: never, call: never) => unknown,
  element: TypeInfo | undefined,
  options: MapAsyncOptions<never, unknown>,
  entry: (...args: never[]) => unknown,
): MapAsyncSpec {
  const where = calledAt(entry);
  const what = `mapAsync("${name}", …)`;
  const refuse = (why: string): never => {
    throw new PipelineError("BAD_ARGUMENT", `${what}: ${why}`, where);
  };
  if (typeof fn !== "function") refuse(`a function that returns a promise is wanted, not ${typeof fn}.`);
  if (element === undefined)
    throw new PipelineError(
      "SCHEMA_REQUIRED",
      `${what}: elements that wait for their answers are state and need a schema: add .returns(Schema) before it.`,
      where,
    );
  checkOptions(options, OPTIONS, what, where);
  const { capacity, timeout, onTimeout = "fail", ordered = true, retries } = options ?? {};
  checkOptions(retries, ["attempts", "backoff", "maxBackoff"], `${what}: retries`, where);
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > MAX_CAPACITY)
    refuse(`capacity is a whole number from 1 to ${MAX_CAPACITY}, not ${capacity}.`);
  if (onTimeout !== "fail" && typeof onTimeout !== "function") refuse(`onTimeout is "fail" or a function that gives the result.`);
  const attempts = retries?.attempts ?? 0;
  if (!Number.isInteger(attempts) || attempts < 0) refuse(`retries.attempts is a whole number from 0, not ${attempts}.`);
  return Object.freeze({
    fn: fn as MapAsyncSpec["fn"],
    element,
    capacity,
    timeoutMs: durationMs(timeout, `${what}: timeout`, entry),
    onTimeout: onTimeout as MapAsyncSpec["onTimeout"],
    ordered,
    retries: Object.freeze({
      attempts,
      backoffMs: retries === undefined ? 0 : durationMs(retries.backoff, `${what}: retries.backoff`, entry),
      maxBackoffMs: durationMs(retries?.maxBackoff ?? "1m", `${what}: retries.maxBackoff`, entry),
    }),
  });
}
