// What a run writes down for the log checker, after Jepsen's Kafka workload. Values are whole numbers, each sent once in a history.
// Invariant: a write stands where it was asked for, a read where it was answered. `answeredAt` and `askedAt` are readings of one counter
// that goes up with each acknowledgement and each question.

export type Isolation = "read_committed" | "read_uncommitted";

/** No transaction, no offset. */
export const NONE = -1;
/** A position that nobody knows. */
export const UNKNOWN = -2;

/** One record. "failed": surely not written; "unknown": no answer, or one that does not say. A process is one life of one client. */
export interface Send {
  readonly kind: "send";
  readonly process: number;
  readonly partition: number;
  readonly value: number;
  readonly payload: number;
  readonly transaction: number;
  outcome: "ok" | "failed" | "unknown";
  offset: number;
  answeredAt: number;
}

/** A transaction's end was asked for: before that nothing of it may be visible. */
export interface End {
  readonly kind: "end";
  readonly process: number;
  readonly transaction: number;
  /** "open": nobody asked to commit; whoever takes over aborts it. */
  outcome: "committed" | "aborted" | "unknown";
  /** How many operations the history had when the answer came; absent: it came at once. */
  decidedAt?: number;
}

export interface Poll {
  readonly kind: "poll";
  readonly process: number;
  readonly partition: number;
  readonly isolation: Isolation;
  /** The transaction in which the reader consumes and produces. */
  readonly transaction: number;
  /** After everything has healed, from the beginning to the end of the partition. */
  readonly final: boolean;
  readonly offsets: readonly number[];
  readonly values: readonly number[];
  readonly payloads: readonly number[];
}

/** A reader begins at an offset, UNKNOWN where the one that it asked for may be gone. */
export interface Assign {
  readonly kind: "assign";
  readonly process: number;
  readonly partition: number;
  readonly from: number;
}

export interface Watermarks {
  readonly kind: "watermarks";
  readonly partition: number;
  readonly logStart: number;
  readonly lastStable: number;
  readonly high: number;
  /** Acknowledgements before that are covered. */
  readonly askedAt: number;
  /** No transaction is open any more. */
  readonly final: boolean;
}

export interface OffsetCommit {
  readonly kind: "offset-commit";
  readonly process: number;
  readonly group: string;
  readonly partition: number;
  readonly offset: number;
  readonly transaction: number;
  outcome: "ok" | "failed" | "unknown";
}

export interface OffsetFetch {
  readonly kind: "offset-fetch";
  readonly group: string;
  readonly partition: number;
  /** −1: none was committed. */
  readonly offset: number;
}

/** The power went while a disk had promised more than it held: everything of the partition from this offset on may be gone. */
export interface Loss {
  readonly kind: "loss";
  readonly partition: number;
  readonly from: number;
}

export type Operation = Send | End | Poll | Assign | Watermarks | OffsetCommit | OffsetFetch | Loss;
