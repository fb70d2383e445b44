// A running hash of everything that happened in a simulation: two runs with one seed must end with the same value.

export class TraceHash {
  #low = 0x811c9dc5 | 0;
  #high = 0xcbf29ce4 | 0;
  readonly #double = new Float64Array(1);
  readonly #words = new Int32Array(this.#double.buffer);

  number(value: number): void {
    this.#double[0] = value;
    this.#word(this.#words[0]!);
    this.#word(this.#words[1]!);
  }

  text(value: string): void {
    for (let index = 0; index < value.length; index++) this.#word(value.charCodeAt(index));
    this.#word(-1);
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    return (this.#high >>> 0).toString(16).padStart(8, "0") + (this.#low >>> 0).toString(16).padStart(8, "0");
  }

  #word(word: number): void {
    this.#low = Math.imul(this.#low ^ word, 0x01000193);
    this.#high = Math.imul(this.#high ^ word ^ (this.#low >>> 15), 0x85ebca6b);
    this.#high ^= this.#high >>> 13;
  }
}
