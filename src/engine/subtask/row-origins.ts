// Where a row came from, as one number: its split's number in the high bits, its offset in the low 40. Rows carry it over exchanges, so that
// errors behind one still name the record. What does not fit (an offset beyond 2 ** 40, the 8,193rd split) is NaN: not known.
const OFFSETS = 2 ** 40;
const MAX_SPLITS = 2 ** 13;

export interface Origin {
  readonly split: string;
  /** undefined: the source gave none. */
  readonly offset: number | undefined;
}

/** The numbers of the splits of a job, the same for all its subtasks in a thread. */
export class SplitNumbers {
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];

  /** To be added to an offset of the split. */
  baseOf(split: string): number {
    const known = this.#numbers.get(split);
    if (known !== undefined) return known * OFFSETS;
    const number = this.#names.length;
    if (number === MAX_SPLITS) return NaN;
    this.#names.push(split);
    this.#numbers.set(split, number);
    return number * OFFSETS;
  }

  originOf(row: number): Origin | undefined {
    if (!(row >= 0)) return undefined;
    const split = this.#names[Math.floor(row / OFFSETS)];
    return split === undefined ? undefined : { split, offset: row % OFFSETS };
  }
}
