// Entries of operator (non-keyed) state in a checkpoint. Every chunk says which subtask of how many wrote it; at a restore every subtask
// gets the chunks of all, in one order, and takes its share: its own when there are as many subtasks as before, otherwise by turns.
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import { StateRestoreError } from "../state/state-restore-error.ts";
import type { StateChunk } from "../subtask/subtask.ts";

const VERSION = 1;
/** A chunk is closed when it has so many bytes. */
const CHUNK_BYTES = 64 * 1024;

export interface Writer {
  readonly operator: string;
  readonly index: number;
  readonly parallelism: number;
}

/** Chunks of a list of entries, encoded one chunk per call. Format: u8 version, int32 index, int32 parallelism, int32 count, then (int32 length, bytes)*. */
export class EntryChunks<T> {
  readonly #writer: Writer;
  readonly #name: string;
  readonly #entries: readonly T[];
  readonly #encode: (entry: T) => Uint8Array;
  #at = 0;

  /** `encode` may return a view that the next call overwrites. */
  constructor(writer: Writer, name: string, entries: readonly T[], encode: (entry: T) => Uint8Array) {
    this.#writer = writer;
    this.#name = name;
    this.#entries = entries;
    this.#encode = encode;
  }

  next(): StateChunk | undefined {
    if (this.#at >= this.#entries.length) return undefined;
    const { operator, index, parallelism } = this.#writer;
    const out = new ByteWriter(1024);
    out.uint8(VERSION);
    out.int32(index);
    out.int32(parallelism);
    const count = out.reserve(4);
    const first = this.#at;
    while (this.#at < this.#entries.length && out.length < CHUNK_BYTES) {
      const bytes = this.#encode(this.#entries[this.#at++]!);
      out.int32(bytes.length);
      out.bytes(bytes);
    }
    out.patchInt32(count, this.#at - first);
    return { operator, address: { kind: "operator-state", name: this.#name, entry: index }, bytes: out.take() };
  }
}

/** Who takes which entries of a restored state. */
export type Share = "split" | "union" | "same";

/** Hands out the restored entries of one state that belong to this subtask. */
export class EntryShare {
  readonly #index: number;
  readonly #parallelism: number;
  readonly #share: Share;
  #seen = 0;

  /** "same": every subtask wrote the same, and takes what one of them wrote. */
  constructor(index: number, parallelism: number, share: Share) {
    this.#index = index;
    this.#parallelism = parallelism;
    this.#share = share;
  }

  read(chunk: StateChunk, take: (entry: Uint8Array) => void): void {
    const reader = new ByteReader(chunk.bytes);
    const version = reader.uint8();
    if (version !== VERSION)
      throw new StateRestoreError("STATE_VERSION", `State of '${chunk.operator}' of version ${version} was written by a newer Millrace.`);
    const index = reader.int32();
    const parallelism = reader.int32();
    const count = reader.int32();
    for (let entry = 0; entry < count; entry++) {
      const bytes = reader.bytes(reader.int32());
      if (this.#isMine(index, parallelism)) take(bytes);
    }
  }

  #isMine(index: number, parallelism: number): boolean {
    if (this.#share === "union") return true;
    if (this.#share === "same") return index === this.#index % parallelism;
    if (parallelism === this.#parallelism) return index === this.#index;
    return this.#seen++ % this.#parallelism === this.#index;
  }
}
