// The keyed state of one operator: a key table per key group with one column per declared state, and the handles that user code holds.
// A key whose states are all clear and that has no timers is forgotten.
import { MAX_BATCH_ROWS } from "../../schema/batch.ts";
import { BinaryCodec } from "../../schema/binary-row/binary-codec.ts";
import type { StateSpec } from "../../stream/graph.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import { Expiry, type StateClock } from "./expiry.ts";
import { keyGroup } from "./key-group.ts";
import { KeyTable, type KeyColumn } from "./key-table.ts";
import { MapColumn } from "./map-column.ts";
import { RowLog } from "./row-log.ts";
import { NumberRecord, RecordField } from "./number-record.ts";
import { NumberColumn, RowColumn } from "./state-column.ts";
import { ListHandle } from "./list-state.ts";
import { MapHandle } from "./map-state.ts";
import { TimeColumn } from "./time-column.ts";
import { TimeHandle } from "./time-state.ts";
import type { CurrentKey, StateHandle } from "./state-handle.ts";
import { BooleanState, ExpiringValue, NumberState, RowState } from "./value-states.ts";

/** `states`: so many numbers of a key lie side by side; `cells`: with those that are no states. */
interface RecordShape {
  readonly states: number;
  readonly cells: number;
}

interface StoreOptions {
  /** The first so many states are numbers that lie side by side. */
  readonly record?: RecordShape;
  /** False: keys stay until reset(), whether or not something keeps them. */
  readonly forgets?: boolean;
}

const NO_RECORD: RecordShape = { states: 0, cells: 0 };

export type StateColumn = RecordField | NumberColumn | RowColumn | MapColumn | TimeColumn;

/** A store with room for fewer keys is in the cache. */
const MANY_KEYS = 16384;

/** Pairs of group and id, of keys that are to be read ahead. */
export const keysAhead = new Int32Array(MAX_BATCH_ROWS * 2);

/** One codec per type: stores of one operator (a window has one per pane) share the generated code. */
const codecs = new WeakMap<TypeInfo, BinaryCodec>();

export class KeyedStore implements CurrentKey {
  readonly specs: readonly StateSpec[];
  readonly log = new RowLog();
  /** By key group; made when its first key comes. */
  readonly tables: (KeyTable | undefined)[];
  /** In the order of specs. */
  readonly handles: readonly StateHandle[];
  /** The key at hand. */
  table!: KeyTable;
  id = -1;
  group = -1;
  /** Some state has a ttl: tellTime() is wanted. */
  readonly expires: boolean;
  readonly clock: StateClock = { eventTime: -Infinity, processingTime: -Infinity };
  readonly #maxParallelism: number;
  readonly #record: RecordShape;
  readonly #forgets: boolean;
  /** All states are elements by time: their rows are worth reading ahead. */
  readonly #hasRows: boolean;
  #frozen: KeyTable[] = [];
  #snapshots = 0;
  /** Means nothing: what has no result, the compiler leaves out. */
  warmth = 0;

