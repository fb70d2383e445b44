// What the benchmark's cases share: how much they are asked to do, and sources of keyed rows that are made by columns from a small
// multiplicative generator, so making them is cheap but part of the measured work. Event time is the row's due time (half load) or 1,000
// rows per millisecond (full load).
import { t, type Pipeline, type Sink, type Source } from "millrace";
import { MAX_BATCH_ROWS, type Batch } from "../../src/schema/batch.ts";
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

const KEY_BYTES = 16;
/** The keys as ASCII, one after the other, four characters a word. */
const STRING_KEYS = new Int32Array((KEYS * KEY_BYTES) / 4);
new TextEncoder().encodeInto(
  Array.from({ length: KEYS }, (_, key) => `key-${key.toString(36).padStart(12, "0")}`).join(""),
  new Uint8Array(STRING_KEYS.buffer),
);

/** The keys come as bytes, as a decoder leaves them in a batch: the engine makes the strings. */
export function stringKeyed(load: Load): Source<Keyed<string>> {
  const arenas = new Map<number, Uint8Array>();
  const words = new Int32Array((MAX_BATCH_ROWS * KEY_BYTES) / 4);
  const offsets = Uint32Array.from({ length: MAX_BATCH_ROWS + 1 }, (_, row) => row * KEY_BYTES);
  const put = (_: unknown, { at, key }: { at: number; key: number }): void => {
    for (let word = 0; word < KEY_BYTES / 4; word++) words[at * 4 + word] = STRING_KEYS[key * 4 + word]!;
  };
  const { columns, ...rest } = keyedColumns(load, put);
  return generatorSource(StringKeyed, {
    ...rest,
    columns(batch: Batch, first: number, rows: number) {
      columns(batch, first, rows);
      let bytes = arenas.get(rows);
      if (bytes === undefined) arenas.set(rows, (bytes = new Uint8Array(words.buffer, 0, rows * KEY_BYTES)));
      Object.assign(batch.columns[0]!, { values: undefined, bytes, offsets, ascii: true, text: undefined });
    },
  });
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
