// The three indexes of one segment together: what they learn from each appended batch, and how they get to disk and back.
// Invariant: the files hold the first `saved` entries of each; entries in memory are never changed, only added.
import { buggify } from "../env/fault-points.ts";
import type { Files } from "../env/files.ts";
import { AbortedIndex, type AbortedTransaction } from "./aborted-index.ts";
import { fromBase64, toBase64 } from "../bytes/base64.ts";
import { codeOf } from "./log-error.ts";
import { OffsetIndex } from "./offset-index.ts";
import type { UnsavedEntries } from "./partition-checkpoint.ts";
import { ABORTED_INDEX_SUFFIX, OFFSET_INDEX_SUFFIX, offsetFileName, TEMPORARY_SUFFIX, TIME_INDEX_SUFFIX } from "./segment-files.ts";
import { TimeIndex } from "./time-index.ts";

interface Saved {
  offsets: number;
  times: number;
  aborted: number;
}

const NOT_SAVED = -1;

const ALL_THERE = { offsets: true, times: true, aborted: true };

export interface SaveOptions {
  readonly behind?: string;
  readonly onlyFilled?: boolean;
}

export class SegmentIndexes {
  readonly baseOffset: number;
  readonly offsets: OffsetIndex;
  readonly times: TimeIndex;
  readonly aborted: AbortedIndex;
  /** Largest timestamp of the segment and the last offset of the batch that holds it; −1 while it is empty. */
  maxTimestamp: number;
  maxTimestampOffset: number;
  #bytesSinceEntry = 0;
  #saved: Saved;

  constructor(baseOffset: number, offsets = new OffsetIndex(baseOffset), times = new TimeIndex(baseOffset), aborted = new AbortedIndex()) {
    this.baseOffset = baseOffset;
    this.offsets = offsets;
    this.times = times;
    this.aborted = aborted;
    this.maxTimestamp = times.lastTimestamp;
    this.maxTimestampOffset = times.lastOffset;
    this.#saved = { offsets: NOT_SAVED, times: NOT_SAVED, aborted: NOT_SAVED };
  }

  get memoryBytes(): number {
    return this.offsets.memoryBytes + this.times.memoryBytes + this.aborted.memoryBytes;
  }

  get isSaved(): boolean {
    const saved = this.#saved;
    return saved.offsets === this.offsets.count && saved.times === this.times.count && saved.aborted === this.aborted.count;
  }

  /** One of the files has no room for another entry within `maxBytes`. Apache Kafka leaves the last place of the time index to the seal. */
  isFull(maxBytes: number): boolean {
    return (this.offsets.count + 1) * OffsetIndex.entryBytes > maxBytes || (this.times.count + 2) * TimeIndex.entryBytes > maxBytes;
  }

  /** A batch was appended at `position`; an entry is made about every `intervalBytes` bytes. */
  noteBatch(lastOffset: number, maxTimestamp: number, position: number, sizeBytes: number, intervalBytes: number): void {
    if (maxTimestamp > this.maxTimestamp) {
      this.maxTimestamp = maxTimestamp;
      this.maxTimestampOffset = lastOffset;
    }
    if (this.#bytesSinceEntry > intervalBytes || (this.#bytesSinceEntry > 0 && buggify("index-entry-early"))) {
      this.offsets.append(lastOffset, position);
      this.times.append(this.maxTimestamp, this.maxTimestampOffset);
      this.#bytesSinceEntry = 0;
    }
    this.#bytesSinceEntry += sizeBytes;
  }

  noteAborted(transaction: AbortedTransaction): void {
    this.aborted.append(transaction);
  }

  /** The segment takes no more batches: the last time entry holds its largest timestamp. */
  seal(): void {
    if (this.maxTimestampOffset >= 0) this.times.append(this.maxTimestamp, this.maxTimestampOffset);
  }

