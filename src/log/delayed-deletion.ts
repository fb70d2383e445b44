// Files and directories that are deleted, but stay for file.delete.delay.ms under another name, as Apache Kafka does it: who deleted too much
// can still copy them. What a process left behind goes when the next one opens the directory; a full disk gets its room at once.
import type { Timer } from "../env/clock.ts";
import type { Env } from "../env/env.ts";
import { MAX_FILE_NAME_LENGTH } from "./atomic-file.ts";
import { MAX_DELAYED_DELETIONS } from "./limits.ts";
import { isOutOfSpace, messageOf } from "./log-error.ts";

/** Behind the whole name of a segment's file. */
const DELETED_FILE_SUFFIX = ".deleted";
/** Ends the name of a partition's directory, behind the topic's id: the topic may be there again meanwhile. */
const DELETED_DIRECTORY_SUFFIX = "-delete";
/** Longer delays are waited for in several steps. */
const MAX_TIMER_MS = 86_400_000;

export const isDeletedFile = (name: string): boolean => name.endsWith(DELETED_FILE_SUFFIX);
/** Never a partition's directory, whose name ends in its number. */
export const isDeletedDirectory = (name: string): boolean => name.endsWith(DELETED_DIRECTORY_SUFFIX);

interface Waiting {
  readonly path: string;
  readonly isDirectory: boolean;
  /** Monotonic milliseconds. */
  readonly dueAt: number;
}

export class DelayedDeletion {
  readonly #env: Env;
  readonly #isDiskFull: () => boolean;
  /** By time. */
  #waiting: Waiting[] = [];
  #timer: Timer | undefined;
  #isClosed = false;
  /** The chain of removals; never rejects. */
  #removals: Promise<void> = Promise.resolve();

  constructor(env: Env, isDiskFull: () => boolean) {
    this.#env = env;
    this.#isDiskFull = isDiskFull;
  }

  /** Resolves when the file has its other name, or is gone; the caller flushes the directory. A missing one is fine. */
  async file(path: string, delayMs: number): Promise<void> {
    const { files } = this.#env;
    if ((await files.stat(path)) === undefined) return;
    const aside = path + DELETED_FILE_SUFFIX;
    if (!(await this.#putAside(path, aside, delayMs))) return files.remove(path);
    this.#later({ path: aside, isDirectory: false, dueAt: this.#env.clock.monotonicMs() + delayMs });
  }

  /** The same for a partition's directory `name` in `parent`. */
  async directory(parent: string, name: string, topicId: string, delayMs: number): Promise<void> {
    const { files } = this.#env;
    const path = `${parent}/${name}`;
    if ((await files.stat(path)) === undefined) return;
    const suffix = `.${topicId}${DELETED_DIRECTORY_SUFFIX}`;
    // Two partitions of a topic differ at the end of their names.
    const aside = `${parent}/${name.slice(-(MAX_FILE_NAME_LENGTH - suffix.length))}${suffix}`;
    if (!(await this.#putAside(path, aside, delayMs))) return files.removeDirectory(path);
    this.#later({ path: aside, isDirectory: true, dueAt: this.#env.clock.monotonicMs() + delayMs });
  }

  async #putAside(path: string, aside: string, delayMs: number): Promise<boolean> {
    if (delayMs <= 0 || this.#isDiskFull() || this.#waiting.length >= MAX_DELAYED_DELETIONS) return false;
    try {
      await this.#env.files.rename(path, aside);
      return true;
    } catch (error) {
      if (isOutOfSpace(error)) return false; // the longer name has no room in the directory
      throw error;
    }
  }

  /** What an earlier process put aside in `parent`: it goes soon, and nobody waits for it. */
  leftBehind(parent: string, names: readonly string[]): void {
    const dueAt = this.#env.clock.monotonicMs();
    for (const name of names) if (isDeletedDirectory(name)) this.#later({ path: `${parent}/${name}`, isDirectory: true, dueAt });
  }

  /** Nothing waits any longer: the disk is full. */
  hurry(): void {
    this.#remove(this.#waiting.splice(0));
  }

  #later(entry: Waiting): void {
    const isLast = this.#waiting.length === 0 || this.#waiting.at(-1)!.dueAt <= entry.dueAt;
    this.#waiting.push(entry);
    if (!isLast) this.#waiting.sort((a, b) => a.dueAt - b.dueAt);
    this.#arm();
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const first = this.#waiting[0];
    if (first === undefined || this.#isClosed) return;
    const delayMs = Math.min(MAX_TIMER_MS, Math.max(0, Math.ceil(first.dueAt - this.#env.clock.monotonicMs())));
    this.#timer = this.#env.timers.after(delayMs, () => this.#sweep(), { unref: true });
  }

  #sweep(): void {
    const now = this.#env.clock.monotonicMs();
    let due = 0;
    while (due < this.#waiting.length && this.#waiting[due]!.dueAt <= now) due++;
    this.#remove(this.#waiting.splice(0, due));
    this.#arm();
  }

  #remove(entries: readonly Waiting[]): void {
    const { files, logger } = this.#env;
    this.#removals = this.#removals.then(async () => {
      for (const { path, isDirectory } of entries) {
        if (this.#isClosed) return;
        try {
          if (isDirectory) await files.removeDirectory(path);
          else if ((await files.stat(path)) !== undefined) await files.remove(path); // its topic may be gone meanwhile
        } catch (error) {
          logger.log("warn", "log-housekeeping-failed", { path, work: "deletion", cause: messageOf(error) });
        }
      }
    });
  }

  /** What waits is left to the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#removals;
  }
}
