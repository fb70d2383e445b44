// Which upstream subtasks feed which downstream subtask: a forward edge between equal parallelisms joins equal indexes, every other
// edge joins all with all. A channel's number is its place in the list of its subtask.
import type { JobGraph, Task, TaskInput } from "../job-graph.ts";

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
  if (input.edge.partitioning.kind === "forward" && parallelism === task.parallelism) return [subtask];
  return Array.from({ length: parallelism }, (_, index) => index);
}
