// Timers in time order without a heap: a hierarchical wheel of 11 levels of 32 buckets over milliseconds. An entry lies at the level of
// the highest digit (base 32) in which its time differs from the wheel's position, so it moves at most once per level until it is due.
// Entries are pairs of int32 that mean nothing to the wheel. Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (1987).

const DIGIT_BITS = 5;
const DIGITS = 32;
const LOW_LEVELS = 6;
const LEVELS = 11;
/** Times are shifted by this so that none is negative: the wheel covers ±2^52 ms. */
export const WHEEL_RANGE_MS = 2 ** 52;
const LOW = 2 ** 30;
/** Milliseconds of a bucket, by level. */
const UNITS = Float64Array.from({ length: LEVELS + 1 }, (_, level) => DIGITS ** level);

interface Bucket {
  size: number;
  /** Times of the entries, shifted. */
  times: Float64Array;
  /** Two numbers per entry. */
  entries: Int32Array;
}

export type FireTimer = (time: number, a: number, b: number) => void;

export class TimerWheel {
  /** Every entry at or before this (shifted) time has been fired or is overdue. */
  #position = 0;
  readonly #buckets: (Bucket | undefined)[] = Array.from({ length: LEVELS * DIGITS }, () => undefined);
  /** Per level, bit d: bucket d holds something. */
  readonly #occupied = new Int32Array(LEVELS);
  /** Set at or before the position: fired at the next advance(), by time. */
  #overdue: Bucket = newBucket();
  #spare: Bucket = newBucket();
  /** Entries in the wheel. */
  size = 0;

  add(time: number, a: number, b: number): void {
    this.size++;
    const shifted = time + WHEEL_RANGE_MS;
    if (shifted <= this.#position) put(this.#overdue, shifted, a, b);
    else this.#place(shifted, a, b);
  }

  #place(time: number, a: number, b: number): void {
    const index = bucketOf(time, this.#position);
    let bucket = this.#buckets[index];
    if (bucket === undefined) this.#buckets[index] = bucket = newBucket();
    if (bucket.size === 0) this.#occupied[index >>> DIGIT_BITS]! |= 1 << (index & (DIGITS - 1));
    put(bucket, time, a, b);
  }

  /** No entry is due before this time; Infinity if there is none. A lower bound, not always the time of an entry. */
  get next(): number {
    if (this.#overdue.size > 0) return -Infinity;
    const index = this.#first();
    return index < 0 ? Infinity : startOf(index, this.#position) - WHEEL_RANGE_MS;
  }

  /** Fires everything up to `time`, in time order, what is added meanwhile included. */
  advance(time: number, fire: FireTimer): void {
    const to = Math.floor(time) + WHEEL_RANGE_MS;
    this.#fireOverdue(fire);
    for (let index = this.#first(); index >= 0; index = this.#first()) {
      const start = startOf(index, this.#position);
      if (start > to) break;
      this.#position = start;
      this.#empty(index, start, fire);
      this.#fireOverdue(fire);
    }
    if (to !== Infinity && to > this.#position) this.#position = to;
  }

  /** Takes a bucket whose time has come: fires what is due at its very start, spreads the rest over lower levels. */
  #empty(index: number, start: number, fire: FireTimer): void {
    const bucket = this.#buckets[index]!;
    this.#occupied[index >>> DIGIT_BITS]! &= ~(1 << (index & (DIGITS - 1)));
    this.#buckets[index] = this.#spare;
    const { size, times, entries } = bucket;
    bucket.size = 0;
    for (let at = 0; at < size; at++) {
      if (times[at]! > start) this.#place(times[at]!, entries[at * 2]!, entries[at * 2 + 1]!);
    }
    for (let at = 0; at < size; at++) {
      if (times[at]! > start) continue;
      this.size--;
      fire(times[at]! - WHEEL_RANGE_MS, entries[at * 2]!, entries[at * 2 + 1]!);
    }
    this.#spare = size > KEPT_CAPACITY ? newBucket() : bucket;
  }

  #fireOverdue(fire: FireTimer): void {
    while (this.#overdue.size > 0) {
      const { size, times, entries } = this.#overdue;
      this.#overdue = newBucket();
      const order = Array.from({ length: size }, (_, at) => at).sort((x, y) => times[x]! - times[y]! || x - y);
      let next = 0;
      // What a callback adds may belong before the rest: then all are sorted again.
      while (next < size && this.#overdue.size === 0) {
        const at = order[next++]!;
        this.size--;
        fire(times[at]! - WHEEL_RANGE_MS, entries[at * 2]!, entries[at * 2 + 1]!);
      }
      for (; next < size; next++) {
        const at = order[next]!;
        put(this.#overdue, times[at]!, entries[at * 2]!, entries[at * 2 + 1]!);
      }
    }
  }

  /** Drops the entries for which `keep` is false. */
  sweep(keep: (time: number, a: number, b: number) => boolean): void {
    this.#buckets.forEach((bucket, index) => {
      if (bucket === undefined) return;
      filterBucket(bucket, keep);
      if (bucket.size === 0) this.#occupied[index >>> DIGIT_BITS]! &= ~(1 << (index & (DIGITS - 1)));
    });
    filterBucket(this.#overdue, keep);
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

/** Buckets with more entries are dropped after use, so that one burst does not keep its memory. */
const KEPT_CAPACITY = 4096;

function newBucket(capacity = 8): Bucket {
  return { size: 0, times: new Float64Array(capacity), entries: new Int32Array(capacity * 2) };
}

function put(bucket: Bucket, time: number, a: number, b: number): void {
  const at = bucket.size;
  if (at === bucket.times.length) grow(bucket);
  bucket.times[at] = time;
  bucket.entries[at * 2] = a;
  bucket.entries[at * 2 + 1] = b;
  bucket.size = at + 1;
}

function grow(bucket: Bucket): void {
  const capacity = Math.max(8, bucket.times.length * 2);
  const times = new Float64Array(capacity);
  const entries = new Int32Array(capacity * 2);
  times.set(bucket.times);
  entries.set(bucket.entries);
  bucket.times = times;
  bucket.entries = entries;
}

function filterBucket(bucket: Bucket, keep: (time: number, a: number, b: number) => boolean): void {
  const { size, times, entries } = bucket;
  let kept = 0;
  for (let at = 0; at < size; at++) {
    if (!keep(times[at]! - WHEEL_RANGE_MS, entries[at * 2]!, entries[at * 2 + 1]!)) continue;
    times[kept] = times[at]!;
    entries[kept * 2] = entries[at * 2]!;
    entries[kept * 2 + 1] = entries[at * 2 + 1]!;
    kept++;
  }
  bucket.size = kept;
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
