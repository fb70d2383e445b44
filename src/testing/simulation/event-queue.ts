// What will happen, by virtual time: a binary heap. Invariant: equal times come out in the order they went in, so a run has one order.

export interface SimEvent {
  /** Virtual milliseconds. */
  readonly at: number;
  readonly sequence: number;
  /** For the trace. */
  readonly label: string;
  fire: (() => void) | undefined;
  /** Counted by the deadlock check: false for timers that would let a process exit. */
  readonly keepsAlive: boolean;
}

export class EventQueue {
  readonly #heap: SimEvent[] = [];
  #live = 0;
  #keepingAlive = 0;
  #sequence = 0;

  /** Events that are not cancelled. */
  get size(): number {
    return this.#live;
  }

  get keepingAlive(): number {
    return this.#keepingAlive;
  }

  push(at: number, label: string, fire: () => void, keepsAlive: boolean): SimEvent {
    const event: SimEvent = { at, sequence: this.#sequence++, label, fire, keepsAlive };
    const heap = this.#heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (before(heap[parent]!, event)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = event;
    this.#live++;
    if (keepsAlive) this.#keepingAlive++;
    return event;
  }

  /** Idempotent; does nothing to an event that has fired. */
  cancel(event: SimEvent): void {
    if (event.fire === undefined) return;
    event.fire = undefined;
    this.#forget(event);
  }

  /** The next event that is not cancelled. */
  peek(): SimEvent | undefined {
    while (this.#heap[0] !== undefined && this.#heap[0].fire === undefined) this.#popAny();
    return this.#heap[0];
  }

  /** The same, removed. */
  pop(): SimEvent | undefined {
    const event = this.peek();
    if (event === undefined) return undefined;
    this.#popAny();
    this.#forget(event);
    return event;
  }

  #forget(event: SimEvent): void {
    this.#live--;
    if (event.keepsAlive) this.#keepingAlive--;
  }

  #popAny(): SimEvent | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || last === top) return top;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (before(last, heap[child]!)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
    return top;
  }
}

function before(left: SimEvent, right: SimEvent): boolean {
  return left.at < right.at || (left.at === right.at && left.sequence < right.sequence);
}
