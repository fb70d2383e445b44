// A queue in a ring of slots: constant time at both ends, and nothing is allocated per element.

const FIRST_SLOTS = 4;
/** What has grown beyond is let go of when the queue is empty. */
const KEPT_SLOTS = 1_024;

export class Fifo<T> {
  /** As many as a power of two, or none. */
  #slots: (T | undefined)[] = [];
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#length++) & (this.#slots.length - 1)] = item;
  }

  /** The element `index` places behind the head. */
  at(index: number): T | undefined {
    return index < this.#length ? this.#slots[(this.#head + index) & (this.#slots.length - 1)] : undefined;
  }

  first(): T | undefined {
    return this.at(0);
  }

  last(): T | undefined {
    return this.#length === 0 ? undefined : this.at(this.#length - 1);
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#taken();
    return item;
  }

  pop(): T | undefined {
    if (this.#length === 0) return undefined;
    const at = (this.#head + this.#length - 1) & (this.#slots.length - 1);
    const item = this.#slots[at];
    this.#slots[at] = undefined;
    this.#taken();
    return item;
  }

  #taken(): void {
    if (--this.#length > 0 || this.#slots.length <= KEPT_SLOTS) return;
    this.#slots = [];
    this.#head = 0;
  }

  #grow(): void {
    const { length } = this.#slots;
    const slots = Array.from<T | undefined>({ length: Math.max(FIRST_SLOTS, length * 2) });
    for (let i = 0; i < this.#length; i++) slots[i] = this.#slots[(this.#head + i) & (length - 1)];
    this.#slots = slots;
    this.#head = 0;
  }
}
