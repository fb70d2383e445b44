// The state of one key, out of a savepoint: the chunks of the operator are restored into a store of their own and read by the handle that
// user code would have.
import { DirectoryCheckpointStore } from "../../engine/checkpoint/directory-checkpoint-store.ts";
import { hashOfKey } from "../../engine/state/key-hash.ts";
import { KeyedStore } from "../../engine/state/keyed-store.ts";
import { restoreChunk } from "../../engine/state/restore-chunk.ts";
import type { Files } from "../../env/files.ts";
import type { StateSpec, StreamGraph } from "../../stream/graph.ts";
import { PipelineError } from "../../stream/pipeline-error.ts";
import type { ListState, MapState, ValueState } from "../../stream/state.ts";

export interface StateQuery {
  readonly operator: string;
  readonly state: string;
  readonly key: unknown;
}

/** A value (undefined: none), an array for list state, a Map for map state. Throws BAD_ARGUMENT for names that do not exist. */
export async function readState(
  files: Files,
  graph: StreamGraph,
  savepoint: string,
  maxParallelism: number,
  query: StateQuery,
): Promise<unknown> {
  const specs = specsOf(graph, query.operator);
  const index = specs.findIndex(({ name }) => name === query.state);
  if (index < 0)
    throw bad(`operator "${query.operator}" declares no state "${query.state}"; it declares ${shown(specs.map(({ name }) => name))}`);
  const store = new KeyedStore(specs, maxParallelism);
  const checkpoints = new DirectoryCheckpointStore(files, savepoint, graph.name);
  for await (const chunk of checkpoints.chunks(await checkpoints.load(savepoint)))
    if (chunk.operator === query.operator && chunk.address.kind === "key-group")
      restoreChunk(query.operator, store, chunk.address.group, chunk.bytes, () => {});
  store.select(query.key, hashOfKey(query.key));
  const handle: unknown = store.handles[index];
  const { kind } = specs[index]!;
  if (kind === "map") return new Map((handle as MapState<unknown, unknown>).entries());
  return (handle as ValueState<unknown> | ListState<unknown>).get();
}

function specsOf(graph: StreamGraph, operator: string): readonly StateSpec[] {
  const node = graph.nodes.find(({ name }) => name === operator);
  if (node?.kind === "process") return node.process.state;
  if (node?.kind === "connect") return node.connect.process.state;
  const stateful = graph.nodes.filter(({ kind }) => kind === "process" || kind === "connect").map(({ name }) => name);
  throw bad(`there is no process function "${operator}"; there are ${shown(stateful)}`);
}

function shown(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.map((name) => `"${name}"`).join(", ");
}

function bad(reason: string): PipelineError {
  return new PipelineError("BAD_ARGUMENT", `state(operator, state, key): ${reason}.`, undefined);
}
