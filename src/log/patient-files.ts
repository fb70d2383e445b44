// Files of a process that has no more open files to spend (EMFILE, ENFILE): whoever opens one waits while the log closes those that it keeps
// open for speed. Invariant: only what did not begin is tried again, an open that was refused for want of a descriptor.
import type { Timers } from "../env/clock.ts";
import type { DirectoryLock, FileHandle, Files, FileStat, OpenMode } from "../env/files.ts";
import { codeOf } from "./log-error.ts";

/** Together a second; after that the error is what it is. */
const TRIES = 50;
const PAUSE_MS = 20;

export class PatientFiles implements Files {
  readonly #files: Files;
  readonly #timers: Timers;
  readonly #makeRoom: () => void;

  constructor(files: Files, timers: Timers, makeRoom: () => void) {
    this.#files = files;
    this.#timers = timers;
    this.#makeRoom = makeRoom;
  }

  open(path: string, mode: OpenMode): Promise<FileHandle> {
    return this.#patiently(() => this.#files.open(path, mode));
  }

  list(path: string): Promise<string[]> {
    return this.#patiently(() => this.#files.list(path));
  }

  /** Nothing was flushed when the directory could not even be opened. */
  syncDirectory(path: string): Promise<void> {
    return this.#patiently(() => this.#files.syncDirectory(path));
  }

  readFile(path: string): Promise<Uint8Array> {
    return this.#patiently(() => this.#files.readFile(path));
  }

  removeDirectory(path: string): Promise<void> {
    return this.#patiently(() => this.#files.removeDirectory(path));
  }

  makeDirectory(path: string): Promise<void> {
    return this.#files.makeDirectory(path);
  }

  stat(path: string): Promise<FileStat | undefined> {
    return this.#files.stat(path);
  }

  rename(from: string, to: string): Promise<void> {
    return this.#files.rename(from, to);
  }

  remove(path: string): Promise<void> {
    return this.#files.remove(path);
  }

  freeBytes(path: string): Promise<number> {
    return this.#files.freeBytes(path);
  }

  lockDirectory(path: string): Promise<DirectoryLock> {
    return this.#files.lockDirectory(path);
  }

  #patiently<T>(act: () => Promise<T>): Promise<T> {
    return act().catch((error: unknown) => this.#again(act, error));
  }

  async #again<T>(act: () => Promise<T>, first: unknown): Promise<T> {
    let error = first;
    for (let tries = 1; tries < TRIES && isScarce(error); tries++) {
      this.#makeRoom();
      await this.#timers.sleep(PAUSE_MS);
      try {
        return await act();
      } catch (next) {
        error = next;
      }
    }
    throw error;
  }
}

function isScarce(error: unknown): boolean {
  const code = codeOf(error);
  return code === "EMFILE" || code === "ENFILE";
}
