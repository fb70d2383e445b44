// Kafka's feature levels (KIP-584) as this broker serves them; UpdateFeatures changes them, kept over restarts. transaction.version 2
// (KIP-890) makes clients of the Java family leave AddPartitionsToTxn to the broker and expect a new epoch after every transaction.
// group.version 1 (KIP-848): groups of the consumer protocol are served. A change is on disk before it holds.
import type { Files } from "../env/files.ts";
import { writeFileAtomically } from "../log/atomic-file.ts";
import { makeDirectoryDurably } from "../log/durable-directory.ts";

export interface Feature {
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
}

export const FEATURES: readonly Feature[] = [
  { name: "group.version", minVersion: 0, maxVersion: 1 },
  { name: "transaction.version", minVersion: 0, maxVersion: 2 },
];

export type Levels = Readonly<Record<string, number>>;

interface Stored {
  readonly version: number;
  /** How often the levels were changed. */
  readonly epoch: number;
  readonly levels: Levels;
}

const FILE = "features.json";
const VERSION = 1;
/** As Apache Kafka formats its storage: the highest levels that it knows. */
const NEWEST: Levels = Object.fromEntries(FEATURES.map(({ name, maxVersion }) => [name, maxVersion]));

export class FeatureLevels {
  readonly #files: Files;
  readonly #directory: string;
  #stored: Stored;
  /** The chain of changes; never rejects. */
  #changes: Promise<unknown> = Promise.resolve();

  private constructor(files: Files, directory: string, stored: Stored) {
    this.#files = files;
    this.#directory = directory;
    this.#stored = stored;
  }

  /** Rejects if the file of an earlier run cannot be read. */
  static async load(files: Files, directory: string): Promise<FeatureLevels> {
    const path = `${directory}/${FILE}`;
    if ((await files.stat(path)) === undefined) return new FeatureLevels(files, directory, { version: VERSION, epoch: 0, levels: NEWEST });
    try {
      const stored = JSON.parse(new TextDecoder().decode(await files.readFile(path))) as Stored;
      if (stored.version !== VERSION) throw new Error(`it has version ${stored.version}`);
      return new FeatureLevels(files, directory, { ...stored, levels: { ...NEWEST, ...stored.levels } });
    } catch (error) {
      throw new Error(`${path} cannot be read: restore it, or remove it to fall back to the newest levels.`, { cause: error });
    }
  }

  /** How often the levels were changed. */
  get epoch(): number {
    return this.#stored.epoch;
  }

  /** In force; 0: not. */
  level(name: string): number {
    return this.#stored.levels[name] ?? 0;
  }

  /** Resolves to what `check` has against the change of the levels that hold when its turn comes; undefined: it is done. */
  change<R>(levels: Levels, validateOnly: boolean, check: () => R | undefined): Promise<R | undefined> {
    const done = this.#changes.then(async () => {
      const refusal = check();
      if (refusal !== undefined || validateOnly) return refusal;
      if (Object.entries(levels).every(([name, level]) => this.level(name) === level)) return undefined;
      const changed: Stored = { version: VERSION, epoch: this.epoch + 1, levels: { ...this.#stored.levels, ...levels } };
      await makeDirectoryDurably(this.#files, this.#directory);
      await writeFileAtomically(this.#files, this.#directory, FILE, new TextEncoder().encode(`${JSON.stringify(changed, undefined, 2)}\n`));
      this.#stored = changed;
      return undefined;
    });
    this.#changes = done.catch(() => undefined);
    return done;
  }
}
