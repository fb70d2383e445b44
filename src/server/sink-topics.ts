// Which topics a graph writes: the console shows their newest records first.
import type { StreamGraph } from "../stream/graph.ts";

export function sinkTopics(graph: StreamGraph): readonly string[] {
  const topics = graph.nodes.flatMap((node) => {
    if (node.kind !== "sink") return [];
    const described = node.sink.describe();
    const topic = typeof described === "object" && described !== null ? (described as { readonly topic?: unknown }).topic : undefined;
    return typeof topic === "string" ? [topic] : [];
  });
  return [...new Set(topics)];
}
