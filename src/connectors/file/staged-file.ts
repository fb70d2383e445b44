// A file that is being written: rows are put into a buffer at once, the buffer goes to the disk when it is asked to. The file lies in the
// staging directory until its checkpoint makes it visible under its final name.
import type { FileHandle, Files } from "../../env/files.ts";
import { EncodeBuffer } from "../../schema/encode-buffer.ts";
import type { FileCommittable } from "./committable.ts";

const FIRST_BUFFER_BYTES = 64 * 1024;

export class StagedFile {
  readonly final: string;
  readonly staged: string;
  /** Clock time of its first row. */
  readonly openedAt: number;
  /** Rows since the last flush, encoded. */
  readonly buffer = new EncodeBuffer(FIRST_BUFFER_BYTES);
  readonly #files: Files;
  readonly #path: string;
  #handle: FileHandle | undefined;
  /** Bytes that were handed to flush(). */
  #flushed = 0;

  constructor(files: Files, stagingDirectory: string, staged: string, final: string, openedAt: number) {
    this.#files = files;
    this.#path = `${stagingDirectory}/${staged}`;
    this.staged = staged;
    this.final = final;
    this.openedAt = openedAt;
  }

  /** With what is still buffered. */
  get length(): number {
    return this.#flushed + this.buffer.at;
  }

  committable(whole: boolean): FileCommittable {
    return { staged: this.staged, final: this.final, length: this.length, whole };
  }

  /** Takes the buffered bytes now; the result writes them. Results must run one after the other, in order. */
  takeBuffer(): () => Promise<void> {
    const bytes = this.buffer.copy();
    const at = this.#flushed;
    this.#flushed += bytes.length;
    this.buffer.at = 0;
    return async () => {
      this.#handle ??= await this.#files.open(this.#path, "wx+");
      if (bytes.length > 0) await this.#handle.write([bytes], at);
    };
  }

  async sync(): Promise<void> {
    await this.#handle?.datasync();
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}
