// Open file handles of a log directory, least recently used ones closed when there are more than the limit.
// Invariant: a handle in use (acquired, not released) is never closed; the limit is exceeded only by handles in use.
import type { FileHandle, Files, OpenMode } from "../env/files.ts";

export interface CachedFile {
  readonly handle: FileHandle;
  release(): void;
}

class Entry implements CachedFile {
  readonly handle: FileHandle;
  users = 0;
  doomed = false;
  readonly #unused: () => void;

  constructor(handle: FileHandle, unused: () => void) {
    this.handle = handle;
    this.#unused = unused;
  }

  release(): void {
    this.users--;
    if (this.users > 0) return;
    if (this.doomed) void this.handle.close().catch(() => undefined);
    else this.#unused();
  }
}

export class FileCache {
  readonly #files: Files;
  #limit: number;
  /** In the order of last use. */
  readonly #open = new Map<string, Entry>();
  readonly #opening = new Map<string, Promise<Entry>>();

  constructor(files: Files, limit: number) {
    this.#files = files;
    this.#limit = limit;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** The handle if it is open, without waiting. */
  tryAcquire(path: string): CachedFile | undefined {
    const entry = this.#open.get(path);
    if (entry === undefined) return undefined;
    this.#open.delete(path);
    this.#open.set(path, entry);
    entry.users++;
    return entry;
  }

  async acquire(path: string, mode: OpenMode = "r+"): Promise<CachedFile> {
    const open = this.tryAcquire(path);
    if (open !== undefined) return open;
    let opening = this.#opening.get(path);
    if (opening === undefined) {
      opening = this.#openFile(path, mode);
      this.#opening.set(path, opening);
    }
    const entry = await opening;
    if (entry.doomed) return this.acquire(path, mode);
    entry.users++;
    return entry;
  }

  async #openFile(path: string, mode: OpenMode): Promise<Entry> {
    try {
      const entry = new Entry(await this.#files.open(path, mode), () => this.#evict(path));
      this.#open.set(path, entry);
      this.#evict(path);
      return entry;
    } finally {
      this.#opening.delete(path);
    }
  }

  /** The process may open no more: from now on as many are kept as are in use, and half of the others. */
  makeRoom(): void {
    this.#limit = Math.max(1, Math.floor(this.#open.size / 2));
    this.#evict("");
  }

  #evict(newest: string): void {
    if (this.#open.size <= this.#limit) return;
    for (const [path, entry] of this.#open) {
      if (this.#open.size <= this.#limit) return;
      if (entry.users === 0 && path !== newest) this.#close(path, entry);
    }
  }

  #close(path: string, entry: Entry): void {
    this.#open.delete(path);
    entry.doomed = true;
    if (entry.users === 0) void entry.handle.close().catch(() => undefined);
  }

  /** The file is deleted: its handle is closed as soon as nobody uses it. */
  forget(path: string): void {
    const entry = this.#open.get(path);
    if (entry !== undefined) this.#close(path, entry);
  }

  /** Closes everything; nobody may use a handle any more. */
  async close(): Promise<void> {
    const entries = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(entries.map((entry) => entry.handle.close().catch(() => undefined)));
  }
}
