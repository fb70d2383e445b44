// The keyed state of one operator: a key table per key group with one column per declared state, and the handles that user code holds.
// A key whose states are all clear and that has no timers gives its id back.
import type { StateSpec } from "../../stream/graph.ts";
import { keyGroup } from "./key-group.ts";
import { KeyTable, type KeyColumn } from "./key-table.ts";
import { MapColumn } from "./map-column.ts";
import { RowLog } from "./row-log.ts";
import { NumberColumn, RowColumn } from "./state-column.ts";
import { BooleanState, ListHandle, MapHandle, NumberState, RowState, type StateHandle } from "./state-handles.ts";
import { ValueCodec } from "./value-codec.ts";

export type StateColumn = NumberColumn | RowColumn | MapColumn;

export class KeyedStore {
  readonly specs: readonly StateSpec[];
  readonly log = new RowLog();
  /** By key group; made when its first key comes. */
  readonly tables: (KeyTable | undefined)[];
  /** In the order of specs. */
  readonly handles: readonly StateHandle[];
  readonly codecs: readonly ValueCodec[];
  /** The key at hand. */
  table!: KeyTable;
  id = -1;
  group = -1;
  readonly #maxParallelism: number;
  #frozen: KeyTable[] = [];
  #snapshots = 0;

  constructor(specs: readonly StateSpec[], maxParallelism: number) {
    this.specs = specs;
    this.#maxParallelism = maxParallelism;
    this.tables = Array.from({ length: maxParallelism }, () => undefined);
    this.codecs = specs.map((spec) => new ValueCodec(spec.value));
    this.handles = specs.map((spec, index) => this.#handle(spec, this.codecs[index]!));
  }

  /** Points everything at a key. Throws KeyError for what cannot be a key. */
  select(key: unknown, hash: number): void {
    this.locate(key, hash);
    this.pointHandles();
  }

  /** As select(), but leaves the handles where they are. */
  locate(key: unknown, hash: number): void {
    const group = keyGroup(hash, this.#maxParallelism);
    const table = this.tables[group] ?? this.addTable(group);
    this.group = group;
    this.table = table;
    this.id = table.upsert(key, hash);
  }

  /** Points everything at a key that is there. */
  point(group: number, table: KeyTable, id: number): void {
    this.group = group;
    this.table = table;
    this.id = id;
    this.pointHandles();
  }

  pointHandles(): void {
    const { handles, table, id } = this;
    for (let index = 0; index < handles.length; index++) handles[index]!.point(table, table.columns[index], id);
  }

  /** After the work with the key at hand. */
  done(): void {
    const { table, id } = this;
    if (table.references[id] === 0) table.release(id);
    this.id = -1;
  }

  addTable(group: number): KeyTable {
    const table = new KeyTable(this.log);
    for (const spec of this.specs) table.columns.push(this.#column(spec, table.capacity));
    this.tables[group] = table;
    return table;
  }

  #column(spec: StateSpec, capacity: number): KeyColumn {
    if (spec.kind === "map") return new MapColumn(capacity, this.log, isNumeric(spec));
    if (spec.kind === "list") return new RowColumn(capacity, true);
    return isNumeric(spec) ? new NumberColumn(capacity) : new RowColumn(capacity, false);
  }

  #handle(spec: StateSpec, codec: ValueCodec): StateHandle {
    if (spec.kind === "map") return new MapHandle(this.log, spec.key, codec, isNumeric(spec));
    if (spec.kind === "list") return new ListHandle(this.log, codec);
    if (!isNumeric(spec)) return new RowState(this.log, codec);
    return spec.value.kind === "boolean" ? new BooleanState() : new NumberState(spec.value);
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

/** Kept as float64. */
export function isNumeric(spec: StateSpec): boolean {
  const { kind } = spec.value;
  return kind === "double" || kind === "int" || kind === "long" || kind === "timestamp" || kind === "boolean";
}
