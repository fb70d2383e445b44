// What user code holds as ctx.state.<name>: one handle per state of an operator, pointed at the current key before each call. get() and
// set() of a number state are an array access each, small enough to be inlined into the loop.
import { checkValue } from "../../schema/mismatch.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import { canonicalBytes, keyOfBytes } from "./canonical-key.ts";
import type { KeyTable } from "./key-table.ts";
import type { MapColumn } from "./map-column.ts";
import type { RowLog } from "./row-log.ts";
import type { NumberColumn, RowColumn } from "./state-column.ts";
import type { ValueCodec } from "./value-codec.ts";

/** Points a handle at a key: column of the key's group, dense id, and the table that counts what keeps the key. */
export interface StateHandle {
  point(table: KeyTable, column: unknown, id: number): void;
  /** Frees what the key holds in this state. */
  clear(): undefined;
}

export class NumberState implements StateHandle {
  #column!: NumberColumn;
  #table!: KeyTable;
  #id = 0;
  readonly #type: TypeInfo;

  constructor(type: TypeInfo) {
    this.#type = type;
  }

  point(table: KeyTable, column: NumberColumn, id: number): void {
    this.#table = table;
    this.#column = column;
    this.#id = id;
  }

  get(): number | undefined {
    const column = this.#column;
    return column.present[this.#id] === 1 ? column.values[this.#id] : undefined;
  }

  set(value: number): undefined {
    // Doubles pass at once; integers and what is no number are looked at closely.
    if (typeof value !== "number" || this.#type.kind !== "double") checkValue(this.#type, value);
    const column = this.#column;
    const id = this.#id;
    column.values[id] = value;
    if (column.present[id] === 1) return;
    column.present[id] = 1;
    this.#table.references[id]!++;
  }

  clear(): undefined {
    const id = this.#id;
    if (this.#column.present[id] === 0) return;
    this.#column.present[id] = 0;
    this.#table.references[id]!--;
  }
}

export class BooleanState implements StateHandle {
  readonly #number = new NumberState({ kind: "double" });
  readonly #type: TypeInfo = { kind: "boolean" };

  point(table: KeyTable, column: NumberColumn, id: number): void {
    this.#number.point(table, column, id);
  }

  get(): boolean | undefined {
    const value = this.#number.get();
    return value === undefined ? undefined : value === 1;
  }

  set(value: boolean): undefined {
    if (typeof value !== "boolean") checkValue(this.#type, value);
    this.#number.set(value ? 1 : 0);
  }

  clear(): undefined {
    this.#number.clear();
  }
}

/** A value of any other type: a row, replaced at each set(). */
export class RowState implements StateHandle {
  #column!: RowColumn;
  #table!: KeyTable;
  #id = 0;
  readonly #log: RowLog;
  readonly #codec: ValueCodec;

  constructor(log: RowLog, codec: ValueCodec) {
    this.#log = log;
    this.#codec = codec;
  }

  point(table: KeyTable, column: RowColumn, id: number): void {
    this.#table = table;
    this.#column = column;
    this.#id = id;
  }

  get(): unknown {
    const row = this.#column.rows[this.#id]!;
    if (row === 0) return undefined;
    const start = this.#log.payloadStart(row);
    return this.#codec.decode(this.#log.pageOf(row), start, start + this.#log.lengthOf(row));
  }

  set(value: unknown): undefined {
    const row = this.#log.put(this.#codec.encode(value));
    const { rows } = this.#column;
    const old = rows[this.#id]!;
    rows[this.#id] = row;
    if (old === 0) this.#table.references[this.#id]!++;
    else this.#log.free(old);
  }

  clear(): undefined {
    const { rows } = this.#column;
    const old = rows[this.#id]!;
    if (old === 0) return;
    rows[this.#id] = 0;
    this.#log.free(old);
    this.#table.references[this.#id]!--;
  }
}

/** Bytes before an element of a list: the address of the element before it. */
export const LIST_LINK_BYTES = 4;

/** A list: rows chained from the newest to the oldest, so that adding changes no row. */
export class ListHandle implements StateHandle {
  #column!: RowColumn;
  #table!: KeyTable;
  #id = 0;
  readonly #log: RowLog;
  readonly #codec: ValueCodec;

  constructor(log: RowLog, codec: ValueCodec) {
    this.#log = log;
    this.#codec = codec;
  }

  point(table: KeyTable, column: RowColumn, id: number): void {
    this.#table = table;
    this.#column = column;
    this.#id = id;
  }

  get(): readonly unknown[] {
    const values: unknown[] = Array.from({ length: this.#column.counts[this.#id]! });
    let row = this.#column.rows[this.#id]!;
    for (let index = values.length - 1; index >= 0; index--) {
      const page = this.#log.pageOf(row);
      const start = this.#log.payloadStart(row);
      values[index] = this.#codec.decode(page, start + LIST_LINK_BYTES, start + this.#log.lengthOf(row));
      row = linkAt(page, start);
    }
    return values;
  }

  add(value: unknown): undefined {
    const { rows, counts } = this.#column;
    const id = this.#id;
    const before = rows[id]!;
    rows[id] = putLinked(this.#log, before, this.#codec.encode(value));
    counts[id]!++;
    if (before === 0) this.#table.references[id]!++;
  }

  addAll(values: Iterable<unknown>): undefined {
    for (const value of values) this.add(value);
  }

  update(values: Iterable<unknown>): undefined {
    const all = [...values]; // may come from this very list
    for (const value of all) checkValue(this.#codec.type, value);
    this.clear();
    this.addAll(all);
  }

  clear(): undefined {
    const { rows, counts } = this.#column;
    let row = rows[this.#id]!;
    if (row === 0) return;
    while (row !== 0) {
      const before = linkAt(this.#log.pageOf(row), this.#log.payloadStart(row));
      this.#log.free(row);
      row = before;
    }
    rows[this.#id] = 0;
    counts[this.#id] = 0;
    this.#table.references[this.#id]!--;
  }
}

export function linkAt(page: Uint8Array, at: number): number {
  return page[at]! | (page[at + 1]! << 8) | (page[at + 2]! << 16) | (page[at + 3]! << 24);
}

/** A row that points at `before`. */
export function putLinked(log: RowLog, before: number, bytes: Uint8Array): number {
  const row = log.allocate(LIST_LINK_BYTES + bytes.length);
  const page = log.pageOf(row);
  const at = log.payloadStart(row);
  page[at] = before;
  page[at + 1] = before >>> 8;
  page[at + 2] = before >>> 16;
  page[at + 3] = before >>> 24;
  page.set(bytes, at + LIST_LINK_BYTES);
  return row;
}

/** A map, iterated in the order of first insertion. Iteration is over a copy of the keys: changing the map meanwhile is allowed. */
export class MapHandle implements StateHandle {
  #column!: MapColumn;
  #table!: KeyTable;
  #id = 0;
  readonly #log: RowLog;
  readonly #keyType: TypeInfo;
  readonly #codec: ValueCodec;
  readonly #numbers: boolean;

  /** `numbers`: values are kept as float64 (numbers and booleans). */
  constructor(log: RowLog, keyType: TypeInfo, codec: ValueCodec, numbers: boolean) {
    this.#log = log;
    this.#keyType = keyType;
    this.#codec = codec;
    this.#numbers = numbers;
  }

  point(table: KeyTable, column: MapColumn, id: number): void {
    this.#table = table;
    this.#column = column;
    this.#id = id;
  }

  get size(): number {
    return this.#column.counts[this.#id]!;
  }

  get(key: unknown): unknown {
    const entry = this.#find(key);
    return entry < 0 ? undefined : this.#value(entry);
  }

  has(key: unknown): boolean {
    return this.#find(key) >= 0;
  }

  set(key: unknown, value: unknown): undefined {
    if (this.#numbers) checkValue(this.#codec.type, value);
    const bytes = this.#numbers ? undefined : this.#codec.encode(value);
    let entry = this.#find(key);
    if (entry < 0) {
      checkValue(this.#keyType, key);
      entry = this.#column.insert(this.#id, key);
      this.#column.valueRows[entry] = 0;
      this.#table.references[this.#id]!++;
    }
    if (bytes === undefined) this.#column.valueNumbers[entry] = Number(value);
    else this.#column.setRow(entry, this.#log.put(bytes));
  }

  delete(key: unknown): undefined {
    const entry = this.#find(key);
    if (entry >= 0) this.#remove(entry);
  }

  clear(): undefined {
    while (this.#column.first[this.#id] !== 0) this.#remove(this.#column.first[this.#id]! - 1);
  }

  *entries(): Iterable<readonly [unknown, unknown]> {
    for (const key of this.keys()) yield [key, this.get(key)];
  }

  *values(): Iterable<unknown> {
    for (const key of this.keys()) yield this.get(key);
  }

  keys(): unknown[] {
    const keys: unknown[] = [];
    const column = this.#column;
    for (let entry = column.first[this.#id]!; entry !== 0; entry = column.next[entry - 1]!) {
      const row = column.keyRows[entry - 1]!;
      keys.push(row === 0 ? column.keyNumbers[entry - 1]! : keyOfBytes(this.#log.bytesOf(row)));
    }
    return keys;
  }

  #find(key: unknown): number {
    if (key !== key) canonicalBytes(key); // throws
    return this.#column.counts[this.#id] === 0 ? -1 : this.#column.find(this.#id, key);
  }

  #remove(entry: number): void {
    this.#column.remove(entry);
    this.#table.references[this.#id]!--;
  }

  #value(entry: number): unknown {
    if (this.#numbers) {
      const value = this.#column.valueNumbers[entry]!;
      return this.#codec.type.kind === "boolean" ? value === 1 : value;
    }
    const row = this.#column.valueRows[entry]!;
    const start = this.#log.payloadStart(row);
    return this.#codec.decode(this.#log.pageOf(row), start, start + this.#log.lengthOf(row));
  }
}
