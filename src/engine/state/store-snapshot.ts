// A keyed store frozen at a barrier. The synchronous part copies what later writes change: columns of numbers and of addresses, tags and
// timers (about 20 bytes a key). Keys and rows stay where they are, because they never change while the store is frozen. Chunks are
// encoded when asked for, KEYS_PER_CHUNK keys at a time; state-chunk.ts has the format.
import type { OperatorSnapshot } from "../operators/chain-operator.ts";
import type { StateChunk } from "../subtask/subtask.ts";
import type { Timers, TimerSnapshot } from "../time/timers.ts";
import type { KeyTable } from "./key-table.ts";
import type { KeyedStore, StateColumn } from "./keyed-store.ts";
import { MapColumn, type MapColumnSnapshot } from "./map-column.ts";
import type { RowLog } from "./row-log.ts";
import { ChunkWriter } from "./state-chunk.ts";
import { LIST_LINK_BYTES, linkAt } from "./state-handles.ts";
import { NumberColumn, type RowColumn } from "./state-column.ts";

/** One call of next() encodes about this many keys: a few hundred microseconds for small values. */
const KEYS_PER_CHUNK = 4096;

type FrozenColumn =
  | { readonly kind: "number"; readonly values: Float64Array; readonly present: Uint8Array }
  | { readonly kind: "row"; readonly rows: Int32Array }
  | { readonly kind: "list"; readonly rows: Int32Array; readonly counts: Int32Array }
  | { readonly kind: "map"; readonly map: MapColumnSnapshot };

interface FrozenGroup {
  readonly group: number;
  readonly table: KeyTable;
  readonly end: number;
  readonly tags: Uint8Array;
  readonly columns: readonly FrozenColumn[];
  /** Event time, processing time; shorter where an operator has none. */
  readonly timers: readonly (TimersByKey | undefined)[];
}

export class StoreSnapshot implements OperatorSnapshot {
  readonly #operator: string;
  readonly #store: KeyedStore;
  readonly #groups: FrozenGroup[] = [];
  readonly #writer: ChunkWriter;
  #id = 0;
  #released = false;

  constructor(operator: string, store: KeyedStore, timers: readonly Timers[]) {
    this.#operator = operator;
    this.#store = store;
    this.#writer = new ChunkWriter(store.specs);
    store.freeze();
    store.tables.forEach((table, group) => {
      if (table !== undefined && table.size > 0) this.#groups.push(freezeGroup(group, table, timers));
    });
  }

  next(): StateChunk | undefined {
    const frozen = this.#groups[0];
    if (frozen === undefined) return undefined;
    const end = Math.min(frozen.end, this.#id + KEYS_PER_CHUNK);
    this.#writer.begin();
    for (let id = this.#id; id < end; id++) if (frozen.tags[id] !== 0) this.#writeKey(frozen, id);
    this.#id = end;
    if (end === frozen.end) {
      this.#groups.shift();
      this.#id = 0;
    }
    return { operator: this.#operator, address: { kind: "key-group", group: frozen.group }, bytes: this.#writer.finish() };
  }

  #writeKey(frozen: FrozenGroup, id: number): void {
    const writer = this.#writer;
    const { log } = this.#store;
    writer.key(frozen.table, log, id, frozen.tags[id]!);
    for (const column of frozen.columns) {
      if (column.kind === "number") writer.number(column.present[id] === 1, column.values[id]!);
      else if (column.kind === "row") writer.row(log, column.rows[id]!);
      else if (column.kind === "list") writer.rows(log, chain(log, column.rows[id]!, column.counts[id]!), LIST_LINK_BYTES);
      else writeMap(writer, log, column.map, id);
    }
    for (const domain of [0, 1]) {
      const timers = frozen.timers[domain];
      writer.times(timers?.times, timers?.starts[id] ?? 0, timers?.starts[id + 1] ?? 0);
    }
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#groups.length = 0;
    this.#store.thaw();
  }
}

function freezeGroup(group: number, table: KeyTable, timers: readonly Timers[]): FrozenGroup {
  const { end } = table;
  return {
    group,
    table,
    end,
    tags: table.tags.slice(0, end),
    columns: table.columns.map((column) => freezeColumn(column as StateColumn, end)),
    timers: timers.map((domain) => {
      const snapshot = domain.snapshot(group);
      return snapshot === undefined || snapshot.ids.length === 0 ? undefined : new TimersByKey(snapshot, end);
    }),
  };
}

function freezeColumn(column: StateColumn, end: number): FrozenColumn {
  if (column instanceof NumberColumn) return { kind: "number", values: column.values.slice(0, end), present: column.present.slice(0, end) };
  if (column instanceof MapColumn) return { kind: "map", map: column.snapshot(end) };
  return freezeRows(column, end);
}

function freezeRows(column: RowColumn, end: number): FrozenColumn {
  const rows = column.rows.slice(0, end);
  return column.counts.length === 0 ? { kind: "row", rows } : { kind: "list", rows, counts: column.counts.slice(0, end) };
}

/** Addresses of a list's elements from the oldest to the newest. */
function chain(log: RowLog, newest: number, count: number): number[] {
  const rows: number[] = Array.from({ length: count });
  let row = newest;
  for (let index = count - 1; index >= 0; index--) {
    rows[index] = row;
    row = linkAt(log.pageOf(row), log.payloadStart(row));
  }
  return rows;
}

function writeMap(writer: ChunkWriter, log: RowLog, map: MapColumnSnapshot, id: number): void {
  writer.count(map.counts[id]!);
  for (let entry = map.first[id]!; entry !== 0; entry = map.next[entry - 1]!) {
    const at = entry - 1;
    writer.mapKey(log, map.keyNumbers[at]!, map.keyRows[at]!);
    if (map.valueNumbers.length > 0) writer.float64(map.valueNumbers[at]!);
    else writer.row(log, map.valueRows[at]!);
  }
}

/** Timers grouped by key id; the grouping is done at the first access, after the barrier. */
class TimersByKey {
  readonly #snapshot: TimerSnapshot;
  readonly #end: number;
  #grouped: { readonly times: Float64Array; readonly starts: Int32Array } | undefined;

  constructor(snapshot: TimerSnapshot, end: number) {
    this.#snapshot = snapshot;
    this.#end = end;
  }

  get times(): Float64Array {
    return this.#group().times;
  }

  get starts(): Int32Array {
    return this.#group().starts;
  }

  #group(): { readonly times: Float64Array; readonly starts: Int32Array } {
    if (this.#grouped !== undefined) return this.#grouped;
    const { ids, times } = this.#snapshot;
    const starts = new Int32Array(this.#end + 2);
    for (const id of ids) starts[id + 2]!++;
    for (let id = 1; id < starts.length; id++) starts[id]! += starts[id - 1]!;
    const grouped = new Float64Array(ids.length);
    ids.forEach((id, at) => {
      grouped[starts[id + 1]!++] = times[at]!;
    });
    return (this.#grouped = { times: grouped, starts });
  }
}
