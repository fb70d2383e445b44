// The broadcast state of a subtask: maps of values in memory, the same in every subtask because each sees the same elements. A value is
// copied and frozen when it is set, so what get() gives is free. Every subtask writes its copy; after a restore each takes one of them.
import { EncodeBuffer } from "../../schema/encode-buffer.ts";
import { BinaryCodec } from "../../schema/binary-row/binary-codec.ts";
import type { BroadcastStateSpec } from "../../stream/graph.ts";
import { StateRestoreError } from "../state/state-restore-error.ts";
import type { StateChunk } from "../subtask/subtask.ts";
import type { OperatorHome } from "./operator-home.ts";
import { EntryChunks, EntryShare } from "./operator-state-chunk.ts";

const PREFIX = "broadcast:";

export class BroadcastStates {
  readonly #operator: string;
  readonly #home: OperatorHome;
  readonly #maps: readonly BroadcastMap[];
  readonly #share: EntryShare;

  constructor(operator: string, specs: readonly BroadcastStateSpec[], home: OperatorHome) {
    this.#operator = operator;
    this.#home = home;
    this.#maps = specs.map((spec) => new BroadcastMap(spec));
    this.#share = new EntryShare(home.index, home.parallelism, "same");
  }

  /** For onBroadcast, by name. */
  writable(): Readonly<Record<string, BroadcastMap>> {
    return Object.fromEntries(this.#maps.map((map) => [map.name, map]));
  }

  /** For onElement, by name. */
  readable(): Readonly<Record<string, ReadonlyBroadcastMap>> {
    return Object.fromEntries(this.#maps.map((map) => [map.name, new ReadonlyBroadcastMap(map.entriesByKey)]));
  }

  snapshot(): readonly EntryChunks<[unknown, unknown]>[] {
    const writer = { operator: this.#operator, index: this.#home.index, parallelism: this.#home.parallelism };
    return this.#maps.map((map) => new EntryChunks(writer, PREFIX + map.name, [...map.entriesByKey], (entry) => map.encode(entry)));
  }

  /** False: the chunk is of another state. */
  restore(chunk: StateChunk): boolean {
    if (chunk.address.kind !== "operator-state" || !chunk.address.name.startsWith(PREFIX)) return false;
    const name = chunk.address.name.slice(PREFIX.length);
    const map = this.#maps.find((one) => one.name === name);
    if (map === undefined)
      throw new StateRestoreError(
        "NO_STATE",
        `Operator '${this.#operator}' has no broadcast state '${name}', but the checkpoint has one for it.`,
      );
    this.#share.read(chunk, (bytes) => map.restore(bytes));
    return true;
  }
}

class ReadonlyBroadcastMap {
  readonly #map: ReadonlyMap<unknown, unknown>;

  constructor(map: ReadonlyMap<unknown, unknown>) {
    this.#map = map;
  }

  get(key: unknown): unknown {
    return this.#map.get(key);
  }

  has(key: unknown): boolean {
    return this.#map.has(key);
  }

  entries(): Iterable<readonly [unknown, unknown]> {
    return this.#map.entries();
  }

  keys(): Iterable<unknown> {
    return this.#map.keys();
  }

  values(): Iterable<unknown> {
    return this.#map.values();
  }

  get size(): number {
    return this.#map.size;
  }
}

class BroadcastMap extends ReadonlyBroadcastMap {
  readonly name: string;
  readonly entriesByKey: Map<unknown, unknown>;
  readonly #keys: BinaryCodec;
  readonly #values: BinaryCodec;
  readonly #out = new EncodeBuffer();

  constructor(spec: BroadcastStateSpec) {
    const entries = new Map<unknown, unknown>();
    super(entries);
    this.entriesByKey = entries;
    this.name = spec.name;
    this.#keys = new BinaryCodec(spec.key);
    this.#values = new BinaryCodec(spec.value);
  }

  set(key: unknown, value: unknown): undefined {
    this.#keys.bytesOf(key);
    this.entriesByKey.set(key, frozen(this.#values.decode(this.#values.bytesOf(value))));
  }

  delete(key: unknown): undefined {
    this.entriesByKey.delete(key);
  }

  clear(): undefined {
    this.entriesByKey.clear();
  }

  encode([key, value]: readonly [unknown, unknown]): Uint8Array {
    this.#out.reset();
    this.#keys.encode(key, this.#out);
    this.#values.encode(value, this.#out);
    return this.#out.finish();
  }

  restore(bytes: Uint8Array): void {
    const key = this.#keys.decode(bytes);
    this.entriesByKey.set(key, frozen(this.#values.decode(bytes, this.#keys.end)));
  }
}

/** Typed arrays cannot be frozen; they are copies all the same. */
function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  for (const inside of value instanceof Map ? value.values() : Object.values(value)) frozen(inside);
  return Object.freeze(value);
}
