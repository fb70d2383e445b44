// Producer state at one offset, as a file. The format is Apache Kafka's (version 1: int16 version, uint32 CRC-32C of the rest, an array of
// producers with their last batch), followed by the older remembered batches of each producer, which Kafka's reader ignores: so
// retries of all batches in flight are still recognised after a restart.
import { crc32c } from "../bytes/crc32c.ts";
import { FrameError } from "../bytes/frame-error.ts";
import { ByteReader } from "../bytes/reader.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { PRODUCER_BATCHES } from "./limits.ts";
import type { AppendedBatch, ProducerEntry } from "./producer-state.ts";

const VERSION = 1;
const CRC_AT = 2;
const BODY_AT = 6;
const PRODUCER_BYTES = 8 + 2 + 4 + 8 + 4 + 8 + 4 + 8;
const OLDER_BATCH_BYTES = 4 + 4 + 8 + 8 + 8;

export function encodeProducerSnapshot(entries: readonly ProducerEntry[]): Uint8Array {
  const w = new ByteWriter(BODY_AT + 8 + entries.length * (PRODUCER_BYTES + OLDER_BATCH_BYTES));
  w.int16(VERSION);
  w.int32(0);
  w.int32(entries.length);
  for (const entry of entries) writeProducer(w, entry);
  for (const entry of entries) writeOlderBatches(w, entry);
  const bytes = w.finish();
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(CRC_AT, crc32c(bytes, BODY_AT, bytes.length));
  return bytes;
}

function writeProducer(w: ByteWriter, entry: ProducerEntry): void {
  const last = entry.batches.at(-1);
  w.int64(entry.producerId);
  w.int16(entry.producerEpoch);
  w.int32(last?.lastSequence ?? -1);
  w.int64(last?.lastOffset ?? -1);
  w.int32(last === undefined ? 0 : last.lastOffset - last.firstOffset);
  w.int64(entry.lastAppendMs);
  w.int32(entry.coordinatorEpoch);
  w.int64(entry.transactionFirstOffset);
}

function writeOlderBatches(w: ByteWriter, entry: ProducerEntry): void {
  const older = entry.batches.slice(0, -1);
  w.int8(older.length);
  for (const batch of older) {
    w.int32(batch.firstSequence);
    w.int32(batch.lastSequence);
    w.int64(batch.firstOffset);
    w.int64(batch.lastOffset);
    w.int64(batch.timestamp);
  }
}

/** undefined if the bytes are damaged or of another version: the state is then rebuilt from the log. */
export function decodeProducerSnapshot(bytes: Uint8Array): ProducerEntry[] | undefined {
  if (bytes.length < BODY_AT + 4) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getInt16(0) !== VERSION || view.getUint32(CRC_AT) !== crc32c(bytes, BODY_AT, bytes.length)) return undefined;
  try {
    return readEntries(new ByteReader(bytes, BODY_AT));
  } catch (error) {
    if (error instanceof FrameError) return undefined;
    throw error;
  }
}

function readEntries(r: ByteReader): ProducerEntry[] | undefined {
  const count = r.int32();
  if (count < 0 || count * PRODUCER_BYTES > r.remaining) return undefined;
  const entries: ProducerEntry[] = [];
  for (let i = 0; i < count; i++) entries.push(readProducer(r));
  // Apache Kafka's own snapshots end here.
  if (r.remaining === 0) return entries;
  return entries.map((entry) => ({ ...entry, batches: [...readOlderBatches(r), ...entry.batches] }));
}

function readProducer(r: ByteReader): ProducerEntry {
  const producerId = r.int64();
  const producerEpoch = r.int16();
  const lastSequence = r.int32();
  const lastOffset = r.int64();
  const offsetDelta = r.int32();
  const timestamp = r.int64();
  const coordinatorEpoch = r.int32();
  const transactionFirstOffset = r.int64();
  const firstSequence = lastSequence - offsetDelta;
  const last: AppendedBatch = {
    firstSequence: firstSequence < 0 ? firstSequence + 0x80000000 : firstSequence,
    lastSequence,
    firstOffset: lastOffset - offsetDelta,
    lastOffset,
    timestamp,
  };
  const batches = lastSequence < 0 ? [] : [last];
  return { producerId, producerEpoch, batches, coordinatorEpoch, transactionFirstOffset, lastAppendMs: timestamp };
}

function readOlderBatches(r: ByteReader): AppendedBatch[] {
  const count = r.int8();
  if (count < 0 || count >= PRODUCER_BATCHES) throw new FrameError("BAD_LENGTH", `A snapshot claims ${count} older batches of a producer.`);
  const batches: AppendedBatch[] = [];
  for (let i = 0; i < count; i++) {
    const firstSequence = r.int32();
    const lastSequence = r.int32();
    const firstOffset = r.int64();
    const lastOffset = r.int64();
    batches.push({ firstSequence, lastSequence, firstOffset, lastOffset, timestamp: r.int64() });
  }
  return batches;
}
