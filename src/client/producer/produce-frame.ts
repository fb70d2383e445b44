// A Produce request as pieces to write one after the other, so that record batches go to the socket from where they are, uncopied.
// The bytes are those of the generated codec (a test compares all versions); only this message is large enough to be worth it.
import type { ByteWriter } from "../../bytes/writer.ts";
import type { ProduceRequest } from "../../protocol/generated/produce.gen.ts";
import { writeCount, writeNullableString, writeString, writeUuid } from "../../protocol/primitives.ts";

const FIRST_FLEXIBLE = 9;
const FIRST_WITH_IDS = 13;

/** Writes behind what `w` holds; returns all of it, the batches in between. `w` must not be used again. */
export function produceFrame(w: ByteWriter, message: ProduceRequest, version: number): Uint8Array[] {
  const flexible = version >= FIRST_FLEXIBLE;
  const batches: { readonly at: number; readonly records: Uint8Array }[] = [];
  writeNullableString(w, message.transactionalId, flexible);
  w.int16(message.acks);
  w.int32(message.timeoutMs);
  writeCount(w, message.topicData.length, flexible);
  for (const topic of message.topicData) {
    if (version >= FIRST_WITH_IDS) writeUuid(w, topic.topicId);
    else writeString(w, topic.name, flexible);
    writeCount(w, topic.partitionData.length, flexible);
    for (const { index, records } of topic.partitionData) {
      w.int32(index);
      writeCount(w, records === null ? -1 : records.length, flexible);
      if (records !== null) batches.push({ at: w.length, records });
      if (flexible) w.unsignedVarint(0);
    }
    if (flexible) w.unsignedVarint(0);
  }
  if (flexible) w.unsignedVarint(0);
  const frame = w.finish();
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (const { at, records } of batches) {
    if (at > from) pieces.push(frame.subarray(from, at));
    pieces.push(records);
    from = at;
  }
  if (from < frame.length) pieces.push(frame.subarray(from));
  return pieces;
}
