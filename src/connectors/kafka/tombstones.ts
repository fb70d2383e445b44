// Records without a value, by which a compacted topic says that a key is gone: a source passes over them, holds them for bad records, or makes
// rows of their keys. Invariant: a record that has neither key nor value is never a row, for it says nothing.
import type { BatchReader } from "../../protocol/records/batch-reader.ts";
import { NO_TIMESTAMP } from "../../schema/batch.ts";
import type { BatchBuilder } from "../../schema/batch-builder.ts";
import { SchemaError } from "../../schema/schema-error.ts";
import type { DeepReadonly } from "../../stream/state.ts";
import type { KeyCheck } from "./key-check.ts";
import type { Headers } from "./registry-values.ts";
import type { TextKey } from "./topic-key.ts";

/** A key as a source reads it: text without keyFormat, otherwise a value of the key's type. */
export type SourceKey<K> = unknown extends K ? unknown : [TextKey] extends [K] ? string : DeepReadonly<K>;

/** Makes a row of a deleted key; undefined: none. `V`: the topic's values. */
export type RowOfKey<V, K> = (key: SourceKey<K>) => V | undefined;

export type DeletedRow = (key: unknown) => unknown;

const text = new TextDecoder("utf-8", { fatal: true });

/** What is wrong with the option; undefined: nothing. */
export function badTombstones(given: unknown): string | undefined {
  if (given === "skip" || given === "error" || typeof given === "function") return undefined;
  return `tombstones is one of "skip", "error", or a function that makes a row of the key, not ${JSON.stringify(given) ?? String(given)}`;
}

export class TombstoneReader {
  readonly #make: DeletedRow;
  readonly #keys: KeyCheck | undefined;

  /** `keys` undefined: keys are text. */
  constructor(make: DeletedRow, keys: KeyCheck | undefined) {
    this.#make = make;
    this.#keys = keys;
  }

  /** Appends the row of the record under `records`, if there is one; or answers what must be waited for first. Throws SchemaError. */
  read(builder: BatchBuilder, records: BatchReader, bytes: Uint8Array, headers: Headers | undefined): Promise<void> | undefined {
    const { keyStart, keyEnd, timestamp } = records;
    if (keyStart < 0) return undefined;
    const waiting = this.#keys?.check(bytes, keyStart, keyEnd, headers);
    if (waiting !== undefined) return waiting;
    const row = this.#rowOf(this.#keys === undefined ? textOf(bytes, keyStart, keyEnd) : this.#keys.value());
    if (row === undefined || row === null) return undefined;
    try {
      builder.append(row, timestamp < 0 ? NO_TIMESTAMP : timestamp);
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error;
      const { path, expected, got } = error;
      throw new SchemaError({ path, expected, got: `${got} in the row that tombstones() made` });
    }
    return undefined;
  }

  #rowOf(key: unknown): unknown {
    try {
      return this.#make(key);
    } catch (error) {
      throw new SchemaError({ path: "", expected: "tombstones() to make a row", got: `an error: ${String(error)}` });
    }
  }
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  try {
    return text.decode(bytes.subarray(start, end));
  } catch {
    throw new SchemaError({ path: "the key", expected: "text in UTF-8", got: "other bytes" }, 0);
  }
}
