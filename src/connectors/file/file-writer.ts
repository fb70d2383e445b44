// One subtask's files, exactly once. Rows go to the open file of their partition; at a barrier everything written so far is made durable and
// told to the checkpoint: finished files, which its commit makes visible, and open ones with their length, which a restart cuts back to it.
// Disk work is done one piece after the other, in the order in which it was asked for. FLIP-143, after Flink's FileSink.
import type { Clock } from "../../env/clock.ts";
import type { Files } from "../../env/files.ts";
import type { Batch } from "../../schema/batch.ts";
import type { SinkWriter } from "../../stream/connector.ts";
import { SinkRowError } from "../../stream/sink-row-error.ts";
import { encodeCommittable, type FileCommittable } from "./committable.ts";
import type { RowText } from "./row-text.ts";
import { StagedFile } from "./staged-file.ts";

/** Encoded rows that wait for the disk; beyond it write() says no. */
const MAX_BUFFERED_BYTES = 4 << 20;
/** Open files of one writer; the one that was opened first is finished for another. */
const MAX_OPEN_FILES = 64;

export interface FileWriterSettings {
  readonly files: Files;
  readonly clock: Clock;
  readonly stagingDirectory: string;
  /** Files are named by it and a number: "part-0-1f2e3d4c". Never used before. */
  readonly prefix: string;
  readonly extension: string;
  readonly sizeBytes: number;
  readonly everyMs: number;
  readonly onCheckpoint: boolean;
}

export interface FileCommitter {
  /** Makes whole files visible. Idempotent. */
  commit(committables: readonly FileCommittable[]): Promise<void>;
}

export class FileWriter implements SinkWriter {
  readonly failed: Promise<never>;
  readonly #settings: FileWriterSettings;
  readonly #rows: RowText;
  readonly #committer: FileCommitter;
  /** By partition, in the order in which they were opened. */
  readonly #open = new Map<string, StagedFile>();
  /** Finished since the last barrier. */
  #whole: StagedFile[] = [];
  readonly #prepared = new Map<number, readonly FileCommittable[]>();
  #number = 0;
  #buffered = 0;
  #inputEnded = false;
  #closed = false;
  /** The end of all disk work so far. */
  #work: Promise<void> = Promise.resolve();
  #fail: (error: unknown) => void = () => {};

  constructor(settings: FileWriterSettings, rows: RowText, committer: FileCommitter) {
    this.#settings = settings;
    this.#rows = rows;
    this.#committer = committer;
    this.failed = new Promise<never>((_resolve, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => {});
  }

  write(batch: Batch): boolean {
    const rows = this.#rows;
    const text = rows.begin(batch);
    for (let row = 0; row < text.rows; row++) {
      const partition = this.#partitionOf(text, row);
      const file = this.#open.get(partition) ?? this.#openFile(partition);
      const { at } = file.buffer;
      try {
        rows.encode(text, row, file.buffer);
      } catch (error) {
        file.buffer.at = at;
        throw new SinkRowError(row, error);
      }
      this.#buffered += file.buffer.at - at;
      if (file.length >= this.#settings.sizeBytes) this.#finish(partition, file);
    }
    const ready = this.#buffered < MAX_BUFFERED_BYTES;
    if (!ready) for (const file of this.#open.values()) this.#flush(file);
    if (rows.refused !== undefined) throw new SinkRowError(rows.refused.row, rows.refused.error, ready);
    return ready;
  }

  #partitionOf(text: ReturnType<RowText["begin"]>, row: number): string {
    try {
      return this.#rows.partition(text, row);
    } catch (error) {
      throw new SinkRowError(row, error);
    }
  }

  async ready(): Promise<void> {
    await this.#work;
  }

  async prepare(id: number): Promise<readonly Uint8Array[]> {
    const { onCheckpoint, everyMs, clock } = this.#settings;
    const oldest = clock.now() - everyMs;
    for (const [partition, file] of this.#open)
      if (onCheckpoint || this.#inputEnded || file.openedAt <= oldest) this.#finish(partition, file);
    const whole = this.#whole;
    this.#whole = [];
    const open = [...this.#open.values()];
    for (const file of open) this.#flush(file);
    const committables = [...whole.map((file) => file.committable(true)), ...open.map((file) => file.committable(false))];
    this.#prepared.set(id, committables);
    const durable = this.#after(async () => {
      for (const file of [...whole, ...open]) await file.sync();
      for (const file of whole) await file.close();
      // Their entries, too.
      if (committables.length > 0) await this.#settings.files.syncDirectory(this.#settings.stagingDirectory);
    });
    await durable;
    return committables.map(encodeCommittable);
  }

  async commit(id: number): Promise<void> {
    const prepared = this.#prepared.get(id);
    if (prepared === undefined) return;
    await this.#committer.commit(prepared.filter(({ whole }) => whole));
    this.#prepared.delete(id);
  }

  endOfInput(): void {
    this.#inputEnded = true;
  }

  /** Unfinished files stay for the checkpoint that names them; the next start removes those that none names. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const files = [...this.#open.values(), ...this.#whole];
    await this.#work.catch(() => {});
    await Promise.all(files.map((file) => file.close()));
  }

  #openFile(partition: string): StagedFile {
    if (this.#open.size >= MAX_OPEN_FILES) {
      const [oldest, file] = this.#open.entries().next().value!;
      this.#finish(oldest, file);
    }
    const { files, stagingDirectory, prefix, extension, clock } = this.#settings;
    const name = `${prefix}-${this.#number++}${extension}`;
    const file = new StagedFile(files, stagingDirectory, name, partition === "" ? name : `${partition}/${name}`, clock.now());
    this.#open.set(partition, file);
    this.#rows.header(file.buffer);
    this.#buffered += file.buffer.at;
    return file;
  }

  /** Nothing more goes into the file. */
  #finish(partition: string, file: StagedFile): void {
    this.#open.delete(partition);
    this.#flush(file);
    this.#whole.push(file);
  }

  #flush(file: StagedFile): void {
    const bytes = file.buffer.at;
    if (bytes === 0) return;
    const write = file.takeBuffer();
    void this.#after(async () => {
      await write();
      this.#buffered -= bytes;
    });
  }

  /** Does disk work after all that was asked for before. After the first failure nothing more is done. */
  #after(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(async () => {
      if (this.#closed) throw new Error("The writer was closed.");
      await work();
    });
    this.#work.catch((error: unknown) => this.#fail(error));
    return this.#work;
  }
}
