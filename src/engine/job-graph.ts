// The JobGraph: the StreamGraph cut into tasks. A task is a chain (a tree) of operators that one subtask runs as one loop.
// Cuts are made where rows change subtask: keyed and rebalance edges, unless both sides have parallelism 1 and the edge is the
// target's only input (then the key is computed inside the loop and no batch is built).
import type { TypeInfo } from "../schema/type-info.ts";
import type { Edge, StreamNode } from "../stream/graph.ts";

export interface JobGraph {
  readonly name: string;
  readonly hash: string;
  /** Number of key groups. */
  readonly maxParallelism: number;
  /** Topological order; a task's id is its index. */
  readonly tasks: readonly Task[];
}

export interface Task {
  readonly id: number;
  /** Operator names joined with " -> ". */
  readonly name: string;
  readonly parallelism: number;
  /** The chain in topological order. nodes[0] is the head (a source for source tasks). Sinks are not in the chain: they are outputs. */
  readonly nodes: readonly StreamNode[];
  /** Input ports of the head; empty for a source task. Watermarks combine over all (port, upstream subtask) channels. */
  readonly inputs: readonly TaskInput[];
  /** Where rows leave: to another task, or to a sink's writer. The index is the `output` of SubtaskOutput.data. */
  readonly outputs: readonly TaskOutput[];
}

export interface TaskInput {
  readonly fromTask: number;
  /** Index in the outputs of `fromTask`. */
  readonly fromOutput: number;
  readonly edge: Edge;
  /** Of the rows that arrive here; undefined: no schema. */
  readonly type: TypeInfo | undefined;
}

export interface TaskOutput {
  /** Id (in the StreamGraph) of the node of this chain whose output it is, and which one ("main", a side output, "errors"). */
  readonly node: number;
  readonly output: string;
  /** Of the rows that leave here; undefined: no schema. */
  readonly type: TypeInfo | undefined;
  /**
   * `parallelism` is the target's: it decides which of its subtasks gets a row. `ordered`: the target has two streams, and rows of both
   * that come from one subtask stay in their order, so that lateness is the same at every parallelism.
   */
  readonly target:
    | {
        readonly kind: "task";
        readonly task: number;
        readonly port: number;
        readonly parallelism: number;
        readonly edge: Edge;
        readonly ordered?: true;
      }
    /** `deadLetters`: where the rows go that the sink cannot write. */
    | { readonly kind: "sink"; readonly node: SinkNode; readonly deadLetters?: SinkNode };
}

export type SinkNode = StreamNode & { readonly kind: "sink" };
