// Timers of one operator in one time domain: a set of (key, time). Which timers exist is kept per key group, so that a snapshot can hand
// them out by group; when they fire is the wheel's business. A deleted timer stays in the wheel as a dead entry until its time, or until
// the dead outnumber the living.
import type { CopySpace } from "../state/copy-space.ts";
import type { KeyTable } from "../state/key-table.ts";
import { type FrozenTimers, TimerSet } from "./timer-set.ts";
import { TimerWheel, type WarmTimers, WHEEL_RANGE_MS } from "./timer-wheel.ts";

export class TimerError extends Error {
  override readonly name = "TimerError";
  readonly code = "BAD_TIMER";
}

/** Dead entries below this number are not worth a sweep. */
const MIN_DEAD = 4096;
/** At the end of the input every timer fires, those too that timers set: this many times as many as there were. */
const MAX_FINAL_FACTOR = 1000;

/** By key group. */
type KeyTables = readonly (KeyTable | undefined)[];

export class Timers {
  readonly #sets: (TimerSet | undefined)[];
  readonly #wheel = new TimerWheel();
  #dead = 0;
  /** Means nothing: what has no result, the compiler leaves out. */
  warmth = 0;

  constructor(maxParallelism: number) {
    this.#sets = Array.from({ length: maxParallelism }, () => undefined);
  }

  /** Nothing fires before this time. */
  get next(): number {
    return this.#wheel.next;
  }

  /** Of the next living timer; Infinity: there is none. For people, see TimerWheel.earliest(). */
  get earliest(): number {
    return this.#wheel.earliest((time, group, id) => (this.#sets[group]!.has(id, time) ? time : Infinity));
  }

  /** Living timers. */
  get size(): number {
    return this.#wheel.size - this.#dead;
  }

  /** Entries in the wheel, the deleted ones too. */
  get allocated(): number {
    return this.#wheel.size;
  }

  set(group: number, table: KeyTable, id: number, at: number): void {
    const time = timerTime(at);
    const added = this.#set(group).add(id, time);
    if (added === "known") return;
    table.hold(id);
    if (added === "new") this.#wheel.add(time, group, id);
    else this.#dead--;
  }

  delete(group: number, table: KeyTable, id: number, at: number): void {
    if (!this.#set(group).delete(id, timerTime(at))) return;
    table.letGo(id);
    if (++this.#dead < MIN_DEAD || this.#dead * 2 < this.#wheel.size) return;
    this.#wheel.sweep((time, timerGroup, timerId) => this.#sets[timerGroup]!.keepOrFree(timerId, time));
    this.#dead = 0;
  }

  /** Times of a key's timers, ascending. For single questions. */
  timesOf(group: number, id: number): number[] {
    return (this.#sets[group]?.timesOf(id) ?? []).sort((a, b) => a - b);
  }

  /**
   * Fires all timers up to `time`, in time order. A timer is out of the set before its callback runs, so the callback may set it again.
   * `tables`: of the keys; where many timers fire at once, what they need is read beforehand.
   */
  advance(time: number, fire: (group: number, id: number, at: number) => void, tables?: KeyTables): void {
    let left = time === Infinity ? MAX_FINAL_FACTOR * (this.#wheel.size + 1000) : Infinity;
    const take = (at: number, group: number, id: number): void => {
      if (!this.#sets[group]!.take(id, at)) this.#dead--;
      else if (left-- > 0) fire(group, id, at);
      else throw new TimerError("At the end of the input, timers keep setting new timers: do not set one when ctx.watermark is Infinity.");
    };
    const warm: WarmTimers | undefined = tables && ((at, entries, count) => this.#warm(tables, at, entries, count));
    this.#wheel.advance(time, take, warm);
  }

  #warm(tables: KeyTables, at: number, entries: Int32Array, count: number): void {
    let sum = 0;
    for (let entry = 0; entry < count; entry++) {
      const group = entries[entry * 2]!;
      const id = entries[entry * 2 + 1]!;
      sum += this.#sets[group]!.warm(id, at) + tables[group]!.warm(id);
    }
    this.warmth = sum;
  }

  /** The timers of a group as they are now, until release(). Undefined: there are none. */
  freeze(group: number, space: CopySpace): FrozenTimers | undefined {
    return this.#sets[group]?.freeze(space);
  }

  #set(group: number): TimerSet {
    return (this.#sets[group] ??= new TimerSet());
  }
}

/** Whole milliseconds, rounded up: a timer never fires early. */
function timerTime(at: number): number {
  if (typeof at === "number" && Math.abs(at) < WHEEL_RANGE_MS) return Math.ceil(at) + 0;
  throw new TimerError(
    `A timer's time must be milliseconds since 1970, not ${typeof at === "number" ? at : `a value of type ${typeof at}`}.`,
  );
}
