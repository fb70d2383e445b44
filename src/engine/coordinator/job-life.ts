// The life of a job as data: what it is doing, what the user wants, and the checkpoint under way. decideJob() in decide-job.ts is the
// only thing that changes it. Times are ms on the coordinator's monotonic clock.
import type { JobFailure } from "./job-failure.ts";
import type { RestartHistory, RestartStrategy } from "./restart-strategy.ts";
import { NO_RESTARTS } from "./restart-strategy.ts";

export interface JobLifeOptions {
  readonly everyMs: number;
  /** Between the end of a checkpoint and the start of the next. */
  readonly minPauseMs: number;
  readonly timeoutMs: number;
  /** Failed checkpoints in a row before the job fails over. */
  readonly toleratedFailures: number;
  readonly restart: RestartStrategy;
}

export type JobPhase = "created" | "deploying" | "running" | "restarting" | "closing" | "finished" | "failed" | "canceled";

/** What the user asked for last. `stop` = a final checkpoint and out; `drain` = read to the end, fire everything, a final checkpoint and out. */
export type JobGoal = "run" | "stop" | "drain" | "cancel";

export interface CheckpointUnderWay {
  readonly id: number;
  /** No rows are read after its barrier: the job ends with it. */
  readonly final: boolean;
  readonly startedAt: number;
  readonly step: "hosts" | "manifest";
}

export interface JobLife {
  readonly phase: JobPhase;
  readonly goal: JobGoal;
  readonly attempt: number;
  /** All inputs have ended in this attempt. */
  readonly ended: boolean;
  readonly checkpoint: CheckpointUnderWay | undefined;
  /** The final checkpoint is durable and its commit is awaited. */
  readonly finalCommit: number | undefined;
  readonly nextId: number;
  /** When the next checkpoint is due; Infinity: none is planned. */
  readonly nextCheckpointAt: number;
  readonly failedInARow: number;
  readonly completed: number;
  readonly failed: number;
  readonly restarts: number;
  readonly restartAt: number;
  readonly history: RestartHistory;
  readonly lastFailure: JobFailure | undefined;
  /** A user waits for the next checkpoint (savepoint()). */
  readonly wanted: boolean;
}

export type JobEvent =
  | { readonly kind: "start"; readonly lastId: number; readonly drain: boolean }
  | { readonly kind: "running"; readonly attempt: number }
  | { readonly kind: "acknowledged"; readonly attempt: number; readonly id: number }
  | { readonly kind: "declined"; readonly attempt: number; readonly id: number; readonly reason: string }
  | { readonly kind: "manifest-written"; readonly id: number }
  | { readonly kind: "manifest-failed"; readonly id: number; readonly reason: string }
  | { readonly kind: "committed"; readonly attempt: number; readonly id: number }
  | { readonly kind: "ended"; readonly attempt: number }
  | { readonly kind: "host-failed"; readonly attempt: number; readonly failure: JobFailure; readonly jitter: number }
  | { readonly kind: "host-closed"; readonly attempt: number }
  | { readonly kind: "checkpoint-wanted" }
  | { readonly kind: "stop" }
  | { readonly kind: "drain" }
  | { readonly kind: "cancel" }
  | { readonly kind: "timer" };

export type JobAction =
  | { readonly do: "deploy"; readonly attempt: number; readonly drain: boolean }
  /** Begin checkpoint `id` in the store, then tell the hosts. */
  | { readonly do: "trigger"; readonly id: number; readonly final: boolean }
  | { readonly do: "abort"; readonly id: number; readonly reason: string }
  | { readonly do: "write-manifest"; readonly id: number }
  /** Tell the hosts that `id` is durable. */
  | { readonly do: "complete"; readonly id: number }
  | { readonly do: "drain" }
  /** In order: close connectors, then host-closed. */
  | { readonly do: "close-host"; readonly attempt: number }
  /** At once, whatever user code does. */
  | { readonly do: "kill-host"; readonly attempt: number }
  | { readonly do: "settle"; readonly state: "finished" | "failed" | "canceled"; readonly failure: JobFailure | undefined };

export const NEW_JOB: JobLife = {
  phase: "created",
  goal: "run",
  attempt: 0,
  ended: false,
  checkpoint: undefined,
  finalCommit: undefined,
  nextId: 1,
  nextCheckpointAt: Infinity,
  failedInARow: 0,
  completed: 0,
  failed: 0,
  restarts: 0,
  restartAt: Infinity,
  history: NO_RESTARTS,
  lastFailure: undefined,
  wanted: false,
};