  /** Drops everything about batches at or behind this offset and position. */
  truncate(offset: number, position: number): void {
    this.offsets.truncateToPosition(position);
    this.times.truncateToOffset(offset);
    this.aborted.truncateToOffset(offset);
    this.maxTimestamp = this.times.lastTimestamp;
    this.maxTimestampOffset = this.times.lastOffset;
  }

  /** The entries that are in no file, if they take at most `maxBytes`. */
  unsaved(maxBytes: number): UnsavedEntries | undefined {
    const saved = [this.#saved.offsets, this.#saved.times, this.#saved.aborted].map((count) => Math.max(0, count)) as [
      number,
      number,
      number,
    ];
    const bytes =
      (this.offsets.count - saved[0]) * OffsetIndex.entryBytes +
      (this.times.count - saved[1]) * TimeIndex.entryBytes +
      (this.aborted.count - saved[2]) * AbortedIndex.entryBytes;
    if (bytes > maxBytes) return undefined;
    const entries = [this.offsets.encode(saved[0]), this.times.encode(saved[1]), this.aborted.encode(saved[2])] as const;
    const texts = entries.map(toBase64) as [string, string, string];
    return this.maxTimestampOffset < 0
      ? { saved, entries: texts }
      : { saved, entries: texts, maxTimestamp: [this.maxTimestamp, this.maxTimestampOffset] };
  }

  /** After loading: the largest timestamp may be behind the last entry, and files with as many entries as were counted are as they were left. */
  adopt({ saved, maxTimestamp }: UnsavedEntries, found: readonly [number, number, number]): void {
    if (maxTimestamp !== undefined && maxTimestamp[0] > this.maxTimestamp) [this.maxTimestamp, this.maxTimestampOffset] = maxTimestamp;
    const kept = saved.map((count, i) => (count > 0 && found[i] === count ? count : NOT_SAVED));
    this.#saved = { offsets: kept[0]!, times: kept[1]!, aborted: kept[2]! };
  }

  /** The entries in memory are those of the files; an index that is not `there` has none. */
  markSaved(there: IndexesThere = ALL_THERE): void {
    if (there.offsets) this.#saved.offsets = this.offsets.count;
    if (there.times) this.#saved.times = this.times.count;
    if (there.aborted) this.#saved.aborted = this.aborted.count;
  }

