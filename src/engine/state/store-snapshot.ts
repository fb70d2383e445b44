// A keyed store frozen at a barrier. Nothing is copied then: what changes while the snapshot is open is copied in segments just before
// (frozen-cells.ts). Keys and rows stay where they are, because they never change while the store is frozen. Chunks are encoded when
// asked for, KEYS_PER_CHUNK keys at a time; state-chunk.ts has the format. What had expired at the barrier is left out, and the store
// itself is rid of it at the same pace. One snapshot of a store is open at a time.
import type { OperatorSnapshot } from "../operators/chain-operator.ts";
import type { StateChunk } from "../subtask/subtask.ts";
import type { FrozenTimers } from "../time/timer-set.ts";
import type { Timers } from "../time/timers.ts";
import type { KeyTable } from "./key-table.ts";
import type { KeyedStore, StateColumn } from "./keyed-store.ts";
import { EntryChains, type FrozenChains } from "./entry-chains.ts";
import { CopySpace } from "./copy-space.ts";
import { type FrozenCells, FrozenRows, SEGMENT_ROWS } from "./frozen-cells.ts";
import { RecordField } from "./number-record.ts";
import type { RowLog } from "./row-log.ts";
import { ChunkWriter } from "./state-chunk.ts";
import { Expiry, type StateClock } from "./expiry.ts";
import { LIST_LINK_BYTES, linkAt, stampAt } from "./list-state.ts";
import { type FrozenTimes, warmFrozen, writeFrozen } from "./time-column.ts";
import type { FrozenColumn } from "./state-column.ts";

/** One call of next() encodes about this many keys: a few hundred microseconds for small values. */
const KEYS_PER_CHUNK = 32 * SEGMENT_ROWS;

interface FrozenGroup {
  readonly group: number;
  readonly table: KeyTable;
  /** By id. */
  readonly ids: FrozenRows;
  readonly tags: FrozenCells;
  readonly columns: readonly (FrozenColumn | FrozenChains | FrozenTimes)[];
  /** Event time, processing time; shorter where an operator has none. */
  readonly timers: readonly (TimersByKey | undefined)[];
}

