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
  | { readonly kind: "forward" }
  | { readonly kind: "rebalance" }
  | { readonly kind: "keyed"; readonly key: KeySelector };

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
}

export type StreamNode =
  | (NodeBase & { readonly kind: "source"; readonly source: Source<unknown>; readonly time: EventTime | undefined })
  | (NodeBase & { readonly kind: "timestamps"; readonly time: EventTime })
  | (NodeBase & { readonly kind: "map"; readonly fn: (event: unknown) => unknown })
  | (NodeBase & { readonly kind: "filter"; readonly fn: (event: unknown) => boolean })
  | (NodeBase & { readonly kind: "flat-map"; readonly fn: (event: unknown) => Iterable<unknown> })
  | (NodeBase & { readonly kind: "process"; readonly process: ProcessSpec })
  | (NodeBase & { readonly kind: "window"; readonly window: WindowSpec })
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
  readonly open: ((ctx: unknown) => void) | undefined;
  readonly onElement: (element: unknown, ctx: unknown) => void;
  readonly onTimer: ((at: number, ctx: unknown) => void) | undefined;
}

export type StateSpec =
  | { readonly kind: "value" | "list"; readonly name: string; readonly value: TypeInfo; readonly ttl: StateTtl | undefined }
  | { readonly kind: "map"; readonly name: string; readonly key: TypeInfo; readonly value: TypeInfo; readonly ttl: StateTtl | undefined };

export interface StateTtl {
  readonly ms: number;
  readonly domain: "processing-time" | "event-time";
}

export interface WindowSpec {
  readonly key: KeySelector;
  readonly assigner: { readonly kind: "tumbling"; readonly sizeMs: number; readonly offsetMs: number };
  readonly allowedLatenessMs: number;
  /** Result fields in order. Rows are { key, window: { start, end }, ...fields } with timestamp end − 1. */
  readonly aggregates: readonly AggregateSpec[];
  /** Side output of late elements, if declared. */
  readonly lateOutput: string | undefined;
}

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
}
