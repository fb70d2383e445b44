// The file system as the log and the checkpoint store need it. Durability rules are POSIX's: a write is volatile until
// datasync(), a created, renamed or removed directory entry is volatile until syncDirectory() of its parent.
// Errors carry Node's `code` ("ENOENT", "EEXIST", "ENOSPC", "EIO", "EROFS", "EMFILE", …).

/** "r" read only; "r+" read and write, must exist; "w+" read and write, created or truncated; "wx+" read and write, must not exist. */
export type OpenMode = "r" | "r+" | "w+" | "wx+";

export interface FileHandle {
  readonly path: string;
  /** Reads up to `length` bytes at `position` into `into` from `offset`; resolves to the number read, 0 at the end. */
  read(into: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  /**
   * The same at once, where that is cheap: the bytes are in memory, most likely. undefined: not now, read() waits for the disk without keeping
   * anything else from running. Absent where nothing can be told of it.
   */
  readNow?(into: Uint8Array, offset: number, length: number, position: number): number | undefined;
  /**
   * Writes the chunks one after the other at `position`. Resolves when the kernel took all of them.
   * A short write rejects with code ENOSPC: the bytes before the cut may be in the file, the caller truncates.
   */
  write(chunks: readonly Uint8Array[], position: number): Promise<void>;
  /**
   * The same at once, where that is cheap: a copy into memory, most likely. False: not now, or not all; write() writes the chunks, again if need
   * be. Absent where nothing can be told of it. Throws what write() rejects with.
   */
  writeNow?(chunks: readonly Uint8Array[], position: number): boolean;
  /** fdatasync: all bytes written before the call, and the length, survive a power cut when it resolves. After a rejection nothing is known: fail stop. */
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

export interface FileStat {
  readonly kind: "file" | "directory" | "other";
  readonly size: number;
  readonly modifiedMs: number;
}

export interface DirectoryLock {
  /** Idempotent. */
  release(): Promise<void>;
}

export interface Files {
  open(path: string, mode: OpenMode): Promise<FileHandle>;
  /** Creates missing parents too; an existing directory is fine. */
  makeDirectory(path: string): Promise<void>;
  /** Names, not paths, sorted. */
  list(path: string): Promise<string[]>;
  /** undefined if there is nothing at `path`. */
  stat(path: string): Promise<FileStat | undefined>;
  rename(from: string, to: string): Promise<void>;
  /** A missing file is an ENOENT error. */
  remove(path: string): Promise<void>;
  /** Recursive; a missing directory is fine. */
  removeDirectory(path: string): Promise<void>;
  syncDirectory(path: string): Promise<void>;
  readFile(path: string): Promise<Uint8Array>;
  /** Free bytes of the file system that holds `path`. */
  freeBytes(path: string): Promise<number>;
  /**
   * Takes the exclusive writer's lock of a directory. Rejects with code "ELOCKED" and the holder's pid in the message while another
   * live process holds it. Survives neither the holder's death (kill -9) nor reuse of its pid by another process.
   */
  lockDirectory(path: string): Promise<DirectoryLock>;
}
