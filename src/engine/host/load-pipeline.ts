// Imports the user's module and builds its graph. Closures never travel: every thread does this, and the hash says whether they agree.
import type { StreamGraph } from "../../stream/graph.ts";
import { asPipeline } from "../../stream/pipeline.ts";

export class GraphDiffersError extends Error {
  readonly code = "GRAPH_DIFFERS";

  constructor(moduleUrl: string, expected: string, got: string) {
    super(
      `${moduleUrl} built another graph when it was imported again (${got.slice(0, 12)}, before ${expected.slice(0, 12)}). A pipeline module must build the same graph every time: no random names, no clock, no environment that differs between threads.`,
    );
    this.name = "GraphDiffersError";
  }
}

export async function loadPipelineGraph(moduleUrl: string, job?: string, hash?: string): Promise<StreamGraph> {
  const module = (await import(moduleUrl)) as { default?: unknown };
  const graph = asPipeline(module.default, moduleUrl).graph();
  if (hash !== undefined && graph.hash !== hash) throw new GraphDiffersError(moduleUrl, hash, graph.hash);
  if (job !== undefined && graph.name !== job) throw new GraphDiffersError(moduleUrl, job, graph.name);
  return graph;
}