export class StoreSnapshot implements OperatorSnapshot {
  readonly #operator: string;
  readonly #store: KeyedStore;
  readonly #groups: FrozenGroup[] = [];
  readonly #space = new CopySpace();
  readonly #writer: ChunkWriter;
  /** As of the barrier. */
  readonly #clock: StateClock;
  /** By column; undefined: no ttl. */
  readonly #expiries: readonly (Expiry | undefined)[];
  /** Means nothing: what has no result, the compiler leaves out. */
  warmth = 0;
  #id = 0;
  #copied = 0;
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
      if (table !== undefined && table.kept > 0) this.#groups.push(freezeGroup(group, table, timers, this.#space));
    });
  }

  next(): StateChunk | undefined {
    const frozen = this.#groups[0];
    if (frozen === undefined) return undefined;
    const end = Math.min(frozen.ids.end, this.#id + KEYS_PER_CHUNK);
    this.#writer.begin();
    for (let id = this.#id; id < end; id++) {
      if (id % SEGMENT_ROWS === 0) this.#turnTo(frozen, id);
      const tag = frozen.tags.here(id);
      if (tag !== 0) this.#writeKey(frozen, id, tag);
    }
    frozen.ids.done(this.#id, end);
    this.#freeExpired(frozen.group, this.#id, end);
    this.#id = end;
    if (end === frozen.ids.end) {
      this.#copied += copiedBytes(frozen);
      thaw(this.#groups.shift()!);
      this.#id = 0;
    }
    return { operator: this.#operator, address: { kind: "key-group", group: frozen.group }, bytes: this.#writer.finish() };
  }

  #turnTo({ ids, columns }: FrozenGroup, id: number): void {
    ids.turnTo(id);
    const end = Math.min(id + SEGMENT_ROWS, ids.end);
    for (const column of columns) if (column.kind === "times") this.warmth = warmFrozen(column, this.#store.log, id, end);
  }

  /** Copied because it was changed while the snapshot was open. */
  get copiedBytes(): number {
    return this.#groups.reduce((sum, frozen) => sum + copiedBytes(frozen), this.#copied);
  }

  #writeKey(frozen: FrozenGroup, id: number, tag: number): void {
    const writer = this.#writer;
    const { log } = this.#store;
    const { columns } = frozen;
    const begin = writer.position;
    let holds = false;
    writer.key(frozen.table, log, id, tag);
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
    for (const frozen of this.#groups) thaw(frozen);
    this.#groups.length = 0;
    this.#space.release();
    this.#store.thaw();
  }
}

function freezeGroup(group: number, table: KeyTable, timers: readonly Timers[], space: CopySpace): FrozenGroup {
  const ids = new FrozenRows(table.end, space);
  table.frozen = ids;
  return {
    group,
    table,
    ids,
    tags: ids.add(table.tags),
    columns: table.columns.map((column) => (column as StateColumn).freeze(ids)),
    timers: timers.map((domain) => {
      const frozen = domain.freeze(group, space);
      return frozen === undefined ? undefined : new TimersByKey(frozen, table.end);
    }),
  };
}

/** Nothing of the group is read any more. */
function thaw({ table, timers }: FrozenGroup): void {
  table.frozen = undefined;
  for (const column of table.columns) if (column instanceof EntryChains || column instanceof RecordField) column.thaw();
  for (const each of timers) each?.frozen.release();
}

function copiedBytes({ ids, columns, timers }: FrozenGroup): number {
  let bytes = ids.copiedBytes;
  for (const column of columns) if (column.kind === "map") bytes += column.entries.copiedBytes;
  for (const each of timers) bytes += each?.frozen.copiedBytes ?? 0;
  return bytes;
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
function writeColumn(
  writer: ChunkWriter,
  log: RowLog,
  column: FrozenColumn | FrozenChains | FrozenTimes,
  id: number,
  expiry: Expiry | undefined,
): boolean {
  if (column.kind === "map") return writeMap(writer, log, column, id, expiry);
  if (column.kind === "list") return writeList(writer, log, chain(log, column.rows.here(id), column.counts.here(id)), expiry);
  if (column.kind === "times") return writeFrozen(writer, column, log, id) > 0;
  if (column.kind === "field") return writeField(writer, column.cells.here(id, column.cell));
  const isLive = expiry === undefined || !expiry.expired(column.stamps.here(id));
  const holds = isLive && (column.kind === "number" ? column.present.here(id) === 1 : column.rows.here(id) !== 0);
  if (column.kind === "number") writer.number(holds, column.values.here(id));
  else writer.row(log, holds ? column.rows.here(id) : 0);
  if (holds && expiry !== undefined) writer.float64(column.stamps.here(id));
  return holds;
}

function writeField(writer: ChunkWriter, value: number): boolean {
  const holds = value === value;
  writer.number(holds, value);
  return holds;
}

function writeList(writer: ChunkWriter, log: RowLog, rows: readonly number[], expiry: Expiry | undefined): boolean {
  const living = expiry === undefined ? rows : rows.filter((row) => !expiry.expired(stampAt(log, row)));
  writer.rows(log, living, LIST_LINK_BYTES);
  return living.length > 0;
}

function writeMap(writer: ChunkWriter, log: RowLog, map: FrozenChains, id: number, expiry: Expiry | undefined): boolean {
  const { stamps } = map;
  const first = map.first.here(id) - 1;
  let count = map.counts.here(id);
  if (expiry !== undefined) for (let at = first; at >= 0; at = map.next(at) - 1) if (expiry.expired(stamps.at(at))) count--;
  writer.count(count);
  for (let at = first; at >= 0; at = map.next(at) - 1) {
    if (expiry?.expired(stamps.at(at)) === true) continue;
    writer.mapKey(log, map.keyNumber(at), map.keyRow(at));
    if (!map.valueNumbers.isEmpty) writer.float64(map.valueNumbers.at(at));
    else writer.row(log, map.valueRow(at));
    if (expiry !== undefined) writer.float64(stamps.at(at));
  }
  return count > 0;
}

/** Timers grouped by key id; the grouping is done at the first access, after the barrier. */
class TimersByKey {
  readonly frozen: FrozenTimers;
  readonly #end: number;
  #grouped: { readonly times: Float64Array; readonly starts: Int32Array } | undefined;

  constructor(frozen: FrozenTimers, end: number) {
    this.frozen = frozen;
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
    const { ids, times } = this.frozen.read();
    this.frozen.release();
    const starts = new Int32Array(this.#end + 2);
    for (const id of ids) starts[id + 2]!++;
    for (let id = 1; id < starts.length; id++) starts[id]! += starts[id - 1]!;
    const grouped = new Float64Array(ids.length);
    for (let at = 0; at < ids.length; at++) grouped[starts[ids[at]! + 1]!++] = times[at]!;
    return (this.#grouped = { times: grouped, starts });
  }
}
