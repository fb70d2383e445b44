// The StreamGraph: what a pipeline is, as frozen data plus the user's functions. Built by the public API, run by an engine,
// rebuilt from the same module by every worker; the hash covers topology, names, schemas and options, not function text.
import type { TypeInfo } from "../schema/type-info.ts";
import type { Json, Sink, Source } from "./connector.ts";
import type { WatermarkStrategy } from "./watermarks.ts";

export interface StreamGraph {
  readonly name: string;
  /** In topological order; a node's id is its index. */
  readonly nodes: readonly StreamNode[];
  /** Hex SHA-256 over plan(). */
  readonly hash: string;
  /** Names, kinds, schemas, options, edges; no functions. */
  readonly plan: Json;
}

/** Output 0 is "main"; declared side outputs follow; "errors" carries DeadLetter rows of operators whose policy is deadLetter. */
export interface Edge {
  readonly from: number;
  readonly output: string;
  readonly partitioning: Partitioning;
}

export type Partitioning =
  /** `strict`: asked for by the user; otherwise it becomes a rebalance where the parallelisms differ. */
  | { readonly kind: "forward"; readonly strict?: true }
  /** Round robin over all subtasks; rescale: over those that are this subtask's share. */
  | { readonly kind: "rebalance" | "rescale" }
  /** Each row to a random subtask; to all subtasks; to subtask 0. */
  | { readonly kind: "shuffle" | "broadcast" | "global" }
  | { readonly kind: "custom"; readonly partition: (element: unknown, parallelism: number) => number }
  | { readonly kind: "keyed"; readonly key: KeySelector };

/** Whether an operator runs in the loop of what feeds it: wherever possible (default), as the head of a loop, or alone. */
export type Chaining = "head" | "never";

/** `fields`: one field, or several for a composite key (an array of their values). `select`: the user's selector. */
export type KeySelector =
  | { readonly kind: "fields"; readonly fields: readonly string[] }
  | { readonly kind: "selector"; readonly select: (event: unknown) => unknown };

export type ErrorPolicy = "fail" | "skip" | "dead-letter";

interface NodeBase {
  readonly id: number;
  /** Unique in the graph. Given by the user where there is state, otherwise derived ("map-3"). */
  readonly name: string;
  readonly inputs: readonly Edge[];
  /** Type of output "main"; undefined: no schema. */
  readonly output: TypeInfo | undefined;
  readonly onError: ErrorPolicy;
  /** Where the user's code called the API: "file:line", for error messages. */
  readonly calledAt: string | undefined;
  /** Own parallelism; undefined: the job's. */
  readonly parallelism: number | undefined;
  /** undefined: wherever possible. */
  readonly chaining?: Chaining | undefined;
}

export type StreamNode =
  | (NodeBase & { readonly kind: "source"; readonly source: Source<unknown>; readonly time: EventTime | undefined })
  | (NodeBase & { readonly kind: "timestamps"; readonly time: EventTime })
  | (NodeBase & { readonly kind: "map"; readonly fn: (event: unknown) => unknown })
  | (NodeBase & { readonly kind: "filter"; readonly fn: (event: unknown) => boolean })
  | (NodeBase & { readonly kind: "flat-map"; readonly fn: (event: unknown) => Iterable<unknown> })
  | (NodeBase & { readonly kind: "process"; readonly process: ProcessSpec })
  | (NodeBase & { readonly kind: "unkeyed-process"; readonly process: UnkeyedProcessSpec })
  | (NodeBase & { readonly kind: "broadcast-connect"; readonly connect: BroadcastConnectSpec })
  | (NodeBase & { readonly kind: "map-async"; readonly async: MapAsyncSpec })
  | (NodeBase & { readonly kind: "window"; readonly window: WindowSpec })
  | (NodeBase & { readonly kind: "connect"; readonly connect: ConnectSpec })
  | (NodeBase & { readonly kind: "interval-join"; readonly join: IntervalJoinSpec })
  | (NodeBase & { readonly kind: "window-join"; readonly join: WindowJoinSpec })
  | (NodeBase & { readonly kind: "sink"; readonly sink: Sink<unknown> });

export interface EventTime {
  /** undefined: the record's own (log) timestamp. */
  readonly eventTime: ((event: unknown) => number) | undefined;
  readonly watermarks: WatermarkStrategy;
}

/** A keyed process function. `onElement(element, ctx)`, `onTimer(at, ctx)`; ctx is described in process-function.ts. */
export interface ProcessSpec {
  readonly key: KeySelector;
  readonly state: readonly StateSpec[];
  readonly side: readonly { readonly name: string; readonly type: TypeInfo | undefined }[];
  /** Once per subtask, before the first element; what it returns is ctx.local. */
  readonly open: ((ctx: unknown) => unknown) | undefined;
  /** Once per subtask, at its end, with ctx.local. */
  readonly close?: ((local: unknown) => void) | undefined;
  readonly onElement: (element: unknown, ctx: unknown) => void;
  readonly onTimer: ((at: number, ctx: unknown) => void) | undefined;
}