  /**
   * Writes the entries that are not in the files yet, and flushes them; the caller syncs the directory. `behind`: ends the files' names.
   * `onlyFilled`: an index without entries gets no file, and counts as not saved.
   */
  async save(files: Files, directory: string, { behind = "", onlyFilled = false }: SaveOptions = {}): Promise<void> {
    const path = (suffix: string): string => `${directory}/${offsetFileName(this.baseOffset, suffix)}${behind}`;
    const saved = { ...this.#saved };
    // Until all is flushed nothing counts as saved: after a failure the files are written anew.
    this.#saved = { offsets: NOT_SAVED, times: NOT_SAVED, aborted: NOT_SAVED };
    const isLeftOut = (index: SavableIndex, before: number): boolean => onlyFilled && index.count === 0 && before === NOT_SAVED;
    if (!isLeftOut(this.offsets, saved.offsets))
      saved.offsets = await saveIndex(files, path(OFFSET_INDEX_SUFFIX), this.offsets, saved.offsets, OffsetIndex.entryBytes);
    if (!isLeftOut(this.times, saved.times))
      saved.times = await saveIndex(files, path(TIME_INDEX_SUFFIX), this.times, saved.times, TimeIndex.entryBytes);
    if (!isLeftOut(this.aborted, saved.aborted))
      saved.aborted = await saveIndex(files, path(ABORTED_INDEX_SUFFIX), this.aborted, saved.aborted, AbortedIndex.entryBytes);
    this.#saved = saved;
  }

  /** Writes whole files aside and puts them in the place of others: after a crash each is as it was or whole. The caller syncs the directory. */
  async saveAnew(files: Files, directory: string): Promise<void> {
    this.#saved = { offsets: NOT_SAVED, times: NOT_SAVED, aborted: NOT_SAVED };
    await this.save(files, directory, { behind: TEMPORARY_SUFFIX });
    const saved = this.#saved;
    this.#saved = { offsets: NOT_SAVED, times: NOT_SAVED, aborted: NOT_SAVED };
    for (const suffix of [OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX, ABORTED_INDEX_SUFFIX]) {
      const path = `${directory}/${offsetFileName(this.baseOffset, suffix)}`;
      await files.rename(path + TEMPORARY_SUFFIX, path);
    }
    this.#saved = saved;
  }

  /** What could not be read or cannot be right comes back as undefined, to be rebuilt from the log. */
  static async load(
    files: Files,
    directory: string,
    baseOffset: number,
    sizeBytes: number,
    there: IndexesThere = ALL_THERE,
    unsaved?: UnsavedEntries,
  ): Promise<LoadedIndexes> {
    const read = (suffix: string): Promise<Uint8Array | undefined> =>
      readIfThere(files, `${directory}/${offsetFileName(baseOffset, suffix)}`);
    const none = new Uint8Array(0);
    const offsets = there.offsets ? await read(OFFSET_INDEX_SUFFIX) : none;
    const times = there.times ? await read(TIME_INDEX_SUFFIX) : none;
    const aborted = there.aborted ? await read(ABORTED_INDEX_SUFFIX) : none;
    const whole = (bytes: Uint8Array | undefined, kind: 0 | 1 | 2, entryBytes: number): Uint8Array | undefined =>
      bytes && (unsaved === undefined ? bytes : withUnsaved(bytes, unsaved.saved[kind] * entryBytes, unsaved.entries[kind]));
    const offsetBytes = whole(offsets, 0, OffsetIndex.entryBytes);
    const timeBytes = whole(times, 1, TimeIndex.entryBytes);
    const abortedBytes = whole(aborted, 2, AbortedIndex.entryBytes);
    return {
      offsets: offsetBytes && OffsetIndex.decode(offsetBytes, baseOffset, sizeBytes),
      times: timeBytes && TimeIndex.decode(timeBytes, baseOffset),
      aborted: abortedBytes && AbortedIndex.decode(abortedBytes, baseOffset),
      found: [
        (offsets?.length ?? 0) / OffsetIndex.entryBytes,
        (times?.length ?? 0) / TimeIndex.entryBytes,
        (aborted?.length ?? 0) / AbortedIndex.entryBytes,
      ],
    };
  }
}

/** Which indexes have a file. */
export interface IndexesThere {
  readonly offsets: boolean;
  readonly times: boolean;
  readonly aborted: boolean;
}

export interface LoadedIndexes {
  readonly offsets: OffsetIndex | undefined;
  readonly times: TimeIndex | undefined;
  readonly aborted: AbortedIndex | undefined;
  /** Entries in each file. */
  readonly found: readonly [number, number, number];
}

/** What a file held when it was saved, and what was behind it; undefined if the file is shorter. */
function withUnsaved(file: Uint8Array, savedBytes: number, entries: string): Uint8Array | undefined {
  if (file.length < savedBytes) return undefined;
  if (entries === "") return file.subarray(0, savedBytes);
  const behind = fromBase64(entries);
  const whole = new Uint8Array(savedBytes + behind.length);
  whole.set(file.subarray(0, savedBytes));
  whole.set(behind, savedBytes);
  return whole;
}

interface SavableIndex {
  readonly count: number;
  encode(from: number): Uint8Array;
}

async function saveIndex(files: Files, path: string, index: SavableIndex, saved: number, entryBytes: number): Promise<number> {
  const count = index.count;
  if (count === saved) return saved;
  const whole = saved === NOT_SAVED;
  const handle = await files.open(path, whole ? "w+" : "r+");
  try {
    const from = whole ? 0 : saved;
    const bytes = index.encode(from);
    if (bytes.length > 0) await handle.write([bytes], from * entryBytes);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  return count;
}

async function readIfThere(files: Files, path: string): Promise<Uint8Array | undefined> {
  try {
    return await files.readFile(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
