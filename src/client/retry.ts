// Tries again what failed with a retriable error, with growing pauses, until it succeeds or its time is over.
import type { Env } from "../env/env.ts";
import { buggify } from "../env/fault-points.ts";
import { backoffMs, type Backoff } from "./backoff.ts";
import { ClientError, codeOf, isRetriable, messageOf } from "./errors.ts";

/** The coordinator is writing the markers of the last transaction, which takes milliseconds: a long pause would be most of the wait. */
const MARKERS_PAUSE_MS = 10;

export interface RetryOptions {
  /** Completes "… did not succeed within N ms". */
  readonly what: string;
  readonly timeoutMs: number;
  /** The name of the setting behind timeoutMs, for the message. */
  readonly timeoutName: string;
  readonly backoff: Backoff;
  readonly signal?: AbortSignal | undefined;
  /** Called with each retriable failure before the pause. */
  readonly onRetry?: (error: unknown) => void;
}

/** Rejects with the first error that is not retriable; with the last error's code, and its message, when the time is over. */
export async function retrying<T>(env: Env, attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const deadline = env.clock.monotonicMs() + options.timeoutMs;
  for (let failures = 1; ; failures++) {
    options.signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!isRetriable(error)) throw error;
      const backoff = backoffMs(options.backoff, failures, env.random);
      const asked = codeOf(error) === "CONCURRENT_TRANSACTIONS" ? Math.min(MARKERS_PAUSE_MS, backoff) : backoff;
      const pauseMs = buggify("retry-early") ? 0 : asked;
      if (env.clock.monotonicMs() + pauseMs >= deadline) throw outOfTime(options, error as ClientError);
      options.onRetry?.(error);
      await env.timers.sleep(pauseMs, options.signal);
    }
  }
}

function outOfTime(options: RetryOptions, last: ClientError): ClientError {
  return new ClientError(
    last.code,
    `${options.what} did not succeed within ${options.timeoutMs} ms (${options.timeoutName}). The last try: ${messageOf(last)}`,
    { retriable: true, cause: last, ...(last.errorCode === undefined ? {} : { errorCode: last.errorCode }) },
  );
}
