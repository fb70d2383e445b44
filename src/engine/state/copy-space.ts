// Where a snapshot puts what it must copy: pages that are filled one after the other and given back together. A few are kept for the
// next snapshot, so that a barrier's first touches do not wait for memory.

const PAGE_SHIFT = 18;
const PAGE_BYTES = 1 << PAGE_SHIFT;
const UNIT_SHIFT = 3;
const UNITS_SHIFT = PAGE_SHIFT - UNIT_SHIFT;
/** Pages kept by a thread for snapshots to come: 16 MB. */
const MAX_SPARE_PAGES = 64;

const spare: ArrayBuffer[] = [];

export class CopySpace {
  /** The pages, three times: as what the arrays are that were copied. */
  readonly bytes: Uint8Array[] = [];
  readonly words: Int32Array[] = [];
  readonly doubles: Float64Array[] = [];
  #next = PAGE_BYTES;

  /** A place for so many bytes, at a multiple of 8. */
  allocate(sizeBytes: number): number {
    const size = (sizeBytes + 7) & ~7;
    if (this.#next + size > PAGE_BYTES) this.#addPage(size);
    const place = ((this.bytes.length - 1) << UNITS_SHIFT) | (this.#next >>> UNIT_SHIFT);
    this.#next += size;
    return place;
  }

  pageOf(place: number): number {
    return place >>> UNITS_SHIFT;
  }

  /** In its page, in bytes. */
  offsetOf(place: number): number {
    return (place & ((1 << UNITS_SHIFT) - 1)) << UNIT_SHIFT;
  }

  /** Gives all pages back: nothing of them is read any more. */
  release(): void {
    for (const { buffer } of this.bytes) {
      if (spare.length < MAX_SPARE_PAGES && buffer.byteLength === PAGE_BYTES) spare.push(buffer as ArrayBuffer);
    }
    this.bytes.length = 0;
    this.words.length = 0;
    this.doubles.length = 0;
    this.#next = PAGE_BYTES;
  }

  #addPage(size: number): void {
    // What exceeds a page has one of its own.
    const buffer = (size <= PAGE_BYTES ? spare.pop() : undefined) ?? new ArrayBuffer(Math.max(PAGE_BYTES, size));
    this.bytes.push(new Uint8Array(buffer));
    this.words.push(new Int32Array(buffer));
    this.doubles.push(new Float64Array(buffer));
    this.#next = 0;
  }
}
