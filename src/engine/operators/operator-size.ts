// How much an operator keeps now, for people and metrics: read a few times a second at most, never counted in the loop.
import type { KeyedStore } from "../state/keyed-store.ts";
import { keyGroup } from "../state/key-group.ts";
import type { KeyColumn, KeyTable } from "../state/key-table.ts";
import { MapHandle } from "../state/map-state.ts";
import type { StateHandle } from "../state/state-handle.ts";
import type { Timers } from "../time/timers.ts";
import type { WindowRow } from "./window-row.ts";
import { MapColumn } from "../state/map-column.ts";
import { RecordField } from "../state/number-record.ts";
import { TimeColumn } from "../state/time-column.ts";
import { NumberColumn, RowColumn } from "../state/state-column.ts";

export interface OperatorSize {
  readonly keys: number;
  /** Timers that have not fired, of both time domains. */
  readonly timers: number;
  /** Open windows, over all keys; windows of one span that all keys have together count once for each key. */
  readonly windows: number;
  /** Memory of its state, what is reserved for more included. */
  readonly bytes: number;
}

/** What an operator keeps of one key. */
export interface KeyHoldings {
  /** State name → value. */
  readonly state: Readonly<Record<string, unknown>>;
  /** Epoch ms, ascending. */
  readonly eventTimers: readonly number[];
  readonly processingTimers: readonly number[];
  /** Epoch ms; `end` is exclusive. */
  readonly windows: readonly { readonly start: number; readonly end: number }[];
}

/** Per slot of a table's capacity: references, tag, number, hash, and two cells of the hash table. */
const BYTES_PER_KEY = 4 + 1 + 8 + 4 + 16;
/** A map's entry, and its part of the map's hash table. */
const BYTES_PER_ENTRY = 32;
const BYTES_PER_CELL = 16;

export function keysOf(store: KeyedStore): number {
  return store.tables.reduce((sum, table) => sum + (table?.kept ?? 0), 0);
}

export function bytesOf(store: KeyedStore): number {
  return store.tables.reduce((sum, table) => sum + (table === undefined ? 0 : tableBytes(table)), store.log.sizeBytes);
}

/** Entries of the map state in a column of the store, over all keys. */
export function entriesOf(store: KeyedStore, column: number): number {
  return store.tables.reduce((sum, table) => sum + (table === undefined ? 0 : countsOf(table, column)), 0);
}

function countsOf(table: KeyTable, column: number): number {
  const { counts } = table.columns[column] as MapColumn;
  let sum = 0;
  for (let id = 0; id < table.end; id++) sum += counts[id]!;
  return sum;
}

function tableBytes(table: KeyTable): number {
  const columns = table.columns.reduce((sum, column) => sum + columnBytes(column), 0);
  return table.capacity * BYTES_PER_KEY + table.rows.byteLength + columns;
}

function columnBytes(column: KeyColumn): number {
  if (column instanceof NumberColumn) return column.values.byteLength + column.present.byteLength + column.stamps.byteLength;
  if (column instanceof RecordField) return column.isFirst ? column.record.values.byteLength : 0;
  if (column instanceof RowColumn) return column.rows.byteLength + column.counts.byteLength + column.stamps.byteLength;
  if (column instanceof TimeColumn) return column.byteLength;
  if (!(column instanceof MapColumn)) return 0;
  const { first, last, counts, entries, valueNumbers, stamps } = column;
  const perKey = first.byteLength + last.byteLength + counts.byteLength;
  const perEntry = entries.words.byteLength + valueNumbers.byteLength + stamps.byteLength;
  return perKey + perEntry + (entries.words.byteLength / BYTES_PER_ENTRY) * BYTES_PER_CELL;
}

/** Points the store at a key if it is there, and reads; the store is at no key afterwards. Not during a call. */
export function readKey<T>(store: KeyedStore, key: unknown, hash: number, read: (group: number) => T): T | undefined {
  const group = keyGroup(hash, store.tables.length);
  const table = store.tables[group];
  const id = table?.find(key, hash) ?? -1;
  if (table === undefined || id < 0 || table.references[id] === 0) return undefined;
  store.point(group, table, id);
  try {
    return read(group);
  } finally {
    if (store.id >= 0) store.done();
  }
}

type KeysOfSpan = { readonly start: number; readonly end: number; readonly store: KeyedStore };

/** Of windows that all keys have together. */
export function sizeOfPanes(panes: Iterable<KeysOfSpan>): OperatorSize {
  let windows = 0;
  let bytes = 0;
  for (const { store } of panes) {
    windows += keysOf(store);
    bytes += bytesOf(store);
  }
  return { keys: windows, timers: 0, windows, bytes };
}

/** The windows that a key is in. */
export function holdingsInPanes(panes: Iterable<KeysOfSpan>, group: number, key: unknown, hash: number): KeyHoldings | undefined {
  const startOf = new Map<number, number>();
  for (const { start, end, store } of panes) if ((store.tables[group]?.find(key, hash) ?? -1) >= 0) startOf.set(end, start);
  if (startOf.size === 0) return undefined;
  const windows = [...startOf].map(([end, start]) => ({ start, end })).sort((a, b) => a.end - b.end);
  return { state: {}, eventTimers: [], processingTimers: [], windows };
}

/** Of a keyed function, or of one of our own with a map of open windows in its first state. */
export function sizeOfProcess({ store, eventTimers, processingTimers }: ProcessState, hasWindows: boolean): OperatorSize {
  const timers = eventTimers.size + processingTimers.size;
  return { keys: keysOf(store), timers, windows: hasWindows ? entriesOf(store, 0) : 0, bytes: bytesOf(store) };
}

export function holdingsInProcess(of: ProcessState, hasWindows: boolean, key: unknown, hash: number): KeyHoldings | undefined {
  const { store } = of;
  return readKey(store, key, hash, (group) => {
    const eventTimers = of.eventTimers.timesOf(group, store.id);
    const processingTimers = of.processingTimers.timesOf(group, store.id);
    if (hasWindows) {
      const rows = [...(store.handles[0] as MapHandle).values()] as WindowRow[];
      return { state: {}, eventTimers, processingTimers, windows: rows.map(({ start, end }) => ({ start, end })) };
    }
    const state = Object.fromEntries(store.specs.map(({ name }, index) => [name, plainValue(store.handles[index]!)]));
    return { state, eventTimers, processingTimers, windows: [] };
  });
}

interface ProcessState {
  readonly store: KeyedStore;
  readonly eventTimers: Timers;
  readonly processingTimers: Timers;
}

function plainValue(handle: StateHandle): unknown {
  if (handle instanceof MapHandle) return [...handle.entries()];
  return "get" in handle ? (handle as { get(): unknown }).get() : undefined;
}
