// Transaction markers: a batch of one control record that commits or aborts a producer's transaction in a partition (KIP-98). The record's
// key is (version, type), its value (version, coordinator epoch).
import { FrameError } from "../../bytes/frame-error.ts";
import { int16At, int32At, isControl, putInt16At, putInt32At } from "./batch-header.ts";
import type { BatchReader } from "./batch-reader.ts";
import { BatchWriter } from "./batch-writer.ts";

const ABORT = 0;
const COMMIT = 1;
const KEY_BYTES = 4;
const VALUE_BYTES = 6;
const MARKER_BATCH_BYTES = 128;

export interface TransactionMarker {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly commit: boolean;
  readonly coordinatorEpoch: number;
  /** Milliseconds. */
  readonly timestamp: number;
}

export type ControlRecord =
  | { readonly type: "commit" | "abort"; readonly coordinatorEpoch: number }
  /** Snapshots, leader changes and whatever later versions bring: readers skip them. */
  | { readonly type: "other"; readonly code: number };

export function encodeTransactionMarker(marker: TransactionMarker): Uint8Array<ArrayBuffer> {
  const key = new Uint8Array(KEY_BYTES);
  putInt16At(key, 2, marker.commit ? COMMIT : ABORT);
  const value = new Uint8Array(VALUE_BYTES);
  putInt32At(value, 2, marker.coordinatorEpoch);
  const writer = new BatchWriter({ initialBytes: MARKER_BATCH_BYTES });
  writer.append(marker.timestamp, key, value);
  const { producerId, producerEpoch } = marker;
  return writer.finish({ producerId, producerEpoch, transactional: true, control: true });
}

/** What the control record under the reader's cursor says. */
export function decodeControlRecord(reader: BatchReader): ControlRecord {
  if (!isControl(reader.attributes)) throw new RangeError("The batch has no control records.");
  const key = reader.key();
  if (key === null || key.length < KEY_BYTES)
    throw new FrameError("BAD_LENGTH", `The key of the control record at offset ${reader.offset} is too short.`);
  const code = int16At(key, 2);
  if (code !== ABORT && code !== COMMIT) return { type: "other", code };
  const value = reader.value();
  if (value === null || value.length < VALUE_BYTES) {
    throw new FrameError("BAD_LENGTH", `The transaction marker at offset ${reader.offset} is too short.`);
  }
  return { type: code === COMMIT ? "commit" : "abort", coordinatorEpoch: int32At(value, 2) };
}
