// One file as a split: lines straight into columns. Invariant: every byte before position() was delivered in a row or as poison, or says
// nothing (headers, blank lines). One piece of the text is read ahead of the one that is being decoded; that is all that is buffered, except
// for a record that is longer.
import type { Env } from "../../env/env.ts";
import { MAX_BATCH_ROWS } from "../../schema/batch.ts";
import { BatchBuilder } from "../../schema/batch-builder.ts";
import { SchemaError } from "../../schema/schema-error.ts";
import type { Json, PoisonRecord, SourceBatch, SplitReader } from "../../stream/connector.ts";
import { FileConnectorError } from "./file-connector-error.ts";
import type { FileFormat, LineDecoder } from "./file-format.ts";
import { LineWindow } from "./line-window.ts";
import type { ReadSlots } from "./read-slots.ts";
import { compressionOf, textChunks } from "./text-chunks.ts";

/** Per poll: their bytes are copied. */
const MAX_POISON = 256;
/** Lines that one record may go on over. */
const MAX_RECORD_LINES = 1000;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

export interface FileReaderOptions {
  readonly id: string;
  readonly path: string;
  readonly format: FileFormat<unknown>;
  readonly position: Json | undefined;
  /** Goes on when the file grows, instead of ending with it. */
  readonly follow: boolean;
  readonly maxRecordBytes: number;
  readonly slots: ReadSlots;
}

export class FileReader implements SplitReader {
  readonly #env: Env;
  readonly #options: FileReaderOptions;
  readonly #decoder: LineDecoder;
  readonly #builder: BatchBuilder;
  readonly #offsets = new Float64Array(MAX_BATCH_ROWS);
  readonly #out: { batch: SourceBatch["batch"]; offsets: Float64Array; poison: readonly PoisonRecord[] | undefined };
  readonly #window: LineWindow;
  #chunks: AsyncGenerator<Uint8Array, void> | undefined;
  #ahead: Promise<IteratorResult<Uint8Array, void>> | undefined;
  /** Bytes of the text that were taken into the window, from the file's beginning. */
  #read: number;
  /** Under way: the next piece. */
  #work: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  /** The header of this file is known, or there is none. */
  #headerKnown: boolean;
  /** The end of the file was reached. */
  #ended = false;
  /** No more than what is there now; a followed file is followed no longer. */
  #last: boolean;
  #finished: boolean;
  #closed = false;
  #hasSlot = false;
  #queued = false;
  /** The record at hand goes on beyond what is here. */
  #starved = false;
  #wake: (() => void) | undefined;

  constructor(env: Env, options: FileReaderOptions) {
    const { format, position } = options;
    const from = positionOf(position);
    this.#env = env;
    this.#options = options;
    this.#decoder = format.decoder();
    this.#builder = new BatchBuilder(format.type, MAX_BATCH_ROWS, "bytes");
    this.#out = { batch: this.#builder.batch, offsets: this.#offsets, poison: undefined };
    this.#window = new LineWindow(from.offset, from.line);
    this.#read = from.offset;
    this.#headerKnown = !this.#decoder.hasHeader;
    this.#last = !options.follow;
    this.#finished = from.done;
  }

  poll(maxRows: number): SourceBatch | undefined {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.finished) return undefined;
    const builder = this.#builder;
    builder.reset();
    let poison: PoisonRecord[] | undefined;
    while (builder.rows < maxRows && !builder.full && (poison === undefined || poison.length < MAX_POISON)) {
      const bad = this.#decodeRows(maxRows);
      if (bad === undefined) break;
      (poison ??= []).push(bad);
    }
    if (builder.rows < maxRows && !builder.full && !this.#ended) this.#advance();
    this.#checkFinished();
    if (builder.rows === 0 && poison === undefined) return undefined;
    const out = this.#out;
    out.batch = builder.finish();
    out.poison = poison;
    return out;
  }

