// Lets only records with keys into a compacted topic: a record without one could neither be replaced nor kept for a reason. Compressed
// batches must be decompressed for it, most of them off this thread; later appends wait for them, so that the order of calls stays the order
// in the log.
import { FrameError } from "../../bytes/frame-error.ts";
import type { Compression } from "../../env/compression.ts";
import { wholeBatchSizeAt } from "../../protocol/records/batch-header.ts";
import { BatchReader } from "../../protocol/records/batch-reader.ts";
import { decompressBatch, isCompressedAt } from "../../protocol/records/decompress.ts";
import { MAX_DECOMPRESSED_BYTES, MAX_QUEUED_BYTES } from "../limits.ts";
import { logError } from "../log-error.ts";
import { KeylessRecordsError } from "./keyless-records-error.ts";

const reader = new BatchReader();

export class KeyCheck {
  readonly #compression: Compression;
  /** The check of the newest append that waits. */
  #waiting: Promise<void> | undefined;
  #waitingBytes = 0;

  constructor(compression: Compression) {
    this.#compression = compression;
  }

  /** Calls `append` in its turn, at once if nothing has to be decompressed. Rejects with INVALID_RECORD, CORRUPT_MESSAGE, MESSAGE_TOO_LARGE. */
  admit<T>(batches: Uint8Array, partition: string, append: () => Promise<T>): Promise<T> {
    try {
      if (this.#waiting === undefined && !hasCompressed(batches)) {
        checkKeys(batches, partition);
        return append();
      }
      if (this.#waitingBytes + batches.length > MAX_QUEUED_BYTES)
        throw logError("KAFKA_STORAGE_ERROR", `${this.#waitingBytes} bytes for ${partition} wait to be decompressed.`);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#admitLater(batches, partition, append);
  }

  #admitLater<T>(batches: Uint8Array, partition: string, append: () => Promise<T>): Promise<T> {
    this.#waitingBytes += batches.length;
    const before = this.#waiting ?? Promise.resolve();
    const check = this.#check(batches, partition);
    // Whoever waits in front of it may fail or not: this one has its turn then.
    const checked = Promise.allSettled([before, check]).then(() => check);
    return new Promise((resolve, reject) => {
      const turn = checked
        .then(() => void append().then(resolve, reject), reject)
        .then(() => {
          this.#waitingBytes -= batches.length;
          if (this.#waiting === turn) this.#waiting = undefined;
        });
      this.#waiting = turn;
    });
  }

  async #check(batches: Uint8Array, partition: string): Promise<void> {
    for (let at = 0; at < batches.length;) {
      const sizeBytes = wholeBatchSizeAt(batches, at);
      if (sizeBytes === 0) return;
      checkKeys(await decompressBatch(this.#compression, batches, at, MAX_DECOMPRESSED_BYTES), partition);
      at += sizeBytes;
    }
  }
}

function hasCompressed(batches: Uint8Array): boolean {
  for (let at = 0; ; at += wholeBatchSizeAt(batches, at)) {
    if (wholeBatchSizeAt(batches, at) === 0) return false;
    if (isCompressedAt(batches, at)) return true;
  }
}

/** Throws INVALID_RECORD for a record without a key, or one that cannot be read. */
function checkKeys(batches: Uint8Array, partition: string): void {
  try {
    for (let at = 0; wholeBatchSizeAt(batches, at) > 0;) {
      at = reader.reset(batches, at);
      let keyless: number[] | undefined;
      for (let position = 0; reader.next(); position++) if (reader.keyStart < 0) (keyless ??= []).push(position);
      if (keyless !== undefined) throw new KeylessRecordsError(partition, keyless);
    }
  } catch (error) {
    if (error instanceof FrameError) throw logError("INVALID_RECORD", `A batch for ${partition} cannot be read: ${error.message}`, error);
    throw error;
  }
}
