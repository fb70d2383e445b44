// What the coordinator and a host say to each other. Plain data only: the same messages cross a thread boundary or a function call.
import type { Json } from "../../stream/connector.ts";
import type { Partitioning } from "../../stream/graph.ts";
import type { HostSnapshot, RestorePoint } from "../checkpoint/checkpoint-manifest.ts";
import type { UserMetric } from "../operators/user-metrics.ts";
import type { JobFailure } from "../coordinator/job-failure.ts";

/** Everything a host needs besides the graph and its Env. */
export interface Deployment {
  readonly job: string;
  readonly graphHash: string;
  readonly parallelism: number;
  readonly maxParallelism: number;
  /** Directory of all jobs' checkpoints; undefined: the job takes none. */
  readonly checkpointDirectory: string | undefined;
  readonly restore: RestorePoint | undefined;
  readonly settings: Readonly<Record<string, string>>;
  /** Read to the end of what is there now, then finish. */
  readonly drain: boolean;
  readonly statusIntervalMs: number;
  readonly discoveryIntervalMs: number;
  readonly codegen: "auto" | "off";
}

export type HostCommand =
  /** Take checkpoint `id`; `suspend`: no rows are read after its barrier. */
  | { readonly kind: "trigger"; readonly id: number; readonly suspend: boolean }
  /** Checkpoint `id` is durable. */
  | { readonly kind: "complete"; readonly id: number }
  | { readonly kind: "abort"; readonly id: number }
  | { readonly kind: "drain" }
  /** What do operators keep of any of these keys? */
  | { readonly kind: "look-at-key"; readonly question: number; readonly keys: readonly unknown[] }
  /** Stop reading, close everything, answer "closed". */
  | { readonly kind: "close" };

export type HostEvent =
  | { readonly kind: "running" }
  | { readonly kind: "acknowledged"; readonly id: number; readonly snapshot: HostSnapshot }
  | { readonly kind: "declined"; readonly id: number; readonly reason: string }
  /** All sinks have made checkpoint `id` visible. */
  | { readonly kind: "committed"; readonly id: number }
  /** All inputs have ended and every operator has finished. */
  | { readonly kind: "ended" }
  | { readonly kind: "failed"; readonly failure: JobFailure }
  | { readonly kind: "status"; readonly report: HostReport }
  | { readonly kind: "key-found"; readonly question: number; readonly reports: readonly KeyReport[] }
  /** Last. */
  | { readonly kind: "closed" };

export interface HostReport {
  readonly operators: readonly OperatorStatus[];
  readonly splits: readonly SplitReport[];
}

export interface OperatorStatus {
  readonly id: number;
  readonly name: string;
  readonly kind: string;
  /** Ids of the operators that feed it. */
  readonly inputs: readonly number[];
  readonly parallelism: number;
  /** How elements come from each of `inputs`. */
  readonly edges: readonly EdgeStatus[];
  /** Operators with the same one run in one loop; −1: a sink. */
  readonly chain: number;
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly recordsInPerSecond: number;
  readonly recordsOutPerSecond: number;
  /** Epoch ms; null: none yet (−Infinity) or at the end (+Infinity, then `ended`). */
  readonly watermark: number | null;
  /** Epoch ms of event time at which its next window or timer fires; null: none waits, or it has none. */
  readonly nextEventTime: number | null;
  /** Of windows that send one result, when their allowed lateness is over (`emit: "final"`): how long that is. */
  readonly finalAfterMs?: number;
  readonly lateDropped: number;
  /** Of what was dropped: how far behind the watermark the worst was, and the last few. Left out if nothing was. */
  readonly late?: LateReport;
  /** Elements that its function threw on. */
  readonly skipped: number;
  readonly deadLettered: number;
  /** What was thrown last on one of those, with the place in the user's file. Left out if nothing was. */
  readonly lastError?: string;
  /** Keys of which it keeps something. Left out for operators without state. */
  readonly keptKeys?: number;
  readonly subtasks?: readonly SubtaskStatus[];
  /** Shares of the time since the last report, 0 to 1; together at most 1. */
  readonly busyRatio: number;
  readonly backpressuredRatio: number;
  readonly idleRatio: number;
  /** What the user's function counts, over all subtasks: counters and gauges are sums. Left out if there is nothing. */
  readonly metrics?: readonly UserMetric[];
}

export interface LateReport {
  readonly worstMs: number;
  /** `element` as JSON, cut. */
  readonly samples: readonly { readonly element: string; readonly timestamp: number; readonly watermark: number }[];
}

/** Of one operator in one subtask; the shares of time are those of the whole chain there. */
export interface SubtaskStatus {
  readonly index: number;
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly recordsInPerSecond: number;
  readonly recordsOutPerSecond: number;
  readonly inputWatermark: number | null;
  readonly outputWatermark: number | null;
  readonly lateDropped: number;
  readonly timers: number;
  readonly windows: number;
  readonly stateBytes: number;
  readonly busyRatio: number;
  readonly backpressuredRatio: number;
  readonly idleRatio: number;
}

/** What one operator of one subtask keeps of a key. Values are JSON. */
export interface KeyReport {
  readonly operator: string;
  readonly subtask: number;
  readonly key: string;
  readonly state: Readonly<Record<string, string>>;
  /** Epoch ms, ascending. */
  readonly eventTimers: readonly number[];
  readonly processingTimers: readonly number[];
  readonly windows: readonly { readonly start: number; readonly end: number }[];
}

export interface EdgeStatus {
  readonly from: number;
  /** "main", or the name of a side output. */
  readonly output: string;
  /** "chained": inside one loop, whatever the pipeline says. */
  readonly partitioning: Partitioning["kind"] | "chained";
}

export interface SplitReport {
  readonly source: string;
  readonly split: string;
  readonly position: Json;
  readonly status: "active" | "idle" | "finished";
  /** Epoch ms; what this split alone allows. null: nothing yet. */
  readonly watermark: number | null;
  /** Not read, because it is ahead of its alignment group. */
  readonly ahead?: true;
  /** Records behind the end of its log; null: unknown. */
  readonly pending: number | null;
  /** Records without a value since the split was opened; left out where there were none. */
  readonly tombstones?: number;
}

/** The main thread's side of a host. */
export interface HostHandle {
  send(command: HostCommand): void;
  /** Resolves when nothing of the host runs any more. Idempotent. */
  kill(): Promise<void>;
}

/** Starts a host; events come asynchronously and end with "closed" or kill(). */
export type StartHost = (deployment: Deployment, onEvent: (event: HostEvent) => void) => HostHandle;
