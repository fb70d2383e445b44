// When a failed job starts again: pure, after Flink's strategies of the same names. Delays in ms; `jitter` is a random number in [0, 1).

export type RestartStrategy =
  | { readonly kind: "none" }
  | { readonly kind: "fixed-delay"; readonly attempts: number; readonly delayMs: number }
  | {
      readonly kind: "exponential-delay";
      readonly initialMs: number;
      readonly maxMs: number;
      readonly multiplier: number;
      /** Share of the delay that is added or taken at random. */
      readonly jitter: number;
      /** A job that ran this long without a failure starts over with the initial delay. */
      readonly resetAfterMs: number;
      /** Restarts in a row before the job fails; Infinity: never. */
      readonly attempts: number;
    }
  | { readonly kind: "failure-rate"; readonly failures: number; readonly intervalMs: number; readonly delayMs: number };

/** Flink 2's default. */
export const EXPONENTIAL_DELAY: RestartStrategy = {
  kind: "exponential-delay",
  initialMs: 1000,
  maxMs: 60_000,
  multiplier: 1.5,
  jitter: 0.1,
  resetAfterMs: 3_600_000,
  attempts: Infinity,
};

export interface RestartHistory {
  /** Restarts since the strategy last started over. */
  readonly restarts: number;
  /** Undefined before the first failure. */
  readonly lastFailureAt: number | undefined;
  readonly delayMs: number;
  /** failure-rate only: failures inside the interval. */
  readonly failuresAt: readonly number[];
}

export const NO_RESTARTS: RestartHistory = { restarts: 0, lastFailureAt: undefined, delayMs: 0, failuresAt: [] };

export type RestartDecision =
  | { readonly restart: false; readonly why: string }
  | { readonly restart: true; readonly delayMs: number; readonly history: RestartHistory };

export function decideRestart(strategy: RestartStrategy, history: RestartHistory, now: number, jitter: number): RestartDecision {
  switch (strategy.kind) {
    case "none":
      return { restart: false, why: "restarts are switched off" };
    case "fixed-delay":
      if (history.restarts >= strategy.attempts)
        return { restart: false, why: `it was restarted ${history.restarts} times, the most that is allowed` };
      return { restart: true, delayMs: strategy.delayMs, history: { ...history, restarts: history.restarts + 1, lastFailureAt: now } };
    case "failure-rate": {
      const failuresAt = [...history.failuresAt.filter((at) => at > now - strategy.intervalMs), now];
      if (failuresAt.length > strategy.failures)
        return { restart: false, why: `it failed ${failuresAt.length} times within ${strategy.intervalMs} ms` };
      return {
        restart: true,
        delayMs: strategy.delayMs,
        history: { ...history, restarts: history.restarts + 1, lastFailureAt: now, failuresAt },
      };
    }
    case "exponential-delay":
      return exponential(strategy, history, now, jitter);
  }
}

function exponential(
  strategy: RestartStrategy & { kind: "exponential-delay" },
  history: RestartHistory,
  now: number,
  jitter: number,
): RestartDecision {
  const fresh = history.lastFailureAt === undefined || now - history.lastFailureAt - history.delayMs >= strategy.resetAfterMs;
  const restarts = fresh ? 0 : history.restarts;
  if (restarts >= strategy.attempts)
    return { restart: false, why: `it was restarted ${restarts} times in a row, the most that is allowed` };
  const base = fresh ? strategy.initialMs : Math.min(strategy.maxMs, history.delayMs * strategy.multiplier);
  const delayMs = Math.max(0, Math.round(base * (1 + strategy.jitter * (2 * jitter - 1))));
  return { restart: true, delayMs, history: { restarts: restarts + 1, lastFailureAt: now, delayMs: base, failuresAt: [] } };
}
