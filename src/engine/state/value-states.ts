// Handles of value states. get() and set() of a number are an array access each, small enough to be inlined into the loop.
import type { BinaryCodec } from "../../schema/binary-row/binary-codec.ts";
import { checkValue } from "../../schema/mismatch.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import type { Expiry } from "./expiry.ts";
import type { NumberColumn, RowColumn } from "./state-column.ts";
import { stateOutsideCall, type CurrentKey, type StateHandle } from "./state-handle.ts";

export class NumberState implements StateHandle {
  readonly #at: CurrentKey;
  readonly #index: number;
  readonly #type: TypeInfo;
  readonly #isDouble: boolean;

  /** `index`: its column in the key's table. */
  constructor(at: CurrentKey, index: number, type: TypeInfo) {
    this.#at = at;
    this.#index = index;
    this.#type = type;
    this.#isDouble = type.kind === "double";
  }

  get(): number | undefined {
    const { table, id } = this.#at;
    if (id < 0) throw stateOutsideCall();
    const column = table.columns[this.#index] as NumberColumn;
    const value = column.values[id]!;
    return value === value || column.present[id] === 1 ? value : undefined;
  }

  set(value: number): undefined {
    // Doubles and int32 (which every number type holds) pass at once; the rest is looked at closely.
    if (typeof value !== "number" || ((value | 0) !== value && !this.#isDouble)) checkValue(this.#type, value);
    const { table, id } = this.#at;
    if (id < 0) throw stateOutsideCall();
    const column = table.columns[this.#index] as NumberColumn;
    const old = column.values[id]!;
    column.values[id] = value;
    if (old === old || column.present[id] === 1) return;
    column.present[id] = 1;
    table.hold(id);
  }

  clear(): undefined {
    const { table, id } = this.#at;
    if (id < 0) throw stateOutsideCall();
    const { present, values } = table.columns[this.#index] as NumberColumn;
    if (present[id] === 0) return;
    present[id] = 0;
    values[id] = NaN;
    table.letGo(id);
  }

  expire(): undefined {}
}

export class BooleanState implements StateHandle {
  readonly #number: NumberState;
  readonly #type: TypeInfo = { kind: "boolean" };

  constructor(at: CurrentKey, index: number) {
    this.#number = new NumberState(at, index, { kind: "double" });
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

  expire(): undefined {}
}

/** A value of any other type: a row, replaced at each set(). */
export class RowState implements StateHandle {
  readonly #at: CurrentKey;
  readonly #index: number;
  readonly #codec: BinaryCodec;

  constructor(at: CurrentKey, index: number, codec: BinaryCodec) {
    this.#at = at;
    this.#index = index;
    this.#codec = codec;
  }

  get(): unknown {
    const { log, table, id } = this.#at;
    if (id < 0) throw stateOutsideCall();
    const row = (table.columns[this.#index] as RowColumn).rows[id]!;
    if (row === 0) return undefined;
    const start = log.payloadStart(row);
    return this.#codec.decode(log.pageOf(row), start, start + log.lengthOf(row));
  }

  set(value: unknown): undefined {
    const { log, table, id } = this.#at;
    if (id < 0) throw stateOutsideCall();
    const bytes = this.#codec.bytesOf(value);
    const { rows } = table.columns[this.#index] as RowColumn;
    const old = rows[id]!;
    rows[id] = log.replace(old, bytes);
    if (old === 0) table.hold(id);
  }

  clear(): undefined {
    const { log, table, id } = this.#at;
    if (id < 0) throw stateOutsideCall();
    const { rows } = table.columns[this.#index] as RowColumn;
    const old = rows[id]!;
    if (old === 0) return;
    rows[id] = 0;
    log.free(old);
    table.letGo(id);
  }

  expire(): undefined {}
}

/** A value state with a time to live, around one without. */
export class ExpiringValue implements StateHandle {
  readonly #at: CurrentKey;
  readonly #index: number;
  readonly #inner: NumberState | BooleanState | RowState;
  readonly #expiry: Expiry;

  constructor(at: CurrentKey, index: number, inner: NumberState | BooleanState | RowState, expiry: Expiry) {
    this.#at = at;
    this.#index = index;
    this.#inner = inner;
    this.#expiry = expiry;
  }

  get(): unknown {
    this.expire();
    return this.#inner.get();
  }

  set(value: never): undefined {
    this.#inner.set(value);
    this.#stamps()[this.#at.id] = this.#expiry.stamp();
  }

  clear(): undefined {
    this.#inner.clear();
  }

  expire(): undefined {
    const { id } = this.#at;
    if (id < 0) throw stateOutsideCall();
    const stamps = this.#stamps();
    if (this.#expiry.expired(stamps[id]!)) this.#inner.clear();
    else if (Number.isNaN(stamps[id])) stamps[id] = this.#expiry.stamp();
  }

  #stamps(): Float64Array {
    return (this.#at.table.columns[this.#index] as NumberColumn | RowColumn).stamps;
  }
}
