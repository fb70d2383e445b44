// Which upstream subtasks feed which downstream subtask: a forward edge between equal parallelisms joins equal indexes, every other
// edge joins all with all, but for rescale (partitioner.ts). A channel's number is its place in the list of its subtask.
import type { JobGraph, Task, TaskInput } from "../job-graph.ts";
import { isConnected } from "./partitioner.ts";

export interface ChannelOrigin {
  readonly port: number;
  readonly task: number;
  readonly subtask: number;
  /** Index into the upstream task's outputs. */
  readonly output: number;
}

export function channelsOf(graph: JobGraph, task: Task, subtask: number): readonly ChannelOrigin[] {
  return task.inputs.flatMap((input, port) =>
    upstreamSubtasks(graph, task, input, subtask).map((upstream) => ({
      port,
      task: input.fromTask,
      subtask: upstream,
      output: input.fromOutput,
    })),
  );
}

function upstreamSubtasks(graph: JobGraph, task: Task, input: TaskInput, subtask: number): readonly number[] {
  const parallelism = graph.tasks[input.fromTask]!.parallelism;
  const { kind } = input.edge.partitioning;
  const all = Array.from({ length: parallelism }, (_, index) => index);
  return all.filter((upstream) => isConnected(kind, upstream, parallelism, subtask, task.parallelism));
}