  constructor(specs: readonly StateSpec[], maxParallelism: number, { record = NO_RECORD, forgets = true }: StoreOptions = {}) {
    this.specs = specs;
    this.#maxParallelism = maxParallelism;
    this.#record = record;
    this.#forgets = forgets;
    this.#hasRows = specs.length > 0 && specs.every(isByTime);
    this.tables = Array.from({ length: maxParallelism }, () => undefined);
    this.expires = specs.some(({ ttl }) => ttl !== undefined);
    this.handles = specs.map((spec, index) => this.#handle(spec, index));
  }

  /** Points everything at a key. Throws KeyError for what cannot be a key. */
  select(key: unknown, hash: number): void {
    this.selectIn(keyGroup(hash, this.#maxParallelism), key, hash);
  }

  /** The same where the key's group is known. */
  selectIn(group: number, key: unknown, hash: number): void {
    const table = this.tables[group] ?? this.addTable(group);
    this.group = group;
    this.table = table;
    const id = table.upsert(key, hash);
    this.id = id;
    if (table.frozen !== undefined) table.frozen.keep(id);
  }

  /** Reads what the work on these keys, pairs of group and id, is going to read (KeyTable.warm). */
  warm(keys: Int32Array, count: number): void {
    let sum = 0;
    for (let key = 0; key < count; key++) sum += this.tables[keys[key * 2]!]!.warm(keys[key * 2 + 1]!);
    // A second time, when the reads of the first have come.
    if (this.#hasRows) for (let key = 0; key < count; key++) sum += this.tables[keys[key * 2]!]!.warmRows(keys[key * 2 + 1]!);
    this.warmth = sum;
  }

  /**
   * Reads what the work on rows [from, to) is going to touch. Memory far away takes 150 ns, but reads that do not wait for each other
   * overlap: a block of rows costs hardly more than a few.
   */
  readAhead(hashes: Int32Array, from: number, to: number): void {
    this.warm(keysAhead, this.lookAhead(hashes, from, to));
  }

  /** Finds keys of rows to come: `keysAhead` has so many pairs of group and id. 0 where all keys are in the cache anyway. */
  lookAhead(hashes: Int32Array, from: number, to: number): number {
    const { tables } = this;
    const groups = tables.length;
    const sample = tables[keyGroup(hashes[from]!, groups)];
    if (sample === undefined || sample.capacity * groups < MANY_KEYS) return 0;
    let found = 0;
    for (let row = from; row < to; row++) {
      const hash = hashes[row]!;
      const group = keyGroup(hash, groups);
      const table = tables[group];
      if (table === undefined) continue;
      const id = table.peek(hash);
      if (id < 0) continue;
      keysAhead[found++] = group;
      keysAhead[found++] = id;
    }
    return found >>> 1;
  }

  /** Points everything at a key that is there. */
  point(group: number, table: KeyTable, id: number): void {
    this.group = group;
    this.table = table;
    this.id = id;
    if (table.frozen !== undefined) table.frozen.keep(id);
  }

  /** Before a call, if the store `expires`. Epoch ms; −Infinity: there is no event time yet. */
  tellTime(eventTime: number, processingTime: number): void {
    this.clock.eventTime = eventTime;
    this.clock.processingTime = processingTime;
  }

  /** Frees what has expired of the keys with ids [from, to) of a group. Not during a call. */
  expire(group: number, from: number, to: number): void {
    const table = this.tables[group];
    if (table === undefined) return;
    const end = Math.min(to, table.end);
    for (let id = from; id < end; id++) {
      if (table.tags[id] === 0) continue;
      this.point(group, table, id);
      for (const handle of this.handles) handle.expire();
      this.done();
    }
  }

  /** After the work with the key at hand. */
  done(): void {
    this.id = -1;
  }

  addTable(group: number): KeyTable {
    const table = new KeyTable(this.log, this.#forgets);
    const { states, cells } = this.#record;
    if (states > 0) table.record = new NumberRecord(table.capacity, cells);
    this.specs.forEach((spec, index) => {
      const column = index < states ? new RecordField(table.record!, index) : this.#column(spec, table.capacity);
      table.columns.push(column);
    });
    this.tables[group] = table;
    return table;
  }

  #column(spec: StateSpec, capacity: number): KeyColumn {
    const stamped = spec.ttl !== undefined;
    if (isByTime(spec)) return new TimeColumn(capacity, this.log);
    if (spec.kind === "map") return new MapColumn(capacity, this.log, isNumeric(spec), stamped);
    if (spec.kind === "list") return new RowColumn(capacity, true);
    return isNumeric(spec) ? new NumberColumn(capacity, stamped) : new RowColumn(capacity, false, stamped);
  }

  #handle(spec: StateSpec, index: number): StateHandle {
    const expiry = spec.ttl === undefined ? undefined : new Expiry(this.clock, spec.ttl);
    if (isByTime(spec)) return new TimeHandle(this, index, codecOf(spec.value));
    if (spec.kind === "map") return new MapHandle(this, index, spec.key, codecOf(spec.value), isNumeric(spec), expiry);
    if (spec.kind === "list") return new ListHandle(this, index, codecOf(spec.value), expiry);
    const value = this.#valueHandle(spec, index);
    return expiry === undefined ? value : new ExpiringValue(this, index, value, expiry);
  }

  #valueHandle(spec: StateSpec, index: number): BooleanState | NumberState | RowState {
    if (!isNumeric(spec)) return new RowState(this, index, codecOf(spec.value));
    return spec.value.kind === "boolean" ? new BooleanState(this, index) : new NumberState(this, index, spec.value);
  }

  /** From now on freed rows and ids keep what they hold, until thaw(). */
  freeze(): void {
    this.#snapshots++;
    this.#frozen = this.tables.filter((table) => table !== undefined);
    this.log.freeze();
    for (const table of this.#frozen) table.freeze();
  }

  get isFrozen(): boolean {
    return this.#snapshots > 0;
  }

  /** Forgets everything, and keeps the memory for what comes. Not while frozen. */
  reset(): void {
    this.id = -1;
    for (const table of this.tables) table?.reset();
    this.log.reset();
  }

  thaw(): void {
    this.#snapshots--;
    this.log.thaw();
    for (const table of this.#frozen) table.thaw();
    this.#frozen = [];
  }
}

function codecOf(type: TypeInfo): BinaryCodec {
  let codec = codecs.get(type);
  if (codec === undefined) codecs.set(type, (codec = new BinaryCodec(type)));
  return codec;
}

function isByTime(spec: StateSpec): boolean {
  return spec.kind === "map" && spec.byTime === true;
}

/** Kept as float64. */
export function isNumeric(spec: StateSpec): boolean {
  const { kind } = spec.value;
  return kind === "double" || kind === "int" || kind === "long" || kind === "timestamp" || kind === "boolean";
}
