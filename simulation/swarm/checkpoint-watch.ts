// The job's checkpoints as its disk shows them: when each became durable, and, in the end, the state that each holds.
import { DirectoryCheckpointStore } from "../../src/engine/checkpoint/directory-checkpoint-store.ts";
import { hashOfKey } from "../../src/engine/state/key-hash.ts";
import { KeyedStore } from "../../src/engine/state/keyed-store.ts";
import { restoreChunk } from "../../src/engine/state/restore-chunk.ts";
import type { Env } from "../../src/env/env.ts";
import type { StreamGraph } from "../../src/stream/graph.ts";
import type { ValueState } from "../../src/stream/state.ts";
import type { Operation } from "../../src/testing/simulation/sim-files.ts";
import type { CheckpointState, KeyState } from "../checkers/checkpoint-checker.ts";
import { ALL_KEYS } from "./programs.ts";
import { IN_TOPIC, SUM_OPERATOR } from "./simulated-pipeline.ts";

const MAX_PARALLELISM = 128;

export class CheckpointWatch {
  readonly #now: () => number;
  readonly #renamed = new Set<number>();
  readonly #durableAt = new Map<number, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A manifest gets its name and then its directory is flushed: when that begins it is not durable yet. */
  observe({ kind, path }: Operation): void {
    const [, text, rest] = /\/chk-([0-9]+)(\/manifest\.tmp)?$/.exec(path) ?? [];
    if (text === undefined) return;
    const id = Number(text);
    if (kind === "rename" && rest !== undefined) this.#renamed.add(id);
    else if (kind === "syncDirectory" && this.#renamed.delete(id)) this.#durableAt.set(id, this.#now());
  }

  /** All that are on the disk, in order. */
  async read(env: Env, graph: StreamGraph, directory: string): Promise<CheckpointState[]> {
    const store = new DirectoryCheckpointStore(env.files, directory, graph.name);
    const states: CheckpointState[] = [];
    for (const id of await store.list()) {
      const point = await store.load(`${directory}/${encodeURIComponent(graph.name)}/chk-${id}`);
      const keyed = new KeyedStore(specsOf(graph), MAX_PARALLELISM);
      for await (const { operator, address, bytes } of store.chunks(point))
        if (operator === SUM_OPERATOR && address.kind === "key-group") restoreChunk(operator, keyed, address.group, bytes, () => {});
      const positions = new Map<number, number>();
      for (const [split, position] of Object.entries(point.manifest.sources["in"] ?? {}))
        positions.set(Number(split.slice(IN_TOPIC.length + 1)), (position as { offset: number }).offset);
      states.push({ id, positions, keys: keysOf(keyed, graph), durableAt: this.#durableAt.get(id) });
    }
    return states;
  }
}

function specsOf(graph: StreamGraph) {
  const node = graph.nodes.find(({ name }) => name === SUM_OPERATOR);
  if (node?.kind !== "process") throw new Error(`The pipeline has no process function "${SUM_OPERATOR}".`);
  return node.process.state;
}

function keysOf(store: KeyedStore, graph: StreamGraph): KeyState[] {
  const names = specsOf(graph).map(({ name }) => name);
  const value = (name: string): number | undefined => (store.handles[names.indexOf(name)] as unknown as ValueState<number>).get();
  return ALL_KEYS.flatMap((key) => {
    store.select(key, hashOfKey(key));
    const count = value("count");
    return count === undefined ? [] : [{ key, count, sum: value("sum") ?? 0, hash: value("hash") ?? 0 }];
  });
}