/** A process function without a key: no timers, and state that belongs to a subtask. */
export interface UnkeyedProcessSpec {
  readonly state: readonly OperatorStateSpec[];
  readonly side: ProcessSpec["side"];
  readonly open: ProcessSpec["open"];
  readonly close: ProcessSpec["close"];
  readonly onElement: ProcessSpec["onElement"];
}

/** State of a subtask: a list. "split": shared out among the subtasks at a restore; "union": each gets the elements of all. */
export interface OperatorStateSpec {
  readonly kind: "split" | "union";
  readonly name: string;
  readonly value: TypeInfo;
}

/** A stream and a broadcast one, whose elements fill state that every subtask has. Inputs before `otherFrom` are the stream's. */
export interface BroadcastConnectSpec {
  /** Of the stream: keyed or not. */
  readonly function:
    | { readonly kind: "keyed"; readonly process: ProcessSpec }
    | { readonly kind: "unkeyed"; readonly process: UnkeyedProcessSpec };
  readonly otherFrom: number;
  readonly broadcast: readonly BroadcastStateSpec[];
  readonly onBroadcast: (element: unknown, ctx: unknown) => void;
}

export interface BroadcastStateSpec {
  readonly name: string;
  readonly key: TypeInfo;
  readonly value: TypeInfo;
}

/** Asks `fn` for each element, at most `capacity` at a time. */
export interface MapAsyncSpec {
  readonly fn: (element: unknown, call: unknown) => unknown;
  /** Of the waiting elements, which are state. */
  readonly element: TypeInfo;
  readonly capacity: number;
  /** Of an element with all its attempts; Infinity: none. */
  readonly timeoutMs: number;
  readonly onTimeout: "fail" | ((element: unknown) => unknown);
  /** Results leave in the order of their elements; otherwise in any order between two watermarks. */
  readonly ordered: boolean;
  /** Further attempts after a failure; the pause before the first of them doubles each time up to `maxBackoffMs`. */
  readonly retries: { readonly attempts: number; readonly backoffMs: number; readonly maxBackoffMs: number };
}

/** Two keyed streams that share state and timers. Inputs before `otherFrom` are the left side's. */
export interface ConnectSpec {
  readonly process: ProcessSpec;
  readonly otherFrom: number;
  readonly onOther: (element: unknown, ctx: unknown) => void;
  /** Of a join that is made of connected streams: what it does, for the plan. */
  readonly joined?: Json;
}

/** Pairs with left.time + lowerMs ≤ right.time ≤ left.time + upperMs (whole ms). Their event time is the larger one. */
export interface IntervalJoinSpec {
  readonly key: KeySelector;
  readonly otherFrom: number;
  readonly lowerMs: number;
  readonly upperMs: number;
  readonly left: TypeInfo;
  readonly right: TypeInfo;
  readonly fn: (left: unknown, right: unknown) => unknown;
  /** Late elements leave through the side outputs "lateLeft" and "lateRight". */
  readonly lateOutputs?: boolean;
}

/** Elements of both sides in common windows: `apply` sees { left } and { right } elements. */
export interface WindowJoinSpec {
  readonly window: WindowSpec;
  readonly otherFrom: number;
  /** Pairs, or whole groups. */
  readonly of: "pairs" | "groups";
}

export type StateSpec =
  | {
      readonly kind: "value" | "list";
      readonly name: string;
      readonly value: TypeInfo;
      readonly ttl: StateTtl | undefined;
      /** Of a value to which others are added: reducing and aggregating state. */
      readonly fold?: FoldSpec | undefined;
    }
  | {
      readonly kind: "map";
      readonly name: string;
      readonly key: TypeInfo;
      readonly value: TypeInfo;
      readonly ttl: StateTtl | undefined;
      /** The keys are times, and one may come several times: the elements of a join. */
      readonly byTime?: true;
    };

/** What is kept of the values added to a state. Without `create` the first value is kept as it is. */
export interface FoldSpec {
  readonly kind: "reducing" | "aggregating";
  readonly create: (() => unknown) | undefined;
  readonly add: (kept: unknown, value: unknown) => unknown;
  readonly result: (kept: unknown) => unknown;
}

export interface StateTtl {
  readonly ms: number;
  readonly domain: "processing-time" | "event-time";
}

/** Which windows an element belongs to. Times in ms; `slide` counts elements. */
export type AssignerSpec =
  | { readonly kind: "tumbling"; readonly sizeMs: number; readonly offsetMs: number }
  | { readonly kind: "sliding"; readonly sizeMs: number; readonly slideMs: number; readonly offsetMs: number }
  | { readonly kind: "session"; readonly gapMs: number; readonly mergedOrder?: "as-merged" }
  | {
      readonly kind: "dynamic-session";
      readonly gap: (event: unknown) => number;
      readonly restarts: boolean;
      readonly mergedOrder?: "as-merged";
    }
  | { readonly kind: "cumulate"; readonly maxSizeMs: number; readonly stepMs: number; readonly offsetMs: number }
  | { readonly kind: "custom"; readonly merging: boolean; readonly assign: (event: unknown, timestamp: number) => Iterable<WindowBounds> }
  | { readonly kind: "global" }
  /** By the machine's clock instead of event time. */
  | { readonly kind: "processing-time"; readonly of: AssignerSpec };

