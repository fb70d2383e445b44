// A keyed store frozen at a barrier. The synchronous part copies what later writes change: columns of numbers and of addresses, tags and
// timers (about 20 bytes a key). Keys and rows stay where they are, because they never change while the store is frozen. Chunks are
// encoded when asked for, KEYS_PER_CHUNK keys at a time; state-chunk.ts has the format. What had expired at the barrier is left out, and
// the store itself is rid of it at the same pace.
import type { OperatorSnapshot } from "../operators/chain-operator.ts";
import type { StateChunk } from "../subtask/subtask.ts";
import type { Timers, TimerSnapshot } from "../time/timers.ts";
import type { KeyTable } from "./key-table.ts";
import type { KeyedStore, StateColumn } from "./keyed-store.ts";
import { MapColumn, type MapColumnSnapshot } from "./map-column.ts";
import type { RowLog } from "./row-log.ts";
import { ChunkWriter } from "./state-chunk.ts";
import { Expiry, type StateClock } from "./expiry.ts";
import { LIST_LINK_BYTES, linkAt, stampAt } from "./list-state.ts";
import { NumberColumn, type RowColumn } from "./state-column.ts";

/** One call of next() encodes about this many keys: a few hundred microseconds for small values. */
const KEYS_PER_CHUNK = 4096;

type FrozenColumn =
  | { readonly kind: "number"; readonly values: Float64Array; readonly present: Uint8Array; readonly stamps: Float64Array }
  | { readonly kind: "row"; readonly rows: Int32Array; readonly stamps: Float64Array }
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
  /** As of the barrier. */
  readonly #clock: StateClock;
  /** By column; undefined: no ttl. */
  readonly #expiries: readonly (Expiry | undefined)[];
  #id = 0;
  #released = false;

  constructor(operator: string, store: KeyedStore, timers: readonly Timers[]) {
    this.#operator = operator;
    this.#store = store;
    this.#writer = new ChunkWriter(store.specs);
    const { eventTime, processingTime } = store.clock;
    // At the end of all input event time has not passed, it has ended: nothing expires by that.
    const clock: StateClock = { eventTime: eventTime === Infinity ? -Infinity : eventTime, processingTime };
    this.#clock = clock;
    this.#expiries = store.specs.map(({ ttl }) => (ttl === undefined ? undefined : new Expiry(clock, ttl)));
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
    this.#freeExpired(frozen.group, this.#id, end);
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
    const { columns } = frozen;
    const begin = writer.position;
    let holds = false;
    writer.key(frozen.table, log, id, frozen.tags[id]!);
    for (let index = 0; index < columns.length; index++) {
      if (writeColumn(writer, log, columns[index]!, id, this.#expiries[index])) holds = true;
    }
    for (let domain = 0; domain < 2; domain++) {
      const timers = frozen.timers[domain];
      const from = timers?.starts[id] ?? 0;
      const to = timers?.starts[id + 1] ?? 0;
      writer.times(timers?.times, from, to);
      if (to > from) holds = true;
    }
    if (!holds) writer.dropKey(begin);
  }

  #freeExpired(group: number, from: number, to: number): void {
    const store = this.#store;
    if (!store.expires) return;
    store.tellTime(this.#clock.eventTime, this.#clock.processingTime);
    store.expire(group, from, to);
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
  if (column instanceof NumberColumn) {
    const { values, present, stamps } = column;
    return { kind: "number", values: values.slice(0, end), present: present.slice(0, end), stamps: stamps.slice(0, end) };
  }
  if (column instanceof MapColumn) return { kind: "map", map: column.snapshot(end) };
  return freezeRows(column, end);
}

function freezeRows(column: RowColumn, end: number): FrozenColumn {
  const rows = column.rows.slice(0, end);
  return column.counts.length === 0
    ? { kind: "row", rows, stamps: column.stamps.slice(0, end) }
    : { kind: "list", rows, counts: column.counts.slice(0, end) };
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

/** False: the key holds nothing there, or nothing any more. */
function writeColumn(writer: ChunkWriter, log: RowLog, column: FrozenColumn, id: number, expiry: Expiry | undefined): boolean {
  if (column.kind === "map") return writeMap(writer, log, column.map, id, expiry);
  if (column.kind === "list") return writeList(writer, log, chain(log, column.rows[id]!, column.counts[id]!), expiry);
  const isLive = expiry === undefined || !expiry.expired(column.stamps[id]!);
  const holds = isLive && (column.kind === "number" ? column.present[id] === 1 : column.rows[id] !== 0);
  if (column.kind === "number") writer.number(holds, column.values[id]!);
  else writer.row(log, holds ? column.rows[id]! : 0);
  if (holds && expiry !== undefined) writer.float64(column.stamps[id]!);
  return holds;
}

function writeList(writer: ChunkWriter, log: RowLog, rows: readonly number[], expiry: Expiry | undefined): boolean {
  const living = expiry === undefined ? rows : rows.filter((row) => !expiry.expired(stampAt(log, row)));
  writer.rows(log, living, LIST_LINK_BYTES);
  return living.length > 0;
}

function writeMap(writer: ChunkWriter, log: RowLog, map: MapColumnSnapshot, id: number, expiry: Expiry | undefined): boolean {
  const { entries, stamps } = map;
  const first = map.first[id]! - 1;
  let count = map.counts[id]!;
  if (expiry !== undefined) for (let at = first; at >= 0; at = entries.next(at) - 1) if (expiry.expired(stamps[at]!)) count--;
  writer.count(count);
  for (let at = first; at >= 0; at = entries.next(at) - 1) {
    if (expiry?.expired(stamps[at]!) === true) continue;
    writer.mapKey(log, entries.keyNumber(at), entries.keyRow(at));
    if (map.valueNumbers.length > 0) writer.float64(map.valueNumbers[at]!);
    else writer.row(log, entries.valueRow(at));
    if (expiry !== undefined) writer.float64(stamps[at]!);
  }
  return count > 0;
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
