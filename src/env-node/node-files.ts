// Node's file system behind Files. fdatasync and directory fsync are real (F_FULLFSYNC on macOS, through libuv).
import { close, fsync, mkdir, open, readdir, readFile, rename, rm, stat, statfs, unlink } from "node:fs";
import type { Stats, StatsFs } from "node:fs";
import { dirname } from "node:path";
import type { DirectoryLock, FileHandle, Files, FileStat, OpenMode } from "../env/files.ts";
import { fromCallback } from "./callback.ts";
import { lockDirectory } from "./directory-lock.ts";
import { NodeFileHandle } from "./node-file-handle.ts";

export const nodeFiles: Files = {
  async open(path: string, mode: OpenMode): Promise<FileHandle> {
    return new NodeFileHandle(path, await fromCallback<number>((done) => open(path, mode, 0o644, done)));
  },

  async makeDirectory(path: string): Promise<void> {
    await makeWithParents(path);
  },

  async list(path: string): Promise<string[]> {
    return (await fromCallback<string[]>((done) => readdir(path, done))).sort();
  },

  async stat(path: string): Promise<FileStat | undefined> {
    try {
      const stats = await fromCallback<Stats>((done) => stat(path, done));
      const kind = stats.isFile() ? "file" : stats.isDirectory() ? "directory" : "other";
      return { kind, size: stats.size, modifiedMs: stats.mtimeMs };
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "ENOENT" || code === "ENOTDIR") return undefined;
      throw error;
    }
  },

  rename(from: string, to: string): Promise<void> {
    return fromCallback((done) => rename(from, to, done));
  },

  remove(path: string): Promise<void> {
    return fromCallback((done) => unlink(path, done));
  },

  removeDirectory(path: string): Promise<void> {
    return fromCallback((done) => rm(path, { recursive: true, force: true }, done));
  },

  async syncDirectory(path: string): Promise<void> {
    const descriptor = await fromCallback<number>((done) => open(path, "r", done));
    try {
      await fromCallback<void>((done) => fsync(descriptor, done));
    } finally {
      await fromCallback<void>((done) => close(descriptor, done));
    }
  },

  readFile(path: string): Promise<Uint8Array> {
    return fromCallback<Uint8Array>((done) => readFile(path, done));
  },

  async freeBytes(path: string): Promise<number> {
    const stats = await fromCallback<StatsFs>((done) => statfs(path, done));
    return stats.bavail * stats.bsize;
  },

  lockDirectory(path: string): Promise<DirectoryLock> {
    return lockDirectory(path);
  },
};

/** Node's own recursive mkdir goes on for ever where the system says ENOENT below a directory that is there, as in /proc. */
async function makeWithParents(path: string): Promise<void> {
  const made = await makeOne(path);
  if (made === true) return;
  const parent = dirname(path);
  if (parent === path) throw made;
  await makeWithParents(parent);
  const again = await makeOne(path);
  if (again !== true) throw again;
}

/** True if it is there now; the error if its parent is not. */
async function makeOne(path: string): Promise<true | NodeJS.ErrnoException> {
  try {
    await fromCallback<void>((done) => mkdir(path, done));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return error as NodeJS.ErrnoException;
    if (!(await isDirectory(path))) throw error;
  }
  return true;
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await fromCallback<Stats>((done) => stat(path, done))).isDirectory();
  } catch {
    return false;
  }
}
