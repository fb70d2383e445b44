// Which topics a graph writes, the pipeline's results first, then side outputs, then dead letters: the console shows the first.
import type { StreamGraph, StreamNode } from "../stream/graph.ts";

export function sinkTopics(graph: StreamGraph): readonly string[] {
  const topics = graph.nodes.flatMap((node) => {
    if (node.kind !== "sink") return [];
    const described = node.sink.describe();
    const topic = typeof described === "object" && described !== null ? (described as { readonly topic?: unknown }).topic : undefined;
    return typeof topic === "string" ? [{ topic, rank: rankOf(node) }] : [];
  });
  topics.sort((a, b) => a.rank - b.rank);
  return [...new Set(topics.map(({ topic }) => topic))];
}

function rankOf(sink: StreamNode): number {
  return Math.min(...sink.inputs.map(({ output }) => (output === "main" ? 0 : output === "errors" ? 2 : 1)));
}