export interface WindowBounds {
  readonly start: number;
  readonly end: number;
}

/** When a window sends its result. Every kind but "purging" leaves the window's contents where they are. */
export type TriggerSpec =
  | { readonly kind: "event-time" | "processing-time" | "never" }
  /** Once, when the window takes no more elements: after its end and the allowed lateness. */
  | { readonly kind: "at-the-end" }
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "continuous-event-time" | "continuous-processing-time"; readonly intervalMs: number }
  | {
      readonly kind: "timeout";
      readonly of: TriggerSpec;
      readonly timeoutMs: number;
      readonly resetAtElement: boolean;
      readonly clearOnTimeout: boolean;
    }
  | {
      readonly kind: "custom";
      readonly state: TypeInfo | undefined;
      readonly onElement: (element: unknown, ctx: unknown) => unknown;
      readonly onEventTime: ((at: number, ctx: unknown) => unknown) | undefined;
      readonly onProcessingTime: ((at: number, ctx: unknown) => unknown) | undefined;
      readonly merge: ((a: unknown, b: unknown) => unknown) | undefined;
      readonly onMerge: ((ctx: unknown) => void) | undefined;
    }
  | { readonly kind: "delta"; readonly threshold: number; readonly delta: (last: unknown, current: unknown) => number }
  | { readonly kind: "purging"; readonly of: TriggerSpec };

/** What leaves a window before or after its function sees it. */
export type EvictorSpec = { readonly after: boolean } & (
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "time"; readonly keepMs: number }
  | { readonly kind: "delta"; readonly threshold: number; readonly delta: (element: unknown, last: unknown) => number }
);

export interface WindowSpec {
  readonly key: KeySelector;
  readonly assigner: AssignerSpec;
  /** undefined: event time, or never for global windows. */
  readonly trigger: TriggerSpec | undefined;
  readonly evictor: EvictorSpec | undefined;
  readonly allowedLatenessMs: number;
  /** Of the elements that the window takes in; undefined: no schema, and then none are kept. */
  readonly element: TypeInfo | undefined;
  /** Result fields in order. Rows are { key, window: { start, end }, ...fields } with timestamp end − 1. Empty with `apply`. */
  readonly aggregates: readonly AggregateSpec[];
  /** Instead of aggregates. */
  readonly apply: WindowApply | undefined;
  /** Side output of late elements, if declared. */
  readonly lateOutput: string | undefined;
}

/** `process` sees all elements and emits through its context. Window states end with their window, global ones belong to the key. */
export type WindowApply =
  | { readonly kind: "reduce"; readonly fn: (a: unknown, b: unknown) => unknown }
  | ({
      readonly kind: "process";
      readonly fn: (elements: readonly unknown[], ctx: unknown) => void;
      readonly windowState: readonly StateSpec[];
      readonly globalState: readonly StateSpec[];
      readonly onClear: ((ctx: unknown) => void) | undefined;
    } & Pick<ProcessSpec, "side" | "open" | "close">);

export interface AggregateSpec {
  readonly name: string;
  readonly kind: "count" | "sum" | "avg" | "min" | "max" | "first" | "last" | "collect" | "collect-set" | "custom";
  /** What is aggregated: a field, a lambda, or nothing (count). */
  readonly of:
    | { readonly kind: "field"; readonly field: string }
    | { readonly kind: "lambda"; readonly fn: (event: unknown) => unknown }
    | undefined;
  /** Type of kept values (first, last, collect) or of the custom accumulator; result type in `result`. */
  readonly kept: TypeInfo | undefined;
  readonly result: TypeInfo;
  readonly custom:
    | {
        create(): unknown;
        add(acc: unknown, event: unknown): unknown;
        result(acc: unknown): unknown;
        merge?(a: unknown, b: unknown): unknown;
      }
    | undefined;
  /** A "custom" aggregate made of a field. */
  readonly best?: { readonly of: "min" | "max"; readonly field: string } | undefined;
}

/** A row of an "errors" output. `topic` is "" and partition, offset and timestamp −1 where they are not known (any more). */
export interface DeadLetter {
  readonly operator: string;
  readonly error: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  /** The record's key and value as text (JSON of the element inside the pipeline). Bytes that are not UTF-8 are base64 with the prefix "base64:". */
  readonly key: string;
  readonly value: string;
  /** Where the user's function threw: path:line:column. Absent if it did not, or threw something without a stack. */
  readonly place?: string | undefined;
}
