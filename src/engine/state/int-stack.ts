// A stack of int32 numbers outside the JS heap: long lists of what is free would be work for the garbage collector.

const FIRST_CAPACITY = 16;

export class IntStack {
  #items = new Int32Array(FIRST_CAPACITY);
  size = 0;

  push(item: number): void {
    if (this.size === this.#items.length) this.#grow();
    this.#items[this.size++] = item;
  }

  /** Of a stack that is not empty. */
  pop(): number {
    return this.#items[--this.size]!;
  }

  at(index: number): number {
    return this.#items[index]!;
  }

  clear(): void {
    this.size = 0;
  }

  #grow(): void {
    const items = new Int32Array(this.#items.length * 2);
    items.set(this.#items);
    this.#items = items;
  }
}
