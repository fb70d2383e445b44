// A simulated disk as one process sees it: the Files of its Env.
import { posix } from "node:path";
import { fileError } from "../../env-node/file-error.ts";
import type { DirectoryLock, FileHandle, Files, FileStat, OpenMode } from "../../env/files.ts";
import { SimDirectoryNode } from "./sim-directory-tree.ts";
import { SimFileHandle } from "./sim-file-handle.ts";
import { SimFileNode } from "./sim-file-node.ts";
import type { OperationKind, Range, SimFiles } from "./sim-files.ts";
import { operate } from "./sim-operation.ts";
import type { SimProcess } from "./sim-process.ts";

/** Free space where none is set. */
const AMPLE_BYTES = 2 ** 40;

export class SimFilesView implements Files {
  readonly #disk: SimFiles;
  readonly #process: SimProcess;

  constructor(disk: SimFiles, process: SimProcess) {
    this.#disk = disk;
    this.#process = process;
  }

  open(path: string, mode: OpenMode): Promise<FileHandle> {
    return this.#entry("open", path, (index, at) => this.#open(index, at, mode));
  }

  makeDirectory(path: string): Promise<void> {
    return this.#entry("makeDirectory", path, (index, at) => this.#disk.tree.makeDirectories(index, at));
  }

  list(path: string): Promise<string[]> {
    return this.#entry("list", path, (_, at) => [...this.#disk.tree.directory("scandir", at).live.keys()].sort());
  }

  stat(path: string): Promise<FileStat | undefined> {
    return this.#entry("stat", path, (_, at) => {
      const node = this.#disk.tree.find(at);
      if (node === undefined) return undefined;
      return { kind: node.kind, size: node instanceof SimFileNode ? node.length : 4096, modifiedMs: node.modifiedMs };
    });
  }

  rename(from: string, to: string): Promise<void> {
    const target = posix.normalize(to);
    return this.#entry("rename", from, (index, at) => {
      const { tree } = this.#disk;
      const source = tree.place("rename", at);
      const node = source.directory.live.get(source.name);
      if (node === undefined) throw fileError("ENOENT", "rename", at, "no such file or directory");
      const place = tree.place("rename", target);
      const there = place.directory.live.get(place.name);
      if (there === node) return;
      if (`${target}/`.startsWith(`${at}/`)) throw fileError("EINVAL", "rename", at, "a directory cannot move into itself");
      if (there instanceof SimDirectoryNode) {
        if (node instanceof SimFileNode) throw fileError("EISDIR", "rename", target, "is a directory");
        if (there.live.size > 0) throw fileError("ENOTEMPTY", "rename", target, "directory not empty");
      } else if (there !== undefined && node instanceof SimDirectoryNode) throw fileError("ENOTDIR", "rename", target, "not a directory");
      tree.rename(index, source, place);
    });
  }

  remove(path: string): Promise<void> {
    return this.#entry("remove", path, (index, at) => {
      const place = this.#disk.tree.place("unlink", at);
      const node = place.directory.live.get(place.name);
      if (node === undefined) throw fileError("ENOENT", "unlink", at, "no such file or directory");
      if (node instanceof SimDirectoryNode) throw fileError("EISDIR", "unlink", at, "is a directory");
      this.#disk.tree.remove(index, place);
    });
  }

  removeDirectory(path: string): Promise<void> {
    return this.#entry("removeDirectory", path, (index, at) => {
      const { tree } = this.#disk;
      const node = tree.find(at);
      if (node === undefined) return;
      if (node instanceof SimDirectoryNode) tree.clear(index, node);
      tree.remove(index, tree.place("rm", at));
    });
  }

  syncDirectory(path: string): Promise<void> {
    const disk = this.#disk;
    const at = posix.normalize(path);
    const lies = disk.lyingSync > 0 && disk.liesAbout(at) && disk.random.chance(disk.lyingSync);
    let directory: SimDirectoryNode | undefined;
    let covered: ReturnType<typeof disk.tree.capture> = new Set();
    return operate(disk, this.#process, {
      kind: "syncDirectory",
      path: at,
      range: disk.latency.sync,
      begin: () => {
        const node = disk.tree.find(at);
        directory = node instanceof SimDirectoryNode ? node : undefined;
        if (directory !== undefined) covered = disk.tree.capture(directory);
      },
      run: () => {
        if (directory === undefined) disk.tree.directory("fsync", at);
        else if (!lies) disk.tree.commit(covered);
      },
      runPartly: () => disk.tree.commit(covered, disk.random.integer(0, covered.size)),
    });
  }

  async readFile(path: string): Promise<Uint8Array> {
    const file = await this.open(path, "r");
    try {
      const bytes = new Uint8Array(await file.size());
      const count = await file.read(bytes, 0, bytes.length, 0);
      return bytes.subarray(0, count);
    } finally {
      await file.close();
    }
  }

  freeBytes(path: string): Promise<number> {
    return this.#entry("freeBytes", path, (_, at) => {
      if (this.#disk.tree.find(at) === undefined) throw fileError("ENOENT", "statfs", at, "no such file or directory");
      return Math.max(0, Math.min(AMPLE_BYTES, this.#disk.capacityBytes) - this.#disk.usedBytes());
    });
  }

  lockDirectory(path: string): Promise<DirectoryLock> {
    return this.#entry("lockDirectory", path, (_, at) => {
      const { locks, tree } = this.#disk;
      tree.directory("open", at);
      const holder = locks.get(at);
      if (holder?.running === true) {
        const text = `The directory ${at} is in use by process ${holder.pid}. Stop that process, or use another directory.`;
        throw Object.assign(new Error(text), { code: "ELOCKED", path: at, pid: holder.pid });
      }
      locks.set(at, this.#process);
      let held = true;
      return {
        release: async () => {
          if (held && this.#process.running) locks.delete(at);
          held = false;
        },
      };
    });
  }

  #open(index: number, at: string, mode: OpenMode): FileHandle {
    const disk = this.#disk;
    if (disk.openHandles >= disk.maxOpenFiles) throw fileError("EMFILE", "open", at, "too many open files");
    const place = disk.tree.place("open", at);
    let node = place.directory.live.get(place.name);
    if (node instanceof SimDirectoryNode) throw fileError("EISDIR", "open", at, "is a directory");
    if (node !== undefined && mode === "wx+") throw fileError("EEXIST", "open", at, "file already exists");
    if (node === undefined) {
      if (mode === "r" || mode === "r+") throw fileError("ENOENT", "open", at, "no such file or directory");
      node = new SimFileNode();
      node.modifiedMs = disk.now();
      disk.tree.add(index, place, node);
    } else if (mode === "w+") node.truncate(index, 0);
    disk.openHandles++;
    return new SimFileHandle(at, disk, this.#process, node, mode !== "r");
  }

  #entry<T>(kind: OperationKind, path: string, run: (index: number, at: string) => T): Promise<T> {
    const at = posix.normalize(path);
    const range: Range = this.#disk.latency.entry;
    return operate(this.#disk, this.#process, { kind, path: at, range, run: (index) => run(index, at) });
  }
}
