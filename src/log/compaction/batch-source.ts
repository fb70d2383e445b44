// Walks the batches of a sealed segment for a compaction: every checksum is verified, so that damage is found and never given a new
// checksum by being rewritten.
import { BATCH_HEADER_BYTES, BATCH_LENGTH_AT, BATCH_OVERHEAD_BYTES, type BatchHeader, int32At, readBatchHeader } from "../../protocol/records/batch-header.ts"; // prettier-ignore
import { problemOfBatch, readFully } from "../batch-scan.ts";
import type { LogContext } from "../log-context.ts";
import { logError } from "../log-error.ts";
import { SCAN_CHUNK_BYTES } from "../limits.ts";
import type { Segment } from "../segment.ts";
import type { Pacer } from "./pacer.ts";

/** `batch` is the whole batch, valid until the returned promise is settled. */
export type VisitStoredBatch = (header: BatchHeader, batch: Uint8Array) => void | Promise<void>;

/** Rejects with KAFKA_STORAGE_ERROR at the first damaged batch, naming file, position and offset. */
export async function eachBatch(context: LogContext, segment: Segment, pacer: Pacer, visit: VisitStoredBatch): Promise<void> {
  const file = await context.files.acquire(segment.path);
  try {
    let buffer = new Uint8Array(Math.min(SCAN_CHUNK_BYTES, segment.sizeBytes));
    let nextOffset = segment.baseOffset;
    for (let position = 0; position < segment.sizeBytes;) {
      const wanted = Math.min(buffer.length, segment.sizeBytes - position);
      const filled = await readFully(file.handle, buffer, wanted, position);
      pacer.begin();
      if (filled < wanted) throw damaged(segment, position, `it ends at byte ${position + filled}`);
      let at = 0;
      while (at < filled) {
        const sizeBytes = filled - at < BATCH_HEADER_BYTES ? 0 : int32At(buffer, at + BATCH_LENGTH_AT) + BATCH_OVERHEAD_BYTES;
        const left = segment.sizeBytes - position - at;
        if (sizeBytes === 0 && left > filled - at) break;
        if (sizeBytes < BATCH_HEADER_BYTES || sizeBytes > left) throw damaged(segment, position + at, `a batch claims ${sizeBytes} bytes`);
        if (sizeBytes > filled - at) break;
        const problem = problemOfBatch(buffer, at, nextOffset, true);
        if (problem !== undefined) throw damaged(segment, position + at, problem);
        const header = readBatchHeader(buffer, at);
        nextOffset = header.baseOffset + header.lastOffsetDelta + 1;
        const visited = visit(header, buffer.subarray(at, at + sizeBytes));
        if (visited !== undefined) await visited;
        if (pacer.due) await pacer.rest();
        at += sizeBytes;
      }
      if (at === 0) buffer = new Uint8Array(int32At(buffer, BATCH_LENGTH_AT) + BATCH_OVERHEAD_BYTES);
      position += at;
    }
  } finally {
    file.release();
  }
}

function damaged(segment: Segment, position: number, problem: string): Error {
  return logError("KAFKA_STORAGE_ERROR", `${segment.path} is damaged at byte ${position}: ${problem}.`);
}
