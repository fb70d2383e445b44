// Cuts a StreamGraph into tasks. A node stays in its input's chain when rows need not change subtask: a forward edge between equal
// parallelisms, or any edge when both sides run once; a node with several inputs, timestamps in mid-stream
// and calls whose results come later begin a task of their own (so a task has one watermark). Sinks are outputs of tasks, never tasks.
import type { TypeInfo } from "../schema/type-info.ts";
import type { Edge, StreamGraph, StreamNode } from "../stream/graph.ts";
import { PipelineError } from "../stream/pipeline-error.ts";
import type { JobGraph, SinkNode, Task, TaskInput, TaskOutput } from "./job-graph.ts";
import { outputType } from "./operators/output-type.ts";
import { DEFAULT_MAX_PARALLELISM } from "./state/key-group.ts";

export interface JobGraphOptions {
  readonly parallelism: number;
  /** Number of key groups; cannot change once there is a savepoint. */
  readonly maxParallelism?: number;
}

interface Draft {
  readonly id: number;
  readonly parallelism: number;
  readonly nodes: StreamNode[];
  readonly inputs: TaskInput[];
  readonly outputs: TaskOutput[];
}

/** Throws a RangeError when a parallelism is not between 1 and maxParallelism. */
export function buildJobGraph(graph: StreamGraph, options: JobGraphOptions): JobGraph {
  const maxParallelism = options.maxParallelism ?? DEFAULT_MAX_PARALLELISM;
  const builder = new Builder(graph, options.parallelism, maxParallelism);
  for (const node of graph.nodes) builder.add(node);
  return { name: graph.name, hash: graph.hash, maxParallelism, tasks: builder.drafts.map(freezeTask) };
}

function freezeTask(draft: Draft): Task {
  return { ...draft, name: draft.nodes.map((node) => node.name).join(" -> ") };
}

class Builder {
  readonly drafts: Draft[] = [];
  readonly #graph: StreamGraph;
  readonly #parallelism: number;
  readonly #maxParallelism: number;
  /** Which task a node is in. */
  readonly #taskOf = new Map<number, Draft>();

  constructor(graph: StreamGraph, parallelism: number, maxParallelism: number) {
    this.#graph = graph;
    this.#parallelism = parallelism;
    this.#maxParallelism = maxParallelism;
    this.#checkParallelism("the job", parallelism);
  }

  add(node: StreamNode): void {
    if (node.kind === "sink") return this.#addSink(node);
    const parallelism = node.parallelism ?? this.#parallelism;
    this.#checkParallelism(`operator '${node.name}'`, parallelism);
    const upstream = this.#chainTarget(node, parallelism);
    const draft = upstream ?? this.#newTask(node, parallelism);
    draft.nodes.push(node);
    this.#taskOf.set(node.id, draft);
  }

  /** The task whose chain the node joins, or undefined. */
  #chainTarget(node: StreamNode, parallelism: number): Draft | undefined {
    const edge = node.inputs[0];
    if (edge === undefined || node.inputs.length > 1 || isAlwaysHead(node)) return undefined;
    if (node.chaining !== undefined || this.#graph.nodes[edge.from]!.chaining === "never") return undefined;
    const draft = this.#task(edge.from);
    if (draft.parallelism !== parallelism) return undefined;
    return edge.partitioning.kind === "forward" || parallelism === 1 ? draft : undefined;
  }

  #newTask(node: StreamNode, parallelism: number): Draft {
    const draft: Draft = { id: this.drafts.length, parallelism, nodes: [], inputs: [], outputs: [] };
    this.drafts.push(draft);
    node.inputs.forEach((edge, port) => {
      const from = this.#task(edge.from);
      const type = this.#type(edge);
      const routed =
        edge.partitioning.kind === "forward" && from.parallelism !== parallelism ? this.#rebalanced(edge, node, parallelism) : edge;
      draft.inputs.push({ fromTask: from.id, fromOutput: from.outputs.length, edge: routed, type });
      const ordered = hasTwoStreams(node) ? ({ ordered: true } as const) : {};
      const target = { kind: "task", task: draft.id, port, parallelism, edge: routed, ...ordered } as const;
      from.outputs.push({ node: edge.from, output: edge.output, type, target });
    });
    return draft;
  }

  #addSink(node: SinkNode): void {
    const { nodes } = this.#graph;
    const deadLetters = nodes.find((other) => other.kind === "sink" && other.inputs.some(({ from }) => from === node.id)) as
      | SinkNode
      | undefined;
    const target = { kind: "sink", node, ...(deadLetters === undefined ? {} : { deadLetters }) } as const;
    for (const edge of node.inputs) {
      if (nodes[edge.from]!.kind === "sink") continue;
      this.#task(edge.from).outputs.push({ node: edge.from, output: edge.output, type: this.#type(edge), target });
    }
  }

  #rebalanced(edge: Edge, node: StreamNode, parallelism: number): Edge {
    if (edge.partitioning.kind === "forward" && edge.partitioning.strict === true) {
      const from = this.#graph.nodes[edge.from]!;
      throw new RangeError(
        `forward() from '${from.name}' to '${node.name}' needs one parallelism for both, not ${this.#task(from.id).parallelism} and ${parallelism}. Make them equal, or take rebalance().`,
      );
    }
    return { ...edge, partitioning: { kind: "rebalance" } };
  }

  #type(edge: Edge): TypeInfo | undefined {
    return outputType(this.#graph.nodes, edge.from, edge.output);
  }

  #task(node: number): Draft {
    const draft = this.#taskOf.get(node);
    if (draft === undefined) throw new Error(`Node ${node} is used before it is defined: a stream graph is in topological order.`);
    return draft;
  }

  #checkParallelism(what: string, parallelism: number): void {
    if (Number.isInteger(parallelism) && parallelism >= 1 && parallelism <= this.#maxParallelism) return;
    throw new PipelineError(
      "BAD_ARGUMENT",
      `The parallelism of ${what} must be a whole number from 1 to ${this.#maxParallelism} (its max parallelism), not ${parallelism}.`,
    );
  }
}

/** Timestamps in mid-stream, and what lets elements wait: behind them the watermark is another one. */
function isAlwaysHead({ kind }: StreamNode): boolean {
  return kind === "timestamps" || kind === "map-async";
}

export function hasTwoStreams({ kind }: StreamNode): boolean {
  return kind === "connect" || kind === "broadcast-connect" || kind === "interval-join" || kind === "window-join";
}
