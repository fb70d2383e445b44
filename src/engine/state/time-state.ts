// The handle of elements by time (time-column.ts): what joins keep of a side.
import type { BinaryCodec } from "../../schema/binary-row/binary-codec.ts";
import { stateOutsideCall, type CurrentKey, type StateHandle } from "./state-handle.ts";
import type { TimeColumn } from "./time-column.ts";

export class TimeHandle implements StateHandle {
  readonly #at: CurrentKey;
  readonly #index: number;
  readonly #codec: BinaryCodec;

  constructor(at: CurrentKey, index: number, codec: BinaryCodec) {
    this.#at = at;
    this.#index = index;
    this.#codec = codec;
  }

  /** Throws SchemaError if the value does not fit the type. */
  insert(time: number, value: unknown): undefined {
    const column = this.#column();
    const bytes = this.#codec.bytesOf(value);
    const { table, id } = this.#at;
    column.setBytes(column.insert(id, time), bytes);
    table.hold(id);
  }

  /** Calls back for the elements with from ≤ time ≤ to, in the order of time. They must not change meanwhile. */
  between(from: number, to: number, each: (value: unknown, time: number) => void): undefined {
    const column = this.#column();
    const { log, id } = this.#at;
    for (let at = column.seek(id, from); at !== 0; at = column.entries.next(at - 1)) {
      const time = column.timeOf(at - 1);
      if (time > to) return;
      const row = column.entries.valueRow(at - 1);
      const start = log.payloadStart(row);
      each(this.#codec.decode(log.pageOf(row), start, start + log.lengthOf(row)), time);
    }
  }

  /** Forgets the elements with times up to `time`. */
  dropUntil(time: number): undefined {
    const column = this.#column();
    const { table, id } = this.#at;
    for (let first = column.first[id]!; first !== 0 && column.timeOf(first - 1) <= time; first = column.first[id]!) {
      column.remove(first - 1);
      table.letGo(id);
    }
  }

  clear(): undefined {
    this.dropUntil(Infinity);
  }

  expire(): undefined {}

  #column(): TimeColumn {
    if (this.#at.id < 0) throw stateOutsideCall();
    return this.#at.table.columns[this.#index] as TimeColumn;
  }
}
