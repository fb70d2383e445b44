// Timers in time order without a heap: a hierarchical wheel of 11 levels of 32 buckets over milliseconds. An entry lies at the level of
// the highest digit (base 32) in which its time differs from the wheel's position, so it moves at most once per level until it is due.
// Entries are pairs of int32 that mean nothing to the wheel. Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (1987).
import { giveBack, TimerBucket } from "./timer-bucket.ts";

const DIGIT_BITS = 5;
const DIGITS = 32;
const LOW_LEVELS = 6;
const LEVELS = 11;
/** Times are shifted by this so that none is negative: the wheel covers ±2^52 ms. */
export const WHEEL_RANGE_MS = 2 ** 52;
const LOW = 2 ** 30;
/** Milliseconds of a bucket, by level. */
const UNITS = Float64Array.from({ length: LEVELS + 1 }, (_, level) => DIGITS ** level);

export type FireTimer = (time: number, a: number, b: number) => void;
/** Is told of `count` entries (pairs) that are about to fire, so that it can read what their firing is going to read. */
export type WarmTimers = (time: number, entries: Int32Array, count: number) => void;

/** Entries of a bucket that are looked at one by one for a status report. */
const MAX_ASKED = 4096;

/** Fewer than this at once are not worth it. */
const WARM_ENTRIES = 16;

export class TimerWheel {
  /** Every entry at or before this (shifted) time has been fired or is overdue. */
  #position = 0;
  readonly #buckets: (TimerBucket | undefined)[] = Array.from({ length: LEVELS * DIGITS }, () => undefined);
  /** Per level, bit d: bucket d holds something. */
  readonly #occupied = new Int32Array(LEVELS);
  /** Set at or before the position: fired at the next advance(), by time. */
  readonly #overdue = new TimerBucket();
  /** Entries in the wheel. */
  size = 0;

