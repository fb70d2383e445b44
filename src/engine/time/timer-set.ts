// The timers of one key group as a set of (key id, time): dense entries with a hash table over them. An entry keeps its number until the
// wheel hands it back (take), even when the timer was deleted meanwhile.
import { grown } from "../state/key-table.ts";
import type { TimerSnapshot } from "./timers.ts";

const FIRST_CAPACITY = 16;
const GOLDEN = 0x9e3779b1;
const DEAD = -1;

export class TimerSet {
  /** Per entry: the key's id; DEAD when deleted or free. */
  #ids = new Int32Array(FIRST_CAPACITY);
  #times = new Float64Array(FIRST_CAPACITY);
  #slots = new Int32Array(FIRST_CAPACITY * 2);
  #shift = 32 - Math.log2(FIRST_CAPACITY * 2);
  #end = 0;
  #live = 0;
  readonly #free: number[] = [];

  /** The new entry, or −1 if the timer is set already. */
  add(id: number, time: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hashOf(id, time) >>> this.#shift;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const entry = slots[slot]! - 1;
      if (this.#ids[entry] === id && this.#times[entry] === time) return -1;
    }
    const entry = this.#free.pop() ?? this.#end++;
    if (entry === this.#ids.length) {
      this.#grow();
      slot = this.#hole(hashOf(id, time));
    }
    this.#ids[entry] = id;
    this.#times[entry] = time;
    this.#slots[slot] = entry + 1;
    this.#live++;
    return entry;
  }

  /** False if there is no such timer. */
  remove(id: number, time: number): boolean {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hashOf(id, time) >>> this.#shift; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const entry = slots[slot]! - 1;
      if (this.#ids[entry] !== id || this.#times[entry] !== time) continue;
      this.#close(slot);
      this.#ids[entry] = DEAD;
      this.#live--;
      return true;
    }
    return false;
  }

  /** The wheel hands an entry back: the id of its key, or −1 if the timer was deleted. */
  take(entry: number): number {
    const id = this.#ids[entry]!;
    if (id !== DEAD) this.remove(id, this.#times[entry]!);
    this.#free.push(entry);
    return id;
  }

  /** For a sweep of the wheel: false (and the entry is free) if the timer was deleted. */
  keepOrFree(entry: number): boolean {
    if (this.#ids[entry] !== DEAD) return true;
    this.#free.push(entry);
    return false;
  }

  snapshot(): TimerSnapshot {
    const ids = new Int32Array(this.#live);
    const times = new Float64Array(this.#live);
    let at = 0;
    for (let entry = 0; entry < this.#end; entry++) {
      if (this.#ids[entry] === DEAD) continue;
      ids[at] = this.#ids[entry]!;
      times[at++] = this.#times[entry]!;
    }
    return { ids, times };
  }

  #hole(hash: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash >>> this.#shift;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const capacity = this.#ids.length * 2;
    const used = this.#ids.length;
    this.#ids = grown(this.#ids, new Int32Array(capacity));
    this.#times = grown(this.#times, new Float64Array(capacity));
    this.#slots = new Int32Array(capacity * 2);
    this.#shift--;
    for (let entry = 0; entry < used; entry++) {
      if (this.#ids[entry] !== DEAD) this.#slots[this.#hole(hashOf(this.#ids[entry]!, this.#times[entry]!))] = entry + 1;
    }
  }

  #close(from: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = from;
    for (let slot = (hole + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const entry = slots[slot]! - 1;
      const home = hashOf(this.#ids[entry]!, this.#times[entry]!) >>> this.#shift;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      slots[hole] = slots[slot]!;
      hole = slot;
    }
    slots[hole] = 0;
  }
}

/** 32 bits, well mixed at the top. */
function hashOf(id: number, time: number): number {
  const low = time | 0;
  const high = Math.floor(time / 4294967296) | 0;
  let h = Math.imul(low ^ Math.imul(id, 0x85ebca6b), GOLDEN) ^ high;
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return h ^ (h >>> 13);
}
