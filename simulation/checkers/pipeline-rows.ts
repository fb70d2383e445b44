// What goes into the simulated pipeline and what comes out of it, as the checker reads it from the topics.

/** A record of the input topic, in offset order within its partition; all records of a key are in one partition. */
export interface InputRecord {
  readonly partition: number;
  readonly offset: number;
  readonly id: number;
  readonly key: string;
  readonly amount: number;
  readonly at: number;
}

/** After each record of a key: how many there were, their sum, and a hash over all of them in order. */
export interface SumRow {
  readonly key: string;
  readonly id: number;
  readonly count: number;
  readonly sum: number;
  readonly hash: number;
}

export interface WindowRow {
  readonly key: string;
  readonly start: number;
  readonly count: number;
  readonly sum: number;
}

/** A timer of a key: once for every time that a record set. */
export interface TimerRow {
  readonly key: string;
  readonly at: number;
}

/**
 * session: a and b are its start and end, sum that of its records. pair (interval join of even with odd ids): their ids, and both amounts.
 * version (temporal join): the even record's id, the odd one's or −1, both amounts. answer (asynchronous call for every third id): the
 * record's id, twice its amount; in the order of the records of a key.
 */
export interface ExtraRow {
  readonly kind: string;
  readonly key: string;
  readonly a: number;
  readonly b: number;
  readonly sum: number;
}

export interface PipelineOutput {
  readonly sums: readonly SumRow[];
  readonly windows: readonly WindowRow[];
  readonly timers: readonly TimerRow[];
  readonly extras: readonly ExtraRow[];
}

export interface PipelineRules {
  readonly windowMs: number;
  /** A record sets a timer at the next multiple of this after it. */
  readonly timerMs: number;
  readonly sessionGapMs: number;
  readonly pairMs: number;
}
