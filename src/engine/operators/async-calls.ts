// The calls of a mapAsync: starts them in order, at most `capacity` elements at a time, counts attempts and watches the clock. It decides
// nothing about order: an element is `settled` when it has a result or has failed for good.
import type { MapAsyncSpec } from "../../stream/graph.ts";
import type { Counter, Metrics } from "../../stream/function-context.ts";

export class AsyncTimeoutError extends Error {
  override readonly name = "AsyncTimeoutError";
  readonly code = "ASYNC_TIMEOUT";

  constructor(timeoutMs: number, attempts: number, cause: unknown) {
    super(
      `No answer within ${timeoutMs} ms (${attempts} ${attempts === 1 ? "attempt" : "attempts"}). Raise timeout, or give onTimeout a value.`,
      cause === undefined ? {} : { cause },
    );
  }
}

/** An element with its call. */
export interface Waiting {
  readonly element: unknown;
  readonly timestamp: number;
  /** As in row-origins.ts; NaN: not known (any more). */
  readonly origin: number;
  readonly settled: boolean;
  /** `result` is the error. */
  readonly failed: boolean;
  readonly result: unknown;
}

class Entry implements Waiting {
  readonly element: unknown;
  readonly timestamp: number;
  readonly origin: number;
  settled = false;
  failed = false;
  result: unknown = undefined;
  /** Calls made. */
  attempt = 0;
  /** Epoch ms; Infinity: not started. */
  deadline = Infinity;
  /** Of the next attempt; Infinity: a call is open. */
  retryAt = Infinity;
  lastError: unknown = undefined;
  call: Call | undefined = undefined;

  constructor(element: unknown, timestamp: number, origin: number) {
    this.element = element;
    this.timestamp = timestamp;
    this.origin = origin;
  }
}

/** What the user's function is told; the signal is made when somebody asks for it. */
class Call {
  readonly attempt: number;
  readonly now: () => number;
  #controller: AbortController | undefined;
  #reason: unknown;

  constructor(attempt: number, now: () => number) {
    this.attempt = attempt;
    this.now = now;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}

export class AsyncCalls {
  readonly #spec: MapAsyncSpec;
  readonly #now: () => number;
  readonly #wake: () => void;
  readonly #timeouts: Counter;
  readonly #retries: Counter;
  /** In order of arrival. */
  readonly #started = new Set<Entry>();
  readonly #unstarted = new Set<Entry>();
  /** Something has settled since the last tick. */
  #settled = false;
  /** Not after the next deadline or attempt. */
  #due = Infinity;
  #closed = false;

  constructor(spec: MapAsyncSpec, metrics: Metrics, now: () => number, wake: () => void) {
    this.#spec = spec;
    this.#now = now;
    this.#wake = wake;
    this.#timeouts = metrics.counter("timeouts");
    this.#retries = metrics.counter("retries");
  }

  /** When tick() has something to do, epoch ms. */
  get nextAt(): number {
    return this.#settled ? -Infinity : this.#due;
  }

  add(element: unknown, timestamp: number, origin: number): Waiting {
    const entry = new Entry(element, timestamp, origin);
    this.#unstarted.add(entry);
    return entry;
  }

  /** Starts what waits, as long as fewer than `capacity` have been started and are not removed. */
  start(capacity: number): void {
    if (this.#unstarted.size === 0 || this.#started.size >= capacity) return;
    const now = this.#now();
    for (const entry of this.#unstarted) {
      if (this.#started.size >= capacity) return;
      this.#unstarted.delete(entry);
      this.#started.add(entry);
      entry.deadline = now + this.#spec.timeoutMs;
      this.#due = Math.min(this.#due, entry.deadline);
      this.#call(entry);
    }
  }

  /** Its result has been taken. */
  remove(waiting: Waiting): void {
    this.#started.delete(waiting as Entry);
  }

  /** Times out what is overdue, and calls again what is due. */
  tick(now: number): void {
    this.#settled = false;
    if (now < this.#due) return;
    let due = Infinity;
    for (const entry of this.#started) {
      if (entry.settled) continue;
      if (entry.deadline <= now) this.#timeOut(entry);
      else if (entry.retryAt <= now) this.#call(entry);
      if (!entry.settled) due = Math.min(due, entry.deadline, entry.retryAt);
    }
    this.#due = due;
    this.#settled = false;
  }

  /** Nobody waits any more. */
  close(): void {
    this.#closed = true;
    for (const { call } of this.#started) call?.abort(new DOMException("The job has ended.", "AbortError"));
  }

  #call(entry: Entry): void {
    const attempt = ++entry.attempt;
    entry.retryAt = Infinity;
    const call = new Call(attempt, this.#now);
    entry.call = call;
    const fails = (error: unknown): void => this.#fails(entry, attempt, error);
    try {
      const answer = this.#spec.fn(entry.element, call) as PromiseLike<unknown>;
      if (typeof answer?.then !== "function") throw new TypeError("mapAsync: the function must return a promise.");
      answer.then((value) => {
        if (entry.attempt === attempt && !entry.settled) this.#settle(entry, false, value);
      }, fails);
    } catch (error) {
      fails(error);
    }
  }

  #fails(entry: Entry, attempt: number, error: unknown): void {
    if (entry.settled || entry.attempt !== attempt || this.#closed) return;
    const { attempts, backoffMs, maxBackoffMs } = this.#spec.retries;
    if (attempt > attempts) return this.#settle(entry, true, error);
    this.#retries.inc();
    entry.lastError = error;
    entry.retryAt = this.#now() + Math.min(maxBackoffMs, backoffMs * 2 ** (attempt - 1));
    this.#due = Math.min(this.#due, entry.retryAt);
    this.#wake();
  }

  #timeOut(entry: Entry): void {
    this.#timeouts.inc();
    const { timeoutMs, onTimeout } = this.#spec;
    const error = new AsyncTimeoutError(timeoutMs, entry.attempt, entry.lastError);
    entry.call?.abort(error);
    if (onTimeout === "fail") return this.#settle(entry, true, error);
    try {
      this.#settle(entry, false, onTimeout(entry.element));
    } catch (thrown) {
      this.#settle(entry, true, thrown);
    }
  }

  #settle(entry: Entry, failed: boolean, result: unknown): void {
    entry.settled = true;
    entry.failed = failed;
    entry.result = result;
    entry.call = undefined;
    if (this.#settled || this.#closed) return;
    this.#settled = true;
    this.#wake();
  }
}
