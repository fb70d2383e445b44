// The handle of a list state: rows chained from the newest to the oldest, so that adding changes no row. A row of a list is the address
// of the element before it (int32), with a ttl the stamp of its write (float64), and the element's bytes; little-endian.
import type { BinaryCodec } from "../../schema/binary-row/binary-codec.ts";
import { checkValue } from "../../schema/mismatch.ts";
import type { Expiry } from "./expiry.ts";
import type { RowLog } from "./row-log.ts";
import type { RowColumn } from "./state-column.ts";
import { stateOutsideCall, type CurrentKey, type StateHandle } from "./state-handle.ts";

export const LIST_LINK_BYTES = 4;
export const STAMP_BYTES = 8;

const stampBytes = new Uint8Array(STAMP_BYTES);
const stampView = new DataView(stampBytes.buffer);

export class ListHandle implements StateHandle {
  readonly #at: CurrentKey;
  readonly #index: number;
  readonly #codec: BinaryCodec;
  readonly #expiry: Expiry | undefined;
  readonly #headBytes: number;

  constructor(at: CurrentKey, index: number, codec: BinaryCodec, expiry: Expiry | undefined) {
    this.#at = at;
    this.#index = index;
    this.#codec = codec;
    this.#expiry = expiry;
    this.#headBytes = LIST_LINK_BYTES + (expiry === undefined ? 0 : STAMP_BYTES);
  }

  get(): readonly unknown[] {
    this.expire();
    const { rows, counts } = this.#column();
    const { log, id } = this.#at;
    const values: unknown[] = Array.from({ length: counts[id]! });
    let row = rows[id]!;
    for (let index = values.length - 1; index >= 0; index--) {
      const page = log.pageOf(row);
      const start = log.payloadStart(row);
      values[index] = this.#codec.decode(page, start + this.#headBytes, start + log.lengthOf(row));
      row = linkAt(page, start);
    }
    return values;
  }

  add(value: unknown): undefined {
    this.#put(this.#codec.bytesOf(value), this.#expiry?.stamp());
  }

  #put(bytes: Uint8Array, stamp: number | undefined): void {
    const { rows, counts } = this.#column();
    const { log, table, id } = this.#at;
    const before = rows[id]!;
    rows[id] = putLinked(log, before, stamp, bytes);
    counts[id]!++;
    if (before === 0) table.hold(id);
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
    const { rows, counts } = this.#column();
    const { log, table, id } = this.#at;
    let row = rows[id]!;
    if (row === 0) return;
    while (row !== 0) {
      const before = linkAt(log.pageOf(row), log.payloadStart(row));
      log.free(row);
      row = before;
    }
    rows[id] = 0;
    counts[id] = 0;
    table.letGo(id);
  }

  /** Rows cannot be unchained: what lives is written anew if anything has died. */
  expire(): undefined {
    const expiry = this.#expiry;
    const column = this.#column();
    if (expiry === undefined || !this.#isStale(expiry, column.rows[this.#at.id]!)) return;
    const { log, id } = this.#at;
    const living: { readonly stamp: number; readonly bytes: Uint8Array }[] = [];
    for (let row = column.rows[id]!; row !== 0; row = linkAt(log.pageOf(row), log.payloadStart(row))) {
      const stamp = stampAt(log, row);
      if (expiry.expired(stamp)) continue;
      const bytes = log.bytesOf(row).slice(this.#headBytes);
      living.push({ stamp: Number.isNaN(stamp) ? expiry.stamp() : stamp, bytes });
    }
    this.clear();
    for (const { stamp, bytes } of living.toReversed()) this.#put(bytes, stamp);
  }

  #isStale(expiry: Expiry, newest: number): boolean {
    const { log } = this.#at;
    for (let row = newest; row !== 0; row = linkAt(log.pageOf(row), log.payloadStart(row))) {
      const stamp = stampAt(log, row);
      if (expiry.expired(stamp) || Number.isNaN(stamp)) return true;
    }
    return false;
  }

  #column(): RowColumn {
    if (this.#at.id < 0) throw stateOutsideCall();
    return this.#at.table.columns[this.#index] as RowColumn;
  }
}

export function linkAt(page: Uint8Array, at: number): number {
  return page[at]! | (page[at + 1]! << 8) | (page[at + 2]! << 16) | (page[at + 3]! << 24);
}

/** The stamp in a row of a list with a ttl. */
export function stampAt(log: RowLog, row: number): number {
  const start = log.payloadStart(row) + LIST_LINK_BYTES;
  const page = log.pageOf(row);
  for (let index = 0; index < STAMP_BYTES; index++) stampBytes[index] = page[start + index]!;
  return stampView.getFloat64(0, true);
}

/** A row that points at `before`; undefined: without a stamp. */
export function putLinked(log: RowLog, before: number, stamp: number | undefined, bytes: Uint8Array): number {
  const head = LIST_LINK_BYTES + (stamp === undefined ? 0 : STAMP_BYTES);
  const row = log.allocate(head + bytes.length);
  const page = log.pageOf(row);
  const at = log.payloadStart(row);
  page[at] = before;
  page[at + 1] = before >>> 8;
  page[at + 2] = before >>> 16;
  page[at + 3] = before >>> 24;
  if (stamp !== undefined) {
    stampView.setFloat64(0, stamp, true);
    page.set(stampBytes, at + LIST_LINK_BYTES);
  }
  page.set(bytes, at + head);
  return row;
}