  add(time: number, a: number, b: number): void {
    this.size++;
    const shifted = time + WHEEL_RANGE_MS;
    if (shifted <= this.#position) this.#overdue.put(shifted, a, b);
    else this.#place(shifted, a, b);
  }

  #place(time: number, a: number, b: number): void {
    const index = bucketOf(time, this.#position);
    let bucket = this.#buckets[index];
    if (bucket === undefined) this.#buckets[index] = bucket = new TimerBucket();
    if (bucket.isEmpty) this.#occupied[index >>> DIGIT_BITS]! |= 1 << (index & (DIGITS - 1));
    bucket.put(time, a, b);
  }

  /** No entry is due before this time; Infinity if there is none. A lower bound, not always the time of an entry. */
  get next(): number {
    if (!this.#overdue.isEmpty) return -Infinity;
    const index = this.#first();
    return index < 0 ? Infinity : startOf(index, this.#position) - WHEEL_RANGE_MS;
  }

  /**
   * When the earliest entry really fires, for people: `due` says it of an entry, and Infinity of one that is none any more. Where too many
   * entries would have to be asked, the earliest of their times.
   */
  earliest(due: (time: number, a: number, b: number) => number): number {
    const shifted = (time: number, a: number, b: number): number => due(time - WHEEL_RANGE_MS, a, b) + WHEEL_RANGE_MS;
    let best = this.#overdue.least(shifted);
    for (let index = 0; index < this.#buckets.length; index++) {
      const bucket = this.#buckets[index];
      if (bucket === undefined || bucket.isEmpty) continue;
      if (startOf(index, this.#position) >= best) break;
      best = Math.min(best, bucket.least(bucket.size > MAX_ASKED ? (time) => time : shifted));
    }
    return best - WHEEL_RANGE_MS;
  }

  /** Fires everything up to `time`, in time order, what is added meanwhile included. */
  advance(time: number, fire: FireTimer, warm?: WarmTimers): void {
    const to = Math.floor(time) + WHEEL_RANGE_MS;
    this.#fireOverdue(fire);
    for (let index = this.#first(); index >= 0; index = this.#first()) {
      const start = startOf(index, this.#position);
      if (start > to) break;
      this.#position = start;
      this.#empty(index, start, fire, warm);
      this.#fireOverdue(fire);
    }
    if (to !== Infinity && to > this.#position) this.#position = to;
  }

  /** Takes a bucket whose time has come: fires what is due at its very start, spreads the rest over lower levels. */
  #empty(index: number, start: number, fire: FireTimer, warm: WarmTimers | undefined): void {
    this.#occupied[index >>> DIGIT_BITS]! &= ~(1 << (index & (DIGITS - 1)));
    const chunks = this.#buckets[index]!.take();
    for (const { times, entries, size } of chunks) {
      for (let at = 0; at < size; at++) {
        if (times[at]! > start) this.#place(times[at]!, entries[at * 2]!, entries[at * 2 + 1]!);
      }
    }
    for (const { times, entries, size } of chunks) {
      // On the lowest level all are due.
      if (index < DIGITS && size >= WARM_ENTRIES) warm?.(start - WHEEL_RANGE_MS, entries, size);
      for (let at = 0; at < size; at++) {
        if (times[at]! > start) continue;
        this.size--;
        fire(times[at]! - WHEEL_RANGE_MS, entries[at * 2]!, entries[at * 2 + 1]!);
      }
    }
    giveBack(chunks);
  }

  #fireOverdue(fire: FireTimer): void {
    while (!this.#overdue.isEmpty) {
      const due: { readonly time: number; readonly a: number; readonly b: number }[] = [];
      this.#overdue.filter((time, a, b) => {
        due.push({ time, a, b });
        return false;
      });
      due.sort((x, y) => x.time - y.time); // stable: equal times in the order in which they were set
      let next = 0;
      // What a callback adds may belong before the rest: then all are sorted again.
      while (next < due.length && this.#overdue.isEmpty) {
        const { time, a, b } = due[next++]!;
        this.size--;
        fire(time - WHEEL_RANGE_MS, a, b);
      }
      for (; next < due.length; next++) this.#overdue.put(due[next]!.time, due[next]!.a, due[next]!.b);
    }
  }

  /** Drops the entries for which `keep` is false. */
  sweep(keep: (time: number, a: number, b: number) => boolean): void {
    const keepShifted = (time: number, a: number, b: number): boolean => keep(time - WHEEL_RANGE_MS, a, b);
    this.#buckets.forEach((bucket, index) => {
      if (bucket === undefined) return;
      bucket.filter(keepShifted);
      if (bucket.isEmpty) this.#occupied[index >>> DIGIT_BITS]! &= ~(1 << (index & (DIGITS - 1)));
    });
    this.#overdue.filter(keepShifted);
    this.size = this.#overdue.size + this.#buckets.reduce((sum, bucket) => sum + (bucket?.size ?? 0), 0);
  }

  /** The earliest occupied bucket: the lowest level has the earliest times, and within it the lowest digit. */
  #first(): number {
    const occupied = this.#occupied;
    for (let level = 0; level < LEVELS; level++) {
      const bits = occupied[level]!;
      if (bits !== 0) return level * DIGITS + (31 - Math.clz32(bits & -bits));
    }
    return -1;
  }
}

/** Bucket of a time after `position`: level of the highest differing digit, and the time's digit there. */
function bucketOf(time: number, position: number): number {
  const high = Math.floor(time / LOW);
  const positionHigh = Math.floor(position / LOW);
  const highBits = high ^ positionHigh;
  if (highBits !== 0) {
    const level = ((31 - Math.clz32(highBits)) / DIGIT_BITS) | 0;
    return (LOW_LEVELS + level) * DIGITS + ((high >>> (level * DIGIT_BITS)) & (DIGITS - 1));
  }
  const low = time - high * LOW;
  const level = ((31 - Math.clz32(low ^ (position - positionHigh * LOW))) / DIGIT_BITS) | 0;
  return level * DIGITS + ((low >>> (level * DIGIT_BITS)) & (DIGITS - 1));
}

/** Earliest time of a bucket: the position's digits above its level, its own digit, zeros below. */
function startOf(index: number, position: number): number {
  const level = index >>> DIGIT_BITS;
  const above = UNITS[level + 1]!;
  return Math.floor(position / above) * above + (index & (DIGITS - 1)) * UNITS[level]!;
}
