// One partition as a split: decodes fetched batches straight into columns. Invariant: every offset below position() was delivered as a row
// or as poison, or holds nothing that a reader should see (markers, aborted records, tombstones that are passed over).
import { isPlanted } from "../../env/planted-faults.ts";
import type { FetchedBatch } from "../../client/fetched-batch.ts";
import type { PartitionCursor } from "../../client/partition-cursor.ts";
import { BatchReader } from "../../protocol/records/batch-reader.ts";
import { MAX_BATCH_ROWS, NO_TIMESTAMP } from "../../schema/batch.ts";
import { BatchBuilder } from "../../schema/batch-builder.ts";
import { jsonDecoder } from "../../schema/json/decoder.ts";
import { SchemaError } from "../../schema/schema-error.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import type { Json, PoisonRecord, SourceBatch, SplitReader } from "../../stream/connector.ts";
import type { KeyCheck } from "./key-check.ts";
import type { ValueDecoder } from "./registry-values.ts";
import type { TombstoneReader } from "./tombstones.ts";

/** Per poll: their bytes are copied. */
const MAX_POISON = 256;
/** Per poll, and what is left of the batch: passing over them takes time, too. */
const MAX_TOMBSTONES = 10_000;

export interface PartitionReaderHooks {
  /** Default: JSON. One per partition. */
  readonly decoder?: ValueDecoder | undefined;
  /** One per partition; undefined: keys are not looked at. */
  readonly keys?: KeyCheck | undefined;
  /** One per partition; "skip": records without a value are no rows; "error": they are poison. */
  readonly tombstones: TombstoneReader | "skip" | "error";
  /** The first offset that a bounded source does not read; undefined: none. */
  readonly stopAt: number | undefined;
  /** Where the committed log ends now. */
  endOffset(): Promise<number>;
  close(): void;
}

export class PartitionReader implements SplitReader {
  readonly #cursor: PartitionCursor;
  readonly #hooks: PartitionReaderHooks;
  readonly #decoder: ValueDecoder;
  readonly #keys: KeyCheck | undefined;
  readonly #builder: BatchBuilder;
  readonly #records = new BatchReader();
  readonly #offsets = new Float64Array(MAX_BATCH_ROWS);
  readonly #out: { batch: SourceBatch["batch"]; offsets: Float64Array; poison: readonly PoisonRecord[] | undefined };
  /** The batch under #records; undefined between two. */
  #fetched: FetchedBatch | undefined;
  #position: number;
  #stopAt: number;
  #closed = false;
  /** What the record under #records needs before it can be decoded. */
  #waiting: Promise<void> | undefined;
  #held = false;
  #tombstones = 0;
  readonly #headers = () => this.#records.headers();

  constructor(type: TypeInfo, cursor: PartitionCursor, hooks: PartitionReaderHooks) {
    this.#cursor = cursor;
    this.#hooks = hooks;
    this.#decoder = hooks.decoder ?? jsonDecoder(type);
    this.#keys = hooks.keys;
    this.#builder = new BatchBuilder(type, MAX_BATCH_ROWS, "bytes");
    this.#out = { batch: this.#builder.batch, offsets: this.#offsets, poison: undefined };
    this.#stopAt = hooks.stopAt ?? Infinity;
    this.#position = cursor.position;
  }

