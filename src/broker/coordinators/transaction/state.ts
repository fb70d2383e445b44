// One transactional id as data: its producer, its transaction, the transition being written to the log.
// Invariant: a state is never changed after it was returned; a transition counts only once it is on disk.
// Protocol: KIP-98 (transactions), KIP-360 (epoch bumps by the producer), KIP-890 (an epoch per transaction, "version 2"), KIP-939 (two-phase
// commit: no timeout, and an InitProducerId that keeps what is prepared).

export type TransactionStatus = "Empty" | "Ongoing" | "PrepareCommit" | "PrepareAbort" | "CompleteCommit" | "CompleteAbort";

/** In the order of their numbers in the log. */
export const STATUSES: readonly TransactionStatus[] = [
  "Empty",
  "Ongoing",
  "PrepareCommit",
  "PrepareAbort",
  "CompleteCommit",
  "CompleteAbort",
];

/** 0: epochs change on InitProducerId only. 2: the coordinator bumps the epoch at the end of every transaction (KIP-890). */
export type TransactionVersion = 0 | 2;

export interface TransactionData {
  readonly producerId: number;
  /** −1 until an InitProducerId was answered. */
  readonly producerEpoch: number;
  /** The epoch before the present one, if its owner may still retry its last request; −1: nobody may. */
  readonly lastProducerEpoch: number;
  /** The producer id before an exhausted epoch replaced it; −1: none. */
  readonly previousProducerId: number;
  /** The producer id that takes over when the transaction that is being ended is complete; −1: the same goes on. */
  readonly nextProducerId: number;
  /** TWO_PHASE_TIMEOUT_MS: the transactions never time out. */
  readonly timeoutMs: number;
  /** The epoch that the ongoing transaction was written under, if an InitProducerId kept it and gave a new one; −1: the present one. */
  readonly keptEpoch: number;
  readonly status: TransactionStatus;
  /** "topic-partition" */
  readonly partitions: ReadonlySet<string>;
  /** Epoch ms; −1: no transaction. */
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly clientVersion: TransactionVersion;
}

export interface TransactionState {
  readonly transactionalId: string;
  readonly data: TransactionData;
  /** The transition that is being written to the log, and what its end means to whom. */
  readonly pending: PendingTransition | undefined;
  /** Its timeout counts from here, if that is later than its start: it was open when the broker started. */
  readonly timeoutFrom?: number;
}

export interface PendingTransition {
  readonly next: TransactionData;
  readonly request: number | undefined;
  /** What the request is told when the transition is on disk. */
  readonly error: number;
}

export interface InitEvent {
  readonly kind: "init";
  readonly request: number;
  readonly timeoutMs: number;
  /** What the producer believes to be (KIP-360), if it has been initialised before. */
  readonly expected: { readonly producerId: number; readonly producerEpoch: number } | undefined;
  /** Used if the present epoch is exhausted. */
  readonly freshProducerId: number;
  /** An ongoing transaction stays: the producer will end it (KIP-939). */
  readonly keepPrepared: boolean;
}

export interface AddPartitionsEvent {
  readonly kind: "add-partitions";
  readonly request: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly partitions: readonly string[];
  readonly version: TransactionVersion;
}

export interface EndEvent {
  readonly kind: "end";
  readonly request: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly commit: boolean;
  readonly version: TransactionVersion;
  readonly freshProducerId: number;
}

export type TransactionEvent =
  | InitEvent
  | AddPartitionsEvent
  | EndEvent
  /** Aborts the transaction if its time is over. */
  | { readonly kind: "tick" }
  /** The write asked for by "persist" ended. */
  | { readonly kind: "persisted"; readonly error: number }
  /** Every partition of a prepared transaction has its marker on disk. */
  | { readonly kind: "markers-written" };

export interface TransactionReply {
  readonly kind: "reply";
  readonly request: number;
  readonly error: number;
  readonly producerId: number;
  readonly producerEpoch: number;
}

export type TransactionAction =
  | TransactionReply
  /** Write `data` to the log. `answers`: report the end with a "persisted" event; otherwise the log's order is enough. */
  | { readonly kind: "persist"; readonly data: TransactionData; readonly answers: boolean }
  | {
      readonly kind: "write-markers";
      readonly producerId: number;
      readonly producerEpoch: number;
      readonly commit: boolean;
      readonly partitions: ReadonlySet<string>;
    };

export type TransactionDecision = readonly [TransactionState, readonly TransactionAction[]];

export const NO_PRODUCER_ID = -1;
export const NO_PRODUCER_EPOCH = -1;
/** The highest epoch a client is given; one more is left for fencing. */
export const LAST_CLIENT_EPOCH = 32766;
/** How two-phase commit is written down, as in Apache Kafka. */
export const TWO_PHASE_TIMEOUT_MS = 0x7fffffff;

export function newTransaction(transactionalId: string, producerId: number, timeoutMs: number, now: number): TransactionState {
  const data: TransactionData = {
    producerId,
    producerEpoch: NO_PRODUCER_EPOCH,
    lastProducerEpoch: NO_PRODUCER_EPOCH,
    previousProducerId: NO_PRODUCER_ID,
    nextProducerId: NO_PRODUCER_ID,
    timeoutMs,
    keptEpoch: NO_PRODUCER_EPOCH,
    status: "Empty",
    partitions: new Set(),
    startedAt: -1,
    updatedAt: now,
    clientVersion: 0,
  };
  return { transactionalId, data, pending: undefined };
}

export function isPrepared(status: TransactionStatus): boolean {
  return status === "PrepareCommit" || status === "PrepareAbort";
}

export function isExhausted(data: TransactionData): boolean {
  return data.producerEpoch >= LAST_CLIENT_EPOCH;
}
