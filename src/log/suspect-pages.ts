// After a failed flush the kernel marks pages clean that never reached the disk, and goes on showing them: a later process would read
// them, flush successfully, and lose them in a power cut. A file beside the log remembers this until a recovery has written its unflushed
// tail once more (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020). It needs no flush itself: a power cut
// that takes it takes those pages, too.
import type { FileHandle, Files } from "../env/files.ts";
import { readFully } from "./batch-scan.ts";
import { SCAN_CHUNK_BYTES } from "./limits.ts";

export class SuspectPages {
  readonly #files: Files;
  readonly #path: string;
  #suspected = false;

  constructor(files: Files, path: string) {
    this.#files = files;
    this.#path = path;
  }

  /** What is read behind a recovery point may not be on disk, whatever a flush says. */
  get suspected(): boolean {
    return this.#suspected;
  }

  async load(): Promise<void> {
    this.#suspected = (await this.#files.stat(this.#path)) !== undefined;
  }

  /** Never rejects: a file system in which no file can be made any more has to be mounted again, and that drops those pages. */
  async remember(): Promise<void> {
    this.#suspected = true;
    try {
      const file = await this.#files.open(this.#path, "w+");
      await file.close();
    } catch {
      // See above.
    }
  }

  /** The tails were written again and flushed. */
  async forget(): Promise<void> {
    if (!this.#suspected) return;
    await this.#files.remove(this.#path);
    this.#suspected = false;
  }
}

/** Writes what is in [from, end) over itself, so that the next flush brings all of it to disk. */
export async function writeAgain(file: FileHandle, from: number, end: number): Promise<void> {
  const piece = new Uint8Array(Math.min(SCAN_CHUNK_BYTES, Math.max(0, end - from)));
  for (let at = from; at < end;) {
    const count = await readFully(file, piece, Math.min(piece.length, end - at), at);
    if (count === 0) return;
    await file.write([piece.subarray(0, count)], at);
    at += count;
  }
}
