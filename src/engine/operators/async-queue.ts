// What waits in a mapAsync, in order of arrival: elements, and between them fences (watermarks, idleness). Elements never leave across a
// fence. Ordered: the first element leaves first; otherwise any that is ready before the first fence.

export type Fence = { readonly kind: "watermark"; readonly time: number } | { readonly kind: "status"; readonly status: "active" | "idle" };

interface Segment<E> {
  /** In order of arrival. */
  readonly elements: Set<E>;
  /** Behind them; undefined: the segment is the last. */
  fence: Fence | undefined;
}

export class AsyncQueue<E> {
  readonly #ordered: boolean;
  /** At least one; only the last has no fence. */
  readonly #segments: Segment<E>[] = [{ elements: new Set(), fence: undefined }];
  #size = 0;

  constructor(ordered: boolean) {
    this.#ordered = ordered;
  }

  /** Elements. */
  get size(): number {
    return this.#size;
  }

  /** Neither elements nor fences. */
  get isEmpty(): boolean {
    return this.#size === 0 && this.#segments.length === 1;
  }

  elements(): E[] {
    return this.#segments.flatMap(({ elements }) => [...elements]);
  }

  push(element: E): void {
    this.#segments.at(-1)!.elements.add(element);
    this.#size++;
  }

  fence(fence: Fence): void {
    const last = this.#segments.at(-1)!;
    const before = this.#segments.at(-2);
    // A watermark right behind another takes its place.
    if (last.elements.size === 0 && before?.fence?.kind === "watermark" && fence.kind === "watermark") before.fence = fence;
    else {
      last.fence = fence;
      this.#segments.push({ elements: new Set(), fence: undefined });
    }
  }

  /** Lets go of all that may leave. An element is out before `emit` is called with it. */
  drain(isReady: (element: E) => boolean, emit: (element: E) => void, pass: (fence: Fence) => void): void {
    for (;;) {
      const first = this.#segments[0]!;
      for (const element of first.elements) {
        if (isReady(element)) {
          first.elements.delete(element);
          this.#size--;
          emit(element);
        } else if (this.#ordered) return;
      }
      if (first.elements.size > 0 || first.fence === undefined) return;
      this.#segments.shift();
      pass(first.fence);
    }
  }
}
