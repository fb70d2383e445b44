// Elements of one key group by id of the key and by time: chains in the order of time, those of one time in the order of arrival. Elements
// come nearly in that order, and are forgotten from the front.
import { DOUBLES, EntryChains, KEY_NUMBER } from "./entry-chains.ts";
import type { RowLog } from "./row-log.ts";

export class TimeColumn extends EntryChains {
  constructor(capacity: number, log: RowLog) {
    super(capacity, log, false, false);
  }

  /** `time`: a number. */
  override insert(id: number, time: unknown): number {
    const entry = this.take();
    let previous = this.last[id]!;
    while (previous !== 0 && this.timeOf(previous - 1) > (time as number)) previous = this.entries.previous(previous - 1);
    this.link(id, entry, previous, 0, 0, time as number);
    return entry;
  }

  override remove(entry: number): void {
    this.unlink(entry);
  }

  timeOf(entry: number): number {
    return this.entries.doubles[entry * DOUBLES + KEY_NUMBER]!;
  }

  /** Entry + 1 of the first element at or after `from`; 0: there is none. Looks from the end that seems nearer. */
  seek(id: number, from: number): number {
    const first = this.first[id]!;
    const last = this.last[id]!;
    if (first === 0 || this.timeOf(last - 1) < from) return 0;
    const { entries } = this;
    if (from - this.timeOf(first - 1) <= this.timeOf(last - 1) - from) {
      let at = first;
      while (this.timeOf(at - 1) < from) at = entries.next(at - 1);
      return at;
    }
    let at = last;
    for (;;) {
      const before = entries.previous(at - 1);
      if (before === 0 || this.timeOf(before - 1) < from) return at;
      at = before;
    }
  }
}
