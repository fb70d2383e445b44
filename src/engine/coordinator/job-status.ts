// What the console and the command line see of a job: plain JSON, assembled by the coordinator.
import type { OperatorStatus, SplitReport } from "../host/host-messages.ts";
import type { JobFailure } from "./job-failure.ts";
import type { SinksEnded } from "./sinks-ended.ts";

export type JobState = "created" | "deploying" | "running" | "restarting" | "stopping" | "finished" | "failed" | "canceled";

export interface CompletedCheckpoint {
  readonly id: number;
  /** Epoch ms. */
  readonly at: number;
  readonly durationMs: number;
  /** Of all its files. */
  readonly sizeBytes: number;
  readonly stateBytes: number;
}

export interface JobStatus {
  readonly name: string;
  readonly state: JobState;
  readonly graphHash: string;
  readonly parallelism: number;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly restarts: number;
  readonly lastFailure?: JobFailure;
  /** After cancel(): what became of what sinks had prepared. */
  readonly ended?: SinksEnded;
  readonly operators: readonly OperatorStatus[];
  readonly splits: readonly SplitReport[];
  /** Epoch ms of `operators` and `splits`; a host whose user code does not return sends no new ones. */
  readonly reportedAt?: number;
  readonly checkpoints: {
    readonly completed: number;
    readonly failed: number;
    readonly inProgress?: number;
    readonly last?: CompletedCheckpoint;
    /** Why the last failed checkpoint failed. */
    readonly lastFailure?: string;
    /** What the first attempt restored: a directory. */
    readonly restoredFrom?: string;
  };
}

export interface JobResult {
  readonly state: "finished" | "canceled";
  /** The checkpoint that the job ended with. */
  readonly checkpoint?: number;
  /** Where stop({ savepoint: true }) put it. */
  readonly savepoint?: string;
  readonly status: JobStatus;
}

/** One cause why nothing (or less than expected) comes out, with its evidence. */
export interface Finding {
  /** Stable: "no-records", "all-filtered", "watermark-held", … (docs/why.md). */
  readonly cause: string;
  /** The operator or source that it is about. */
  readonly operator?: string;
  /** Of records, milliseconds or splits, as `text` says. */
  readonly number: number;
  readonly text: string;
  /** What to do, in one line. */
  readonly fix: string;
}

/** A running job. All methods may be called at any time; after the end they do nothing, except savepoint(), which rejects. */
export interface Job {
  readonly name: string;
  status(): JobStatus;
  /** Why nothing comes out of an operator or a sink (all of them if none is named): the most telling finding first. */
  explain(options?: { readonly stream?: string }): readonly Finding[];
  /**
   * The same for one key, given as JSON or plain text (`1`, `"1"`, `["a",1]`, `anna`): what operators keep of it comes first. Asks the
   * job's host, within two seconds.
   */
  explainKey(key: string, options?: { readonly stream?: string }): Promise<readonly Finding[]>;
  /** Takes a checkpoint now and copies it to a directory of its own; resolves to its path. */
  savepoint(options?: { readonly path?: string }): Promise<string>;
  /** A final checkpoint, then a clean end. `drain`: reads to the end of what is there now and fires all windows and timers before. */
  stop(options?: { readonly savepoint?: boolean | string; readonly drain?: boolean }): Promise<JobResult>;
  /**
   * Ends at once. What came after the last checkpoint is discarded: what sinks had prepared is ended (`status().ended` says how). Of a job
   * that has failed only that is left to do; it stays failed.
   */
  cancel(): Promise<void>;
  /** Resolves at the end; rejects with JobFailedError. */
  readonly finished: Promise<JobResult>;
  /** Called after every change and report; returns the way to stop it. */
  onStatus(callback: (status: JobStatus) => void): () => void;
  /** stop() with a final checkpoint. */
  [Symbol.asyncDispose](): Promise<void>;
}
