// Places in the product where a simulation may make something rare happen: a segment ends early, a flush comes late, an answer is lost.
// What happens there must be allowed at any time; that is what makes it a test. After FoundationDB's BUGGIFY. Invariant: nothing but a
// simulation switches points on (switchFaultPoints); while none is, each costs one comparison, and none is in a loop over records.

/** Each with what it does. Names that end in "-late" wait there, the others take a rare way. */
export const FAULT_POINTS = {
  "segment-ends-early": "log: a segment ends long before it is full",
  "write-of-one-append": "log: a group commit takes one append instead of all that wait",
  "flush-late": "log: a round of flushes begins late, and covers less than was written meanwhile",
  "index-entry-early": "log: a batch gets an entry in the index that it would not have got yet",
  "atomic-file-late": "log: a small file is written, and gets its name late (recovery points, topics, producer ids)",
  "recovery-late": "log: a partition was scanned, and its recovery ends late",
  "transaction-answer-late": "broker: the coordinator has written a transaction's state, and goes on late",
  "transaction-busy": "broker: the coordinator says CONCURRENT_TRANSACTIONS without a reason",
  "marker-late": "broker: a transaction has been decided, and a partition learns it late",
  "offsets-answer-late": "broker: a group's offsets are written, and are answered late",
  "fetch-of-one-batch": "broker: a fetch answers with as little as it may",
  "fetch-session-forgotten": "broker: a client's fetch session is gone",
  "answer-lost": "client: a connection breaks with an answer on it that was given",
  "batch-sent-early": "client: a batch goes out before it is full or its time has come",
  "retry-early": "client: something is tried again at once",
  "poll-of-one-row": "engine: a source gives one row instead of a batch",
  "slice-ends-early": "engine: a host stops reading after one poll",
  "exchange-flushed": "engine: rows that wait for their batch to fill are sent on",
  "exchange-held": "engine: they wait on, though nothing else comes",
  "sink-busy": "engine: a sink that has taken a batch takes no other for a while",
  "snapshot-in-pieces": "engine: a snapshot is encoded one piece at a time, with rows in between",
  "snapshot-late": "engine: a piece of a snapshot is encoded late",
  "state-file-late": "engine: the state of a checkpoint is written, and is flushed late",
  "manifest-late": "engine: a manifest is on disk, and gets its name late",
  "checkpoint-told-late": "engine: a checkpoint is durable, and the job learns it late",
  "commit-late": "engine: a checkpoint is complete, and a sink commits late",
  "worker-message-late": "engine: a worker thread gets its commands late, in their order",
} as const;
export type FaultPoint = keyof typeof FAULT_POINTS;

/** What a simulation decides. */
export interface FaultPointPlan {
  /** Whether it happens now. */
  strikes(point: FaultPoint): boolean;
  /** Waits as long as the simulation likes. */
  pause(point: FaultPoint): Promise<void>;
}

let plan: FaultPointPlan | undefined;

/** For all of this thread; undefined: off, as always in production. */
export function switchFaultPoints(to: FaultPointPlan | undefined): void {
  plan = to;
}

/** True: take the rare way. */
export function buggify(point: FaultPoint): boolean {
  return plan !== undefined && plan.strikes(point);
}

/** A promise to wait for, or nothing at all. */
export function buggifyPause(point: FaultPoint): Promise<void> | undefined {
  return plan !== undefined && plan.strikes(point) ? plan.pause(point) : undefined;
}
