// The handle of a map state, iterated in the order of first insertion. Iteration is over a copy of the keys: changing the map meanwhile
// is allowed.
import type { BinaryCodec } from "../../schema/binary-row/binary-codec.ts";
import { checkValue } from "../../schema/mismatch.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import { canonicalBytes } from "./canonical-key.ts";
import type { Expiry } from "./expiry.ts";
import type { MapColumn } from "./map-column.ts";
import { stateOutsideCall, type CurrentKey, type StateHandle } from "./state-handle.ts";

/** An iteration: keys and where they were when it began. */
interface Walk {
  readonly id: number;
  readonly column: MapColumn;
  readonly changes: number;
  readonly entries: Int32Array;
  readonly keys: unknown[];
}

export class MapHandle implements StateHandle {
  readonly #at: CurrentKey;
  readonly #index: number;
  readonly #keyType: TypeInfo;
  readonly #codec: BinaryCodec;
  readonly #numbers: boolean;
  readonly #expiry: Expiry | undefined;

  /** `numbers`: values are kept as float64 (numbers and booleans). */
  constructor(at: CurrentKey, index: number, keyType: TypeInfo, codec: BinaryCodec, numbers: boolean, expiry: Expiry | undefined) {
    this.#at = at;
    this.#index = index;
    this.#keyType = keyType;
    this.#codec = codec;
    this.#numbers = numbers;
    this.#expiry = expiry;
  }

  get size(): number {
    this.expire();
    return this.#column().counts[this.#at.id]!;
  }

  get(key: unknown): unknown {
    const column = this.#column();
    const entry = this.#find(column, key);
    return entry < 0 ? undefined : this.#value(column, entry);
  }

  has(key: unknown): boolean {
    return this.#find(this.#column(), key) >= 0;
  }

  set(key: unknown, value: unknown): undefined {
    const column = this.#column();
    const bytes = this.#numbers ? undefined : this.#codec.bytesOf(value);
    if (bytes === undefined) checkValue(this.#codec.type, value);
    let entry = this.#find(column, key);
    if (entry < 0) {
      checkValue(this.#keyType, key);
      entry = column.insert(this.#at.id, key);
      this.#at.table.hold(this.#at.id);
    }
    column.touch(entry);
    if (bytes === undefined) column.valueNumbers[entry] = Number(value);
    else column.setBytes(entry, bytes);
    if (this.#expiry !== undefined) column.stamps[entry] = this.#expiry.stamp();
  }

  delete(key: unknown): undefined {
    const column = this.#column();
    const entry = this.#find(column, key);
    if (entry >= 0) this.#remove(column, entry);
  }

  clear(): undefined {
    const column = this.#column();
    while (column.first[this.#at.id] !== 0) this.#remove(column, column.first[this.#at.id]! - 1);
  }

  expire(): undefined {
    const expiry = this.#expiry;
    const column = this.#column();
    if (expiry === undefined) return;
    for (let entry = column.first[this.#at.id]! - 1; entry >= 0;) {
      const next = column.entries.next(entry) - 1;
      this.#dropExpired(expiry, column, entry);
      entry = next;
    }
  }

  *entries(): Iterable<readonly [unknown, unknown]> {
    const walk = this.#walk();
    for (let at = 0; at < walk.keys.length; at++) yield [walk.keys[at], this.#valueOf(walk, at)];
  }

  *values(): Iterable<unknown> {
    const walk = this.#walk();
    for (let at = 0; at < walk.keys.length; at++) yield this.#valueOf(walk, at);
  }

  keys(): unknown[] {
    this.expire();
    const { id } = this.#at;
    const column = this.#column();
    const keys: unknown[] = [];
    let entry = column.counts[id] === 0 ? -1 : column.first[id]! - 1;
    for (let left = column.counts[id]!; left > 0; left--) {
      keys.push(column.keyAt(entry));
      entry = column.entries.next(entry) - 1;
    }
    return keys;
  }

  #walk(): Walk {
    this.expire();
    const { id } = this.#at;
    const column = this.#column();
    const count = column.counts[id]!;
    const walk: Walk = { id, column, changes: column.changes, entries: new Int32Array(count), keys: Array.from({ length: count }) };
    let entry = column.first[id]! - 1;
    for (let at = 0; at < count; at++) {
      walk.entries[at] = entry;
      walk.keys[at] = column.keyAt(entry);
      entry = column.entries.next(entry) - 1;
    }
    return walk;
  }

  /** As get() finds it now; without a search while no entry has come or gone. */
  #valueOf({ id, column, changes, entries, keys }: Walk, at: number): unknown {
    const asItWas = this.#expiry === undefined && this.#at.id === id && this.#column() === column && column.changes === changes;
    return asItWas ? this.#value(column, entries[at]!) : this.get(keys[at]);
  }

  #column(): MapColumn {
    if (this.#at.id < 0) throw stateOutsideCall();
    return this.#at.table.columns[this.#index] as MapColumn;
  }

  /** A living entry, or −1. */
  #find(column: MapColumn, key: unknown): number {
    if (key !== key) canonicalBytes(key); // throws
    const { id } = this.#at;
    if (column.counts[id] === 0) return -1;
    const entry = column.find(id, key);
    if (this.#expiry === undefined || entry < 0) return entry;
    return this.#dropExpired(this.#expiry, column, entry) ? -1 : entry;
  }

  #dropExpired(expiry: Expiry, column: MapColumn, entry: number): boolean {
    const stamp = column.stamps[entry]!;
    if (expiry.expired(stamp)) {
      this.#remove(column, entry);
      return true;
    }
    if (Number.isNaN(stamp)) {
      column.touch(entry);
      column.stamps[entry] = expiry.stamp();
    }
    return false;
  }

  #remove(column: MapColumn, entry: number): void {
    column.remove(entry);
    this.#at.table.letGo(this.#at.id);
  }

  #value(column: MapColumn, entry: number): unknown {
    if (this.#numbers) {
      const value = column.valueNumbers[entry]!;
      return this.#codec.type.kind === "boolean" ? value === 1 : value;
    }
    const { log } = this.#at;
    const row = column.entries.valueRow(entry);
    const start = log.payloadStart(row);
    return this.#codec.decode(log.pageOf(row), start, start + log.lengthOf(row));
  }
}
