// A split's watermark in a checkpoint: one entry of operator state per split, named after it, so that whoever gets the split finds it.
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import { StateRestoreError } from "../state/state-restore-error.ts";
import type { StateChunk } from "../subtask/subtask.ts";
import type { SplitWatermarks } from "./split-watermarks.ts";

/** Entries are named so, followed by the split's id. */
export const SPLIT_STATE = "split:";
const VERSION = 1;

/** version, int32 length and UTF-8 of the split's id, float64 largest timestamp, float64 watermark. */
export function encodeSplitStates(operator: string, watermarks: SplitWatermarks): StateChunk[] {
  const chunks: StateChunk[] = [];
  for (const split of watermarks.splits()) {
    if (split.status === "finished") continue;
    const writer = new ByteWriter(64);
    writer.uint8(VERSION);
    const length = writer.reserve(4);
    writer.patchInt32(length, writer.string(split.id));
    writer.float64(split.maxTimestamp);
    writer.float64(split.watermark);
    chunks.push({ operator, address: { kind: "operator-state", name: SPLIT_STATE + split.id, entry: 0 }, bytes: writer.take() });
  }
  return chunks;
}

export function decodeSplitState(bytes: Uint8Array, watermarks: SplitWatermarks): void {
  const reader = new ByteReader(bytes);
  const version = reader.uint8();
  if (version !== VERSION)
    throw new StateRestoreError("STATE_VERSION", `Split state of version ${version} was written by a newer Millrace.`);
  const id = reader.string(reader.int32());
  watermarks.restore(id, reader.float64(), reader.float64());
}
