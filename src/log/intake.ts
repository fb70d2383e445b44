// What topics ask of their clients' records before batches go in, for which one has to look inside: keys on compacted topics (a record
// without one could neither be replaced nor kept for a reason), every record's age with message.timestamp.before.max.ms, and another
// compression where compression.type names one. Compressed batches are worked on off this thread, most of them; later appends wait for
// them, so that the order of calls stays the order in the log. Where a topic asks for none of it, batches stay opaque.
import { FrameError } from "../bytes/frame-error.ts";
import type { Compression } from "../env/compression.ts";
import {
  ATTRIBUTES_AT,
  compressionCodeOf,
  int16At,
  int64At,
  MAX_TIMESTAMP_AT,
  wholeBatchSizeAt,
} from "../protocol/records/batch-header.ts";
import { BatchReader } from "../protocol/records/batch-reader.ts";
import { compressBatch } from "../protocol/records/compress.ts";
import { COMPRESSION_NAMES } from "../protocol/records/compression-type.ts";
import { decompressBatch } from "../protocol/records/decompress.ts";
import { MAX_DECOMPRESSED_BYTES, MAX_QUEUED_BYTES } from "./limits.ts";
import { logError } from "./log-error.ts";
import { keylessRecords, untimelyRecords } from "./refused-records-error.ts";
import type { TopicSettings } from "./topic-config.ts";

/** One append on its way in. */
export interface Intake {
  readonly batches: Uint8Array;
  readonly settings: TopicSettings;
  /** The broker's clock, epoch milliseconds. */
  readonly now: number;
}

const reader = new BatchReader();

export class IntakeQueue {
  readonly #partition: string;
  readonly #compression: Compression;
  /** The newest append that waits. */
  #waiting: Promise<void> | undefined;
  #waitingBytes = 0;

  constructor(partition: string, compression: Compression) {
    this.#partition = partition;
    this.#compression = compression;
  }

  /** Nobody waits: appends that need none of this may go on by themselves. */
  get isIdle(): boolean {
    return this.#waiting === undefined;
  }

