// The list states of a function without a key: one list per state and subtask, values in memory. A snapshot keeps the lists as they were
// (they are replaced, never changed, once a snapshot or user code holds them) and encodes them later.
import { BinaryCodec } from "../../schema/binary-row/binary-codec.ts";
import { checkValue } from "../../schema/mismatch.ts";
import type { OperatorStateSpec } from "../../stream/graph.ts";
import { StateRestoreError } from "../state/state-restore-error.ts";
import type { StateChunk } from "../subtask/subtask.ts";
import type { OperatorHome } from "./operator-home.ts";
import { EntryChunks, EntryShare } from "./operator-state-chunk.ts";

const PREFIX = "list:";

export class OperatorLists {
  readonly #operator: string;
  readonly #home: OperatorHome;
  readonly #lists: readonly OperatorList[];
  readonly #shares: readonly EntryShare[];

  constructor(operator: string, specs: readonly OperatorStateSpec[], home: OperatorHome) {
    this.#operator = operator;
    this.#home = home;
    this.#lists = specs.map((spec) => new OperatorList(spec));
    this.#shares = specs.map(({ kind }) => new EntryShare(home.index, home.parallelism, kind));
  }

  /** What user code holds, by name. */
  handles(): Readonly<Record<string, OperatorList>> {
    return Object.fromEntries(this.#lists.map((list) => [list.name, list]));
  }

  /** Chunks of the lists as they are now. */
  snapshot(): readonly EntryChunks<unknown>[] {
    const writer = { operator: this.#operator, index: this.#home.index, parallelism: this.#home.parallelism };
    return this.#lists.map((list) => new EntryChunks(writer, PREFIX + list.name, list.share(), (value) => list.codec.bytesOf(value)));
  }

  /** False: the chunk is of another state. */
  restore(chunk: StateChunk): boolean {
    if (chunk.address.kind !== "operator-state" || !chunk.address.name.startsWith(PREFIX)) return false;
    const name = chunk.address.name.slice(PREFIX.length);
    const at = this.#lists.findIndex((list) => list.name === name);
    if (at < 0)
      throw new StateRestoreError(
        "NO_STATE",
        `Operator '${this.#operator}' has no list state '${name}', but the checkpoint has one for it.`,
      );
    const list = this.#lists[at]!;
    this.#shares[at]!.read(chunk, (bytes) => list.restore(bytes));
    return true;
  }
}

/** What user code holds as ctx.state.<name>. */
class OperatorList {
  readonly name: string;
  readonly codec: BinaryCodec;
  readonly #spec: OperatorStateSpec;
  #values: unknown[] = [];
  /** Somebody holds #values: the next change makes a copy. */
  #shared = false;

  constructor(spec: OperatorStateSpec) {
    this.name = spec.name;
    this.#spec = spec;
    this.codec = new BinaryCodec(spec.value);
  }

  get(): readonly unknown[] {
    return this.share();
  }

  add(value: unknown): undefined {
    checkValue(this.#spec.value, value);
    this.#own().push(value);
  }

  addAll(values: Iterable<unknown>): undefined {
    for (const value of values) this.add(value);
  }

  update(values: Iterable<unknown>): undefined {
    const all = [...values];
    for (const value of all) checkValue(this.#spec.value, value);
    this.#values = all;
    this.#shared = false;
  }

  clear(): undefined {
    this.#values = [];
    this.#shared = false;
  }

  share(): readonly unknown[] {
    this.#shared = true;
    return this.#values;
  }

  restore(bytes: Uint8Array): void {
    this.#own().push(this.codec.decode(bytes));
  }

  #own(): unknown[] {
    if (this.#shared) this.#values = [...this.#values];
    this.#shared = false;
    return this.#values;
  }
}

export type { OperatorList };