  poll(maxRows: number): SourceBatch | undefined {
    if (this.finished) return undefined;
    const builder = this.#builder;
    builder.reset();
    let poison: PoisonRecord[] | undefined;
    const enough = this.#tombstones + MAX_TOMBSTONES;
    while (this.#waiting === undefined && builder.rows < maxRows && !builder.full && (poison === undefined || poison.length < MAX_POISON)) {
      if (this.#tombstones >= enough) break;
      if (this.#fetched === undefined && !this.#nextBatch()) break;
      const error = this.#decodeRows(maxRows);
      if (error !== undefined) (poison ??= []).push(this.#poison(error));
      if (this.#position >= this.#stopAt) break;
    }
    if (builder.rows === 0 && poison === undefined) return undefined;
    const out = this.#out;
    out.batch = builder.finish();
    out.poison = poison;
    return out;
  }

  available(): Promise<void> {
    if (this.#waiting !== undefined && !this.finished) return this.#waiting;
    if (this.#fetched !== undefined || this.finished) return Promise.resolve();
    return this.#cursor.available().catch((error: unknown) => {
      if (!this.#closed) throw error; // that a closed reader is no longer read is no failure
    });
  }

  position(): Json {
    const offset = this.#here() + (isPlanted("position-off-by-one") ? 1 : 0);
    const { stopAt } = this.#hooks;
    return stopAt === undefined ? { offset } : { offset, until: stopAt };
  }

  /** Records of open transactions count as not delivered: they may still come, so the partition is not idle. */
  get atEnd(): boolean {
    const { highWatermark } = this.#cursor;
    if (this.finished) return true;
    return this.#fetched === undefined && highWatermark >= 0 && this.#here() >= highWatermark;
  }

  get finished(): boolean {
    return this.#closed || this.#here() >= this.#stopAt;
  }

  async stopAtEnd(): Promise<void> {
    const end = await this.#hooks.endOffset();
    this.#stopAt = Math.min(this.#stopAt, end);
    this.#cursor.wake();
  }

  get pending(): number {
    const { endOffset } = this.#cursor;
    return endOffset < 0 ? Number.NaN : Math.max(0, endOffset - this.#here());
  }

  get tombstones(): number {
    return this.#tombstones;
  }

  close(): Promise<void> {
    const first = !this.#closed;
    this.#closed = true;
    if (first) this.#hooks.close();
    return Promise.resolve();
  }

  /** The position; between two batches the cursor's, which moves over what holds no records (and jumps when told to, out of range). */
  #here(): number {
    if (this.#fetched === undefined && this.#position < this.#stopAt) this.#position = this.#cursor.position;
    return this.#position;
  }

  #nextBatch(): boolean {
    const batch = this.#cursor.poll();
    if (batch === undefined) return false;
    this.#fetched = batch;
    this.#records.reset(batch.bytes, batch.at);
    return true;
  }

  /** Decodes records of the batch until it ends, the rows are enough, or one is poison: then the error, with the cursor on the record. */
  #decodeRows(maxRows: number): string | undefined {
    const builder = this.#builder;
    const records = this.#records;
    const keys = this.#keys;
    const batch = this.#fetched!;
    const { bytes, fromOffset } = batch;
    while (builder.rows < maxRows && !builder.full) {
      if (this.#held) this.#held = false;
      else if (!records.next()) {
        this.#fetched = undefined;
        this.#position = Math.min(batch.nextOffset, this.#stopAt);
        return undefined;
      }
      const { offset } = records;
      if (offset < fromOffset) continue;
      if (offset >= this.#stopAt) {
        this.#fetched = undefined;
        this.#position = this.#stopAt;
        return undefined;
      }
      this.#position = offset + 1;
      this.#offsets[builder.rows] = offset;
      try {
        const { valueStart, valueEnd } = records;
        const isTombstone = valueStart < 0;
        const waiting = isTombstone
          ? this.#readTombstone(bytes)
          : keys === undefined
            ? this.#decoder.wait?.(bytes, valueStart, valueEnd, records.hasHeaders ? this.#headers : undefined)
            : this.#waitForBoth(keys, bytes);
        if (waiting !== undefined) {
          this.#position = offset;
          return this.#hold(waiting);
        }
        if (isTombstone) continue;
        const { timestamp } = records;
        this.#decoder.decodeInto(builder, bytes, records.valueStart, records.valueEnd, timestamp < 0 ? NO_TIMESTAMP : timestamp);
      } catch (error) {
        if (error instanceof SchemaError) return error.message;
        throw error;
      }
    }
    return undefined;
  }

  /** Answers what must be waited for first. Throws SchemaError. */
  #readTombstone(bytes: Uint8Array): Promise<void> | undefined {
    const { tombstones } = this.#hooks;
    if (tombstones === "error") throw new SchemaError({ path: "", expected: "a document", got: "a record without a value (a tombstone)" });
    const records = this.#records;
    const waiting =
      tombstones === "skip" ? undefined : tombstones.read(this.#builder, records, bytes, records.hasHeaders ? this.#headers : undefined);
    if (waiting === undefined) this.#tombstones++;
    return waiting;
  }

  /** Throws SchemaError for a key that is none. */
  #waitForBoth(keys: KeyCheck, bytes: Uint8Array): Promise<void> | undefined {
    const records = this.#records;
    const headers = records.hasHeaders ? this.#headers : undefined;
    return (
      keys.check(bytes, records.keyStart, records.keyEnd, headers) ??
      this.#decoder.wait?.(bytes, records.valueStart, records.valueEnd, headers)
    );
  }

  /** The record is looked at again when what it needs is there; if it cannot be had, available() rejects. */
  #hold(waiting: Promise<void>): undefined {
    this.#held = true;
    this.#waiting = waiting.then(() => {
      this.#waiting = undefined;
    });
    this.#waiting.catch(() => {});
  }

  #poison(error: string): PoisonRecord {
    const records = this.#records;
    const { topic, partition } = this.#cursor;
    const { offset, timestamp } = records;
    const text = this.#keys?.text(this.#fetched!.bytes, records.keyStart, records.keyEnd, records.hasHeaders ? this.#headers : undefined);
    const key = text === undefined ? (records.key()?.slice() ?? null) : new TextEncoder().encode(text);
    const value = records.value()?.slice() ?? null;
    return { row: this.#builder.rows, error, topic, partition, offset, timestamp, key, value };
  }
}
