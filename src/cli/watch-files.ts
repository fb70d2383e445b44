// Tells when one of some files changed. Directories are watched, because editors replace files; a change is a new size or time.
import { statSync, watch, type FSWatcher } from "node:fs";
import { dirname } from "node:path";

const SETTLE_MS = 60;

export class FileWatch {
  readonly #onChange: (path: string) => void;
  readonly #seen = new Map<string, string>();
  readonly #watchers = new Map<string, FSWatcher>();
  #timer: NodeJS.Timeout | undefined;

  constructor(onChange: (path: string) => void) {
    this.#onChange = onChange;
  }

  /** Adds files; those already watched stay. */
  add(paths: readonly string[]): void {
    for (const path of paths) {
      if (this.#seen.has(path)) continue;
      this.#seen.set(path, stampOf(path));
      const directory = dirname(path);
      if (this.#watchers.has(directory)) continue;
      const watcher = watch(directory, { persistent: false }, () => this.#check());
      watcher.on("error", () => watcher.close());
      this.#watchers.set(directory, watcher);
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** Once the writing has settled. A file that is gone may be about to be replaced: it is looked at again when it is back. */
  #check(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      let changed: string | undefined;
      for (const [path, before] of this.#seen) {
        const now = stampOf(path);
        if (now === before || now === "") continue;
        this.#seen.set(path, now);
        changed ??= path;
      }
      if (changed !== undefined) this.#onChange(changed);
    }, SETTLE_MS);
  }
}

function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.size} ${stat.mtimeMs} ${stat.ino}`;
}