  async available(): Promise<void> {
    const wasAtEnd = this.atEnd;
    while (!this.finished && this.#failure === undefined && !this.#hasRecord() && this.atEnd === wasAtEnd) {
      if (this.#work !== undefined) await this.#work;
      else if (!this.#ended) this.#advance();
      else await new Promise<void>((resolve) => (this.#wake = resolve)); // followed: until it grows
    }
    if (this.#failure !== undefined && !this.#closed) throw this.#failure.error;
  }

  position(): Json {
    const { offset, line } = this.#window;
    return this.#finished ? { offset, line, done: true } : { offset, line };
  }

  get atEnd(): boolean {
    return this.finished || (this.#ended && !this.#hasRecord());
  }

  get finished(): boolean {
    return this.#finished || this.#closed;
  }

  async stopAtEnd(): Promise<void> {
    if (this.#last) return;
    await this.grown();
    this.#makeLast();
    this.#ring();
  }

  get pending(): number {
    return this.finished ? 0 : Number.NaN;
  }

  /** A followed file may have more by now: looks. */
  async grown(): Promise<void> {
    if (!this.#ended || this.finished || this.#last || compressionOf(this.#options.path) !== undefined) return;
    const stat = await this.#env.files.stat(this.#options.path);
    if (stat?.size === this.#read || !this.#ended || this.finished) return;
    if (stat === undefined) this.#makeLast();
    else if (stat.size < this.#read) this.#failure = { error: this.#shrunk(stat.size) };
    else this.#ended = false;
    this.#ring();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#ring();
    if (this.#queued) return; // its turn may never come; when it does, it is passed on
    await this.#work;
    await this.#stopReading();
  }

  // ---------- records ----------

  /** Decodes until the rows are enough or no whole record is left; or one is bad: it is returned, and the window is behind it. */
  #decodeRows(maxRows: number): PoisonRecord | undefined {
    const builder = this.#builder;
    const window = this.#window;
    const decoder = this.#decoder;
    while (builder.rows < maxRows && !builder.full) {
      const { at, offset } = window;
      const first = this.#nextBreak(at);
      if (first < 0) return this.#tooLong();
      if (first - at > this.#options.maxRecordBytes)
        return this.#poison(`expected a record of at most ${this.#options.maxRecordBytes} bytes, got ${first - at}`, first, 1);
      let end = first;
      let lines = 1;
      try {
        const rows = builder.rows;
        for (;;) {
          if (!this.#headerKnown) {
            this.#headerKnown = this.#readHeader(at, end);
            if (this.#headerKnown) break;
          } else if (decoder.decode(builder, window.bytes, at, window.textEnd(end))) break;
          const next = end < window.bytes.length ? this.#nextBreak(end + 1) : -1;
          if (lines === MAX_RECORD_LINES || (next < 0 && this.#isWhole(at))) return this.#openQuote(first);
          if (next < 0) {
            this.#starved = true;
            return undefined;
          }
          end = next;
          lines++;
        }
        if (builder.rows > rows) this.#offsets[rows] = offset;
        window.moveBehind(end, lines);
      } catch (error) {
        if (!(error instanceof SchemaError)) throw error;
        return this.#poison(error.message, end, lines);
      }
    }
    return undefined;
  }

  /** The break of a line; the end of the text, if it is known, ends a line, too. −1: not here yet. */
  #nextBreak(from: number): number {
    const { bytes } = this.#window;
    if (from >= bytes.length) return -1;
    const found = this.#window.breakAfter(from);
    return found < 0 && this.#ended && this.#last ? bytes.length : found;
  }

  /** No more of the record that begins at `at` will come, or more than it may have is here. */
  #isWhole(at: number): boolean {
    return (this.#ended && this.#last) || this.#window.bytes.length - at > this.#options.maxRecordBytes;
  }

  #hasRecord(): boolean {
    return (
      !this.#starved &&
      this.#window.length > 0 &&
      (this.#nextBreak(this.#window.at) >= 0 || this.#window.length > this.#options.maxRecordBytes)
    );
  }

  #readHeader(at: number, end: number): boolean {
    const { bytes } = this.#window;
    const hasMark = BYTE_ORDER_MARK.every((byte, index) => bytes[at + index] === byte);
    try {
      return this.#decoder.header(bytes, hasMark ? at + 3 : at, this.#window.textEnd(end));
    } catch (error) {
      const { path } = this.#options;
      throw new FileConnectorError("BAD_HEADER", `The first line of ${path} does not name the columns: ${(error as Error).message}.`, {
        cause: error,
      });
    }
  }

  /** A line without an end: one that is longer than allowed is bad, and goes in parts. */
  #tooLong(): PoisonRecord | undefined {
    const { maxRecordBytes } = this.#options;
    if (this.#window.length <= maxRecordBytes) return undefined;
    return this.#poison(
      `expected a line of at most ${maxRecordBytes} bytes, got a longer one; this is a part of it`,
      this.#window.at + maxRecordBytes - 1,
      0,
    );
  }

  /** The quote may be an accident: what follows is read as if it were none. */
  #openQuote(end: number): PoisonRecord {
    const why = `expected a quote at the end of a cell within ${MAX_RECORD_LINES} lines and ${this.#options.maxRecordBytes} bytes, got none`;
    return this.#poison(why, end, 1);
  }

  #poison(error: string, end: number, lines: number): PoisonRecord {
    const window = this.#window;
    const { id } = this.#options;
    const { offset, line } = window;
    const value = window.bytes.slice(window.at, lines === 0 ? end + 1 : window.textEnd(end));
    window.moveBehind(end, lines);
    const where = `line ${line}: ${error}`;
    return { row: this.#builder.rows, error: where, topic: id, partition: -1, offset, timestamp: -1, key: null, value };
  }

  // ---------- reading ----------

  #makeLast(): void {
    this.#last = true;
    this.#starved = false;
    this.#checkFinished();
  }

  #checkFinished(): void {
    if (this.#ended && this.#last && this.#window.length === 0) this.#finished = true;
  }

  #advance(): void {
    if (this.#work !== undefined || this.#closed) return;
    this.#work = this.#takePiece()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#work = undefined;
      });
  }

  async #takePiece(): Promise<void> {
    if (this.#chunks === undefined) await this.#startReading();
    if (this.finished) return;
    const { done, value } = await this.#ahead!;
    if (done === true) {
      await this.#stopReading();
      this.#ended = true;
      // A compressed file is whole: it does not grow.
      if (this.#last || compressionOf(this.#options.path) !== undefined) this.#makeLast();
      return;
    }
    this.#starved = false;
    this.#take(value);
    this.#readAhead();
  }

  async #startReading(): Promise<void> {
    const { slots, path } = this.#options;
    this.#queued = true;
    await slots.take();
    this.#queued = false;
    this.#hasSlot = true;
    if (this.#closed) return await this.#stopReading();
    const stat = await this.#env.files.stat(path);
    if (stat === undefined) {
      if (this.#options.follow) return await this.#giveUp();
      throw new FileConnectorError(
        "FILE_GONE",
        `${path} is gone before it was read to its end (it was read up to byte ${this.#read} of its text).`,
      );
    }
    if (compressionOf(path) === undefined && stat.size < this.#read) throw this.#shrunk(stat.size);
    if (!this.#headerKnown && this.#read > 0) await this.#readHeaderAlone();
    this.#chunks = textChunks(this.#env, path, this.#read);
    this.#readAhead();
  }

  /** A restored reader stands behind the header. */
  async #readHeaderAlone(): Promise<void> {
    const { path, maxRecordBytes } = this.#options;
    const start = new LineWindow(0, 1);
    const decoder = this.#decoder;
    for await (const piece of textChunks(this.#env, path, 0)) {
      start.append(piece);
      for (let end = start.breakAfter(0); end >= 0; end = start.breakAfter(end + 1)) {
        const from = BYTE_ORDER_MARK.every((byte, index) => start.bytes[index] === byte) ? 3 : 0;
        if (!decoder.header(start.bytes, from, start.textEnd(end))) continue;
        this.#headerKnown = true;
        return;
      }
      if (start.length > maxRecordBytes) break;
    }
    throw new FileConnectorError("BAD_HEADER", `The first line of ${path} does not name the columns any more.`);
  }

  #readAhead(): void {
    this.#ahead = this.#chunks!.next();
    this.#ahead.catch(() => {}); // seen by whoever takes the piece
  }

  async #stopReading(): Promise<void> {
    const chunks = this.#chunks;
    this.#chunks = undefined;
    await this.#ahead?.catch(() => {});
    this.#ahead = undefined;
    await chunks?.return();
    if (this.#hasSlot) this.#options.slots.giveBack();
    this.#hasSlot = false;
  }

  /** Files come and go where a source watches; what was read of it was delivered. */
  async #giveUp(): Promise<void> {
    const { id, path } = this.#options;
    this.#env.logger.log("warn", "file-gone", { split: id, path, readBytes: this.#read });
    this.#finished = true;
    await this.#stopReading();
  }

  /** A byte order mark at the beginning of a text says nothing; the header's reader expects it where the header begins. */
  #take(piece: Uint8Array): void {
    const window = this.#window;
    const isMarked = this.#read === 0 && !this.#decoder.hasHeader && BYTE_ORDER_MARK.every((byte, index) => piece[index] === byte);
    this.#read += piece.length;
    if (isMarked) {
      window.append(piece.subarray(0, 3));
      window.at = 3;
    }
    window.append(isMarked ? piece.subarray(3) : piece);
  }

  #shrunk(size: number): FileConnectorError {
    const { path } = this.#options;
    return new FileConnectorError(
      "FILE_SHRUNK",
      `${path} has ${size} bytes now, but was read up to byte ${this.#read}: it was replaced or cut. Files that are read may grow, but what was read must stay; start without the checkpoint to read it anew.`,
    );
  }

  #ring(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

function positionOf(position: Json | undefined): { readonly offset: number; readonly line: number; readonly done: boolean } {
  if (typeof position !== "object" || position === null) return { offset: 0, line: 1, done: false };
  const { offset, line, done } = position as { offset?: number; line?: number; done?: boolean };
  return { offset: offset ?? 0, line: line ?? 1, done: done === true };
}
