// One open file. Invariant: the descriptor is closed only when no operation on it is under way, and no operation starts afterwards,
// since the number may belong to another file by then.
import { close, fdatasync, fstat, ftruncate, read, readSync, writeSync, writev, writevSync } from "node:fs";
import type { FileHandle } from "../env/files.ts";
import { fromCallback } from "./callback.ts";
import { fileError } from "./file-error.ts";
import { PromptCopies } from "./prompt-copies.ts";

type Done<T> = (error: Error | null | undefined, value?: T) => void;

const MAX_PROMPT_READ_BYTES = 2 * 1024 * 1024;
/** A write costs several times a read, pages are taken for it: of more bytes it is worth the way to another processor. */
const MAX_PROMPT_WRITE_BYTES = 64 * 1024;
/** Of the process: its event loop is what waits. */
const promptReads = new PromptCopies(() => performance.now(), MAX_PROMPT_READ_BYTES);
const promptWrites = new PromptCopies(() => performance.now(), MAX_PROMPT_WRITE_BYTES);

export class NodeFileHandle implements FileHandle {
  readonly path: string;
  readonly #descriptor: number;
  #pending = 0;
  #closing: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
  }

  read(into: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return this.#operation<number>("read", (done) => read(this.#descriptor, into, offset, length, position, done));
  }

  /** A hop to the thread pool and back costs more than the copy, and leaves the bytes in another core's cache. */
  readNow(into: Uint8Array, offset: number, length: number, position: number): number | undefined {
    if (this.#closing !== undefined) throw fileError("EBADF", "read", this.path, "the file is closed");
    try {
      return promptReads.attempt(length, () => readSync(this.#descriptor, into, offset, length, position));
    } catch (error) {
      throw withPath(error as Error, this.path);
    }
  }

  writeNow(chunks: readonly Uint8Array[], position: number): boolean {
    if (this.#closing !== undefined) throw fileError("EBADF", "write", this.path, "the file is closed");
    let bytes = 0;
    for (const chunk of chunks) bytes += chunk.length;
    try {
      return promptWrites.attempt(bytes, () => this.#writeSync(chunks, position)) === bytes;
    } catch (error) {
      throw withPath(error as Error, this.path);
    }
  }

  #writeSync(chunks: readonly Uint8Array[], position: number): number {
    return chunks.length === 1
      ? writeSync(this.#descriptor, chunks[0]!, 0, chunks[0]!.length, position)
      : writevSync(this.#descriptor, chunks, position);
  }

  async write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    let rest = chunks;
    let at = position;
    let left = 0;
    for (const chunk of chunks) left += chunk.length;
    while (left > 0) {
      const buffers = rest;
      const written = await this.#operation<number>("write", (done) => writev(this.#descriptor, buffers, at, done));
      // The kernel takes less than all when the disk is full or the request is over 2 GiB: asking again tells which.
      if (written === 0) throw fileError("ENOSPC", "write", this.path, "no space left on device");
      left -= written;
      at += written;
      if (left > 0) rest = chunksAfter(rest, written);
    }
  }

  datasync(): Promise<void> {
    return this.#operation<void>("fdatasync", (done) => fdatasync(this.#descriptor, done));
  }

  truncate(length: number): Promise<void> {
    return this.#operation<void>("ftruncate", (done) => ftruncate(this.#descriptor, length, done));
  }

  async size(): Promise<number> {
    return (await this.#operation<{ size: number }>("fstat", (done) => fstat(this.#descriptor, done))).size;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#pending > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    await fromCallback<void>((done) => close(this.#descriptor, done));
  }

  #operation<T>(name: string, start: (done: Done<T>) => void): Promise<T> {
    if (this.#closing !== undefined) return Promise.reject(fileError("EBADF", name, this.path, "the file is closed"));
    return new Promise<T>((resolve, reject) => {
      this.#pending++;
      try {
        start((error, value) => {
          this.#settled();
          if (error) reject(withPath(error, this.path));
          else resolve(value as T);
        });
      } catch (error) {
        this.#settled(); // an argument that Node refuses
        reject(error as Error);
      }
    });
  }

  #settled(): void {
    if (--this.#pending === 0) this.#onIdle?.();
  }
}

function chunksAfter(chunks: readonly Uint8Array[], written: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  let skip = written;
  for (const chunk of chunks) {
    if (skip < chunk.length) rest.push(skip === 0 ? chunk : chunk.subarray(skip));
    skip = Math.max(0, skip - chunk.length);
  }
  return rest;
}

/** Errors of operations on descriptors do not say which file. */
function withPath(error: Error & { path?: string }, path: string): Error {
  if (error.path === undefined) {
    error.message += ` '${path}'`;
    error.path = path;
  }
  return error;
}
