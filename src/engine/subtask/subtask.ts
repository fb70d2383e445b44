// The narrow waist: everything that runs user code is a subtask, a chain of operators with its keyed state and timers, driven by
// frames. Here the frames are calls: a host (this thread, a worker, a Flink operator) calls the methods in arrival order, outputs go
// to SubtaskOutput before the call returns, and the return of the call is the ACK. A host never decides lateness, never asks for state.
import type { StepLosses } from "./chain-runtime.ts";
import type { Batch } from "../../schema/batch.ts";
import type { SourceBatch } from "../../stream/connector.ts";
import type { LateDrops } from "../operators/late-drops.ts";
import type { KeyHoldings, OperatorSize } from "../operators/operator-size.ts";
import type { UserMetrics } from "../operators/user-metrics.ts";

/** Where a piece of operator state lives: a key group, or an entry of operator (non-keyed) state. */
export type StateAddress =
  | { readonly kind: "key-group"; readonly group: number }
  | { readonly kind: "operator-state"; readonly name: string; readonly entry: number };

export interface StateChunk {
  /** The operator's name. */
  readonly operator: string;
  readonly address: StateAddress;
  /** Self-delimiting, versioned by the operator; an address may take several chunks, in order. */
  readonly bytes: Uint8Array;
}

export type SplitStatus = "active" | "idle" | "finished";

export interface Subtask {
  /** Before start(); addresses outside this subtask's key-group range are refused. */
  restore(chunk: StateChunk): void;
  /** Opens operators (user open()). `now` = processing time. */
  start(now: number): void;
  /** Source tasks: rows of one split, still without timestamps and watermarks (the chain's first operator assigns them). */
  sourceData(split: string, rows: SourceBatch): void;
  /** Source tasks: splits appear by their first status. The watermark is the minimum over active splits. */
  split(split: string, status: SplitStatus): void;
  /** Source tasks: what this split alone allows; −Infinity if nothing yet. */
  splitWatermark(split: string): number;
  /** Other tasks: rows of a port; marks in the batch are the combined watermarks of all input channels (the host combined them). */
  data(port: number, batch: Batch): void;
  /** Combined over the inputs by the host. */
  watermark(time: number): void;
  status(status: "active" | "idle"): void;
  /**
   * All rows before the barrier were delivered, their outputs are out. Copies what changed (≤ 10 ms), returns a cursor that encodes later.
   * Outputs that the chain had buffered are flushed to SubtaskOutput before it returns. Watermarks of splits are part of the state.
   */
  barrier(checkpoint: number): SnapshotCursor;
  checkpointDone(checkpoint: number): void;
  checkpointAborted(checkpoint: number): void;
  /** Fires processing-time timers due at `now`. */
  tick(now: number): void;
  /** Once, after all inputs ended: watermark +Infinity was given before. A barrier may still follow. */
  end(): void;
  /** Sends partly filled output batches; the host calls it when its inputs are empty and before anything that must not overtake rows. */
  flush(): void;
  /** Elements wait for answers from outside. An input that has ended is at its end only when none does. */
  readonly waiting: boolean;
  /** The next processing-time timer in epoch ms, Infinity if none; −Infinity: answers have come. */
  readonly nextTimer: number;
  readonly metrics: SubtaskMetrics;
  /** What its operators keep of a key, by operator. Between frames only. */
  holdings(key: unknown, hash: number): ReadonlyMap<string, KeyHoldings>;
  close(): void;
}

/** Encodes the state as it was at the barrier, piece by piece, between batches. */
export interface SnapshotCursor {
  /** The next chunk, or undefined at the end. One call takes at most a few ms. */
  next(): StateChunk | undefined;
}

/** What the host gives to a subtask. Calls are synchronous; a batch belongs to the callee until the call returns (copy what you keep). */
export interface SubtaskOutput {
  /** `output` indexes Task.outputs; `target` is the downstream subtask (0 for sinks). */
  data(output: number, target: number, batch: Batch): void;
  /** To all targets of all task outputs. Comes after the rows that it released. */
  watermark(time: number): void;
  status(status: "active" | "idle"): void;
}

/** Counters with Flink's names; updated per batch, read by the host at any time. */
export interface SubtaskMetrics {
  numRecordsIn: number;
  numRecordsOut: number;
  numLateRecordsDropped: number;
  numRecordsSkipped: number;
  numRecordsDeadLettered: number;
  currentInputWatermark: number;
  currentOutputWatermark: number;
  /** Per operator of the chain, in chain order. */
  readonly operators: readonly OperatorMetrics[];
}

export interface OperatorMetrics {
  readonly name: string;
  readonly numRecordsIn: number;
  readonly numRecordsOut: number;
  /** When its next window or timer fires in event time; Infinity: none waits. */
  readonly nextEventTime?: number | undefined;
  /** What it has refused as late; undefined: it refuses nothing. */
  readonly drops?: LateDrops | undefined;
  /** What it keeps now; undefined: nothing. */
  readonly size?: () => OperatorSize | undefined;
  /** Elements that its function threw on. */
  readonly losses: Readonly<StepLosses>;
  /** What the user's function counts. */
  readonly user?: UserMetrics | undefined;
}

/** Thrown out of any frame when user code or state failed and the policy is "fail". The host fails the job with it. */
export interface OperatorFailure {
  readonly operator: string;
  /** JSON text of the key, if keyed. */
  readonly key: string | undefined;
  readonly split: string | undefined;
  readonly offset: number | undefined;
  readonly cause: unknown;
}