  /**
   * Calls `append` in its turn, at once if there is nothing to decompress or compress, with the batches as the topic wants them.
   * Rejects with INVALID_RECORD, INVALID_TIMESTAMP, CORRUPT_MESSAGE, MESSAGE_TOO_LARGE.
   */
  admit<T>(intake: Intake, append: (batches: Uint8Array) => Promise<T>): Promise<T> {
    const { batches } = intake;
    try {
      if (this.#waiting === undefined && !needsWork(intake)) {
        check(batches, intake, this.#partition);
        return append(batches);
      }
      if (this.#waitingBytes + batches.length > MAX_QUEUED_BYTES)
        throw logError("KAFKA_STORAGE_ERROR", `${this.#waitingBytes} bytes for ${this.#partition} wait to be looked into.`);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#admitLater(intake, append);
  }

  #admitLater<T>(intake: Intake, append: (batches: Uint8Array) => Promise<T>): Promise<T> {
    const bytes = intake.batches.length;
    this.#waitingBytes += bytes;
    const before = this.#waiting ?? Promise.resolve();
    const prepared = this.#prepare(intake);
    // Whoever waits in front of it may fail or not: this one has its turn then.
    const ready = Promise.allSettled([before, prepared]).then(() => prepared);
    return new Promise((resolve, reject) => {
      const turn = ready
        .then((batches) => void append(batches).then(resolve, reject), reject)
        .then(() => {
          this.#waitingBytes -= bytes;
          if (this.#waiting === turn) this.#waiting = undefined;
        });
      this.#waiting = turn;
    });
  }

  async #prepare(intake: Intake): Promise<Uint8Array> {
    const { batches } = intake;
    const wanted: Uint8Array[] = [];
    let changed = false;
    for (let at = 0; at < batches.length;) {
      const sizeBytes = wholeBatchSizeAt(batches, at);
      if (sizeBytes === 0) return batches; // refused by the log itself
      const batch = batches.subarray(at, at + sizeBytes);
      const taken = await this.#prepareBatch(batch, intake);
      changed ||= taken !== batch;
      wanted.push(taken);
      at += sizeBytes;
    }
    return changed ? joined(wanted) : batches;
  }

  /** The batch itself if it may stay as it is. */
  async #prepareBatch(batch: Uint8Array, intake: Intake): Promise<Uint8Array> {
    const { settings } = intake;
    // As it came, too: what is too large must not be compressed until it fits.
    if (batch.length > settings.maxMessageBytes) return batch;
    if (!looksInside(intake, batch)) {
      check(batch, intake, this.#partition);
      return batch;
    }
    const plain = await decompressBatch(this.#compression, batch, 0, MAX_DECOMPRESSED_BYTES);
    check(plain, intake, this.#partition);
    if (!isToChange(settings, batch)) return batch;
    const { compression, compressionLevel } = settings;
    return compression === "none" || compression === "producer"
      ? plain
      : compressBatch(this.#compression, compression, plain, compressionLevel);
  }
}

/** Whether an append of a client has to come this way at all. */
export function asksForIntake(batches: Uint8Array, settings: TopicSettings, now: number): boolean {
  return asksOfRecords(settings) || settings.compression !== "producer" || isAhead(batches, settings, now);
}

/** It will be refused: which records are at fault is to be told. */
function isAhead(batch: Uint8Array, { timestampType, timestampAfterMaxMs }: TopicSettings, now: number): boolean {
  return timestampType === "CreateTime" && int64At(batch, MAX_TIMESTAMP_AT) - now > timestampAfterMaxMs;
}

function asksOfRecords({ compacts, timestampType, timestampBeforeMaxMs }: TopicSettings): boolean {
  return compacts || (timestampType === "CreateTime" && timestampBeforeMaxMs < Number.MAX_SAFE_INTEGER);
}

/** Something has to be decompressed or compressed. */
function needsWork(intake: Intake): boolean {
  const { batches } = intake;
  for (let at = 0; ;) {
    const sizeBytes = wholeBatchSizeAt(batches, at);
    if (sizeBytes === 0) return false;
    if (looksInside(intake, batches.subarray(at, at + sizeBytes))) return true;
    at += sizeBytes;
  }
}

function looksInside({ settings, now }: Intake, batch: Uint8Array): boolean {
  return isToChange(settings, batch) || (codeOf(batch) !== 0 && (asksOfRecords(settings) || isAhead(batch, settings, now)));
}

function isToChange({ compression }: TopicSettings, batch: Uint8Array): boolean {
  return compression !== "producer" && COMPRESSION_NAMES[codeOf(batch)] !== compression;
}

function codeOf(batch: Uint8Array): number {
  return compressionCodeOf(int16At(batch, ATTRIBUTES_AT));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Throws a RefusedRecordsError for records that the topic does not take, and INVALID_RECORD for those that cannot be read. */
function check(batches: Uint8Array, { settings, now }: Intake, partition: string): void {
  if (!asksOfRecords(settings) && !isAhead(batches, settings, now)) return;
  const { compacts, timestampType, timestampBeforeMaxMs, timestampAfterMaxMs } = settings;
  const timed = timestampType === "CreateTime";
  const [earliest, latest] = timed ? [now - timestampBeforeMaxMs, now + timestampAfterMaxMs] : [-Infinity, Infinity];
  try {
    for (let at = 0; wholeBatchSizeAt(batches, at) > 0;) {
      at = reader.reset(batches, at);
      let keyless: number[] | undefined;
      let untimely: number[] | undefined;
      for (let position = 0; reader.next(); position++) {
        if (compacts && reader.keyStart < 0) (keyless ??= []).push(position);
        if (reader.timestamp >= 0 && (reader.timestamp < earliest || reader.timestamp > latest)) (untimely ??= []).push(position);
      }
      if (keyless !== undefined) throw keylessRecords(partition, keyless);
      if (untimely !== undefined) throw untimelyRecords(partition, untimely, settings, now);
    }
  } catch (error) {
    if (error instanceof FrameError) throw logError("INVALID_RECORD", `A batch for ${partition} cannot be read: ${error.message}`, error);
    throw error;
  }
}
