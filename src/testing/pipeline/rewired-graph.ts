// A pipeline's graph with other ends: its sources and sinks replaced by the test's, and a sink behind every side output. Names, types and
// hash stay, so that state is found by the same addresses.
import type { Sink, Source } from "../../stream/connector.ts";
import type { StreamGraph, StreamNode } from "../../stream/graph.ts";
import { PipelineError } from "../../stream/pipeline-error.ts";

export type SourceNode = StreamNode & { readonly kind: "source" };
export type SinkNode = StreamNode & { readonly kind: "sink" };

export interface TestEnds {
  /** undefined: the source stays. */
  source(node: SourceNode): Source<unknown> | undefined;
  sink(name: string): Sink<unknown>;
}

export function rewiredGraph(graph: StreamGraph, ends: TestEnds): StreamGraph {
  const nodes = graph.nodes.map((node): StreamNode => {
    if (node.kind === "source") return { ...node, source: ends.source(node) ?? node.source };
    if (node.kind === "sink") return { ...node, sink: ends.sink(node.name) };
    return node;
  });
  for (const { id, output, name } of sideOutputs(graph)) {
    nodes.push({
      id: nodes.length,
      name,
      kind: "sink",
      inputs: [{ from: id, output, partitioning: { kind: "forward" } }],
      output: undefined,
      onError: "fail",
      calledAt: undefined,
      parallelism: graph.nodes[id]!.parallelism,
      sink: ends.sink(name),
    } as SinkNode);
  }
  return { ...graph, nodes };
}

/** What a side output is called among the outputs of a test. */
export function sideName(operator: string, side: string): string {
  return `${operator}.${side}`;
}

/** Side outputs that something reads: others cannot be there. */
function sideOutputs(graph: StreamGraph): { readonly id: number; readonly output: string; readonly name: string }[] {
  const found = new Map<string, { id: number; output: string; name: string }>();
  for (const { inputs } of graph.nodes)
    for (const { from, output } of inputs) {
      const name = sideName(graph.nodes[from]!.name, output);
      if (output !== "main" && output !== "errors") found.set(name, { id: from, output, name });
    }
  return [...found.values()];
}

/** Throws BAD_ARGUMENT for a name that the pipeline does not have. */
export function checkNames(graph: StreamGraph, kind: "source" | "sink", names: readonly string[]): void {
  const known = graph.nodes.filter((node) => node.kind === kind).map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const shown = known.map((name) => `"${name}"`).join(", ");
  throw new PipelineError(
    "BAD_ARGUMENT",
    `testPipeline: the pipeline "${graph.name}" has no ${kind} "${unknown}"; it has ${shown}.`,
    undefined,
  );
}
