// What the benchmark's cases share: how much they are asked to do, and sources of keyed rows that are made by columns from a small
// multiplicative generator, so making them is cheap but part of the measured work. Event time is the row's due time (half load) or 1,000
// rows per millisecond (full load).
import { t, type Pipeline, type Sink, type Source } from "millrace";
import type { Batch } from "../../src/schema/batch.ts";
import { generatorSource } from "../../src/connectors/memory/index.ts";

export const KEYS = 100_000;
const ROWS_PER_MS = 1000;
const START_MS = 1_700_000_000_000;

export interface Load {
  readonly events: number;
  /** Undefined: as fast as possible. */
  readonly ratePerSecond: number | undefined;
}

export interface EngineCase {
  readonly name: string;
  /** events/s per core that the project wants. */
  readonly goal: number;
  readonly events: number;
  build(load: Load, sink: Sink<unknown>): Pipeline;
}

/** A number below 2^24 that looks random. */
export function mix(row: number): number {
  return (Math.imul(row, 0x9e3779b1) ^ (row >>> 7)) >>> 8;
}

/** At half load the timestamps are when the rows were due; at full load event time passes at 1,000 rows per ms. */
export function eventTimes(batch: Batch, times: Float64Array | undefined, first: number, rows: number, paced: boolean): void {
  if (!paced) for (let i = 0; i < rows; i++) batch.timestamps[i] = START_MS + Math.floor((first + i) / ROWS_PER_MS);
  if (times === undefined) return;
  for (let i = 0; i < rows; i++) times[i] = Math.floor(batch.timestamps[i]!);
}

const IntKeyed = t.record("IntKeyed", { key: t.long(), value: t.double(), flag: t.int() });
const StringKeyed = t.record("StringKeyed", { key: t.string(), value: t.double(), flag: t.int() });

export interface Keyed<K> {
  readonly key: K;
  readonly value: number;
  readonly flag: number;
}

export function intKeyed(load: Load): Source<Keyed<number>> {
  return generatorSource(
    IntKeyed,
    keyedColumns(load, (key, row) => ((key as { values: Float64Array }).values[row.at] = row.key)),
  );
}

const STRING_KEYS = Array.from({ length: KEYS }, (_, key) => `key-${key.toString(36).padStart(12, "0")}`);

export function stringKeyed(load: Load): Source<Keyed<string>> {
  return generatorSource(
    StringKeyed,
    keyedColumns(load, (key, row) => ((key as { values: string[] }).values[row.at] = STRING_KEYS[row.key]!)),
  );
}

function keyedColumns(load: Load, put: (column: Batch["columns"][0], row: { at: number; key: number }) => void) {
  const row = { at: 0, key: 0 };
  return {
    count: load.events,
    ...(load.ratePerSecond === undefined ? {} : { ratePerSecond: load.ratePerSecond }),
    columns(batch: Batch, first: number, rows: number) {
      const values = (batch.columns[1] as { values: Float64Array }).values;
      const flags = (batch.columns[2] as { values: Int32Array }).values;
      for (let i = 0; i < rows; i++) {
        const random = mix(first + i);
        row.at = i;
        row.key = random % KEYS;
        put(batch.columns[0]!, row);
        values[i] = random & 0xffff;
        flags[i] = random & 7;
      }
      eventTimes(batch, undefined, first, rows, load.ratePerSecond !== undefined);
    },
  };
}
