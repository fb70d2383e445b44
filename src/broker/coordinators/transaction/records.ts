// What __transaction_state holds, in Apache Kafka's own record formats: key version 0 (the transactional id), value version 1
// (flexible; version 0 is read too).
import { ByteReader } from "../../../bytes/reader.ts";
import { ByteWriter } from "../../../bytes/writer.ts";
import {
  readInt32List,
  readNullableCount,
  readString,
  readTagEnd,
  skipTags,
  writeCount,
  writeInt32List,
  writeString,
  writeTag,
} from "../../../protocol/primitives.ts";
import { parsePartitionKey, partitionKey } from "../../topics.ts";
import { NO_PRODUCER_EPOCH, NO_PRODUCER_ID, STATUSES, type TransactionData } from "./state.ts";

const KEY_VERSION = 0;
const VALUE_VERSION = 1;
/** The present one, as long as it is the first. */
const PREVIOUS_PRODUCER_ID = 0;
const NEXT_PRODUCER_ID = 1;
const CLIENT_VERSION = 2;
/** With NEXT_PRODUCER_ID: who may end the ongoing transaction, which was written under the id and epoch of the record's first fields (KIP-939). */
const NEXT_PRODUCER_EPOCH = 3;

export function writeTransactionKey(transactionalId: string): Uint8Array {
  const w = new ByteWriter(64);
  w.int16(KEY_VERSION);
  writeString(w, transactionalId, false);
  return w.finish();
}

/** undefined: a kind of record that is not ours. */
export function readTransactionKey(bytes: Uint8Array): string | undefined {
  const r = new ByteReader(bytes);
  return r.int16() === KEY_VERSION ? readString(r, false) : undefined;
}

export function writeTransactionValue(data: TransactionData): Uint8Array {
  const w = new ByteWriter(128);
  w.int16(VALUE_VERSION);
  w.int64(data.producerId);
  const kept = data.keptEpoch !== NO_PRODUCER_EPOCH;
  w.int16(kept ? data.keptEpoch : data.producerEpoch);
  w.int32(data.timeoutMs);
  w.int8(STATUSES.indexOf(data.status));
  writePartitions(w, data);
  w.int64(data.updatedAt);
  w.int64(data.startedAt);
  const tags: [number, ByteWriter][] = [];
  const previous = data.previousProducerId === NO_PRODUCER_ID ? data.producerId : data.previousProducerId;
  tags.push([PREVIOUS_PRODUCER_ID, int64Field(previous)]);
  if (kept) tags.push([NEXT_PRODUCER_ID, int64Field(data.producerId)]);
  else if (data.nextProducerId !== NO_PRODUCER_ID) tags.push([NEXT_PRODUCER_ID, int64Field(data.nextProducerId)]);
  if (data.clientVersion !== 0) {
    const field = new ByteWriter(16);
    field.int16(data.clientVersion);
    tags.push([CLIENT_VERSION, field]);
  }
  if (kept) {
    const field = new ByteWriter(16);
    field.int16(data.producerEpoch);
    tags.push([NEXT_PRODUCER_EPOCH, field]);
  }
  w.unsignedVarint(tags.length);
  for (const [tag, content] of tags) writeTag(w, tag, content);
  return w.finish();
}

export function readTransactionValue(bytes: Uint8Array): TransactionData {
  const r = new ByteReader(bytes);
  const version = r.int16();
  if (version !== 0 && version !== VALUE_VERSION) throw new RangeError(`A transaction record has the unknown value version ${version}`);
  const flexible = version === VALUE_VERSION;
  const producerId = r.int64();
  const producerEpoch = r.int16();
  const timeoutMs = r.int32();
  const status = STATUSES[r.int8()];
  if (status === undefined) throw new RangeError("A transaction record has an unknown status");
  const partitions = readPartitions(r, flexible);
  const updatedAt = r.int64();
  const startedAt = r.int64();
  let nextProducerEpoch = NO_PRODUCER_EPOCH;
  const ids = { previousProducerId: NO_PRODUCER_ID, nextProducerId: NO_PRODUCER_ID, clientVersion: 0 as 0 | 2 };
  for (let left = flexible ? r.unsignedVarint() : 0; left > 0; left--) {
    const tag = r.unsignedVarint();
    const end = readTagEnd(r);
    if (tag === PREVIOUS_PRODUCER_ID) ids.previousProducerId = r.int64();
    else if (tag === NEXT_PRODUCER_ID) ids.nextProducerId = r.int64();
    else if (tag === CLIENT_VERSION) ids.clientVersion = r.int16() >= 2 ? 2 : 0;
    else if (tag === NEXT_PRODUCER_EPOCH) nextProducerEpoch = r.int16();
    r.at = end;
  }
  if (ids.previousProducerId === producerId) ids.previousProducerId = NO_PRODUCER_ID;
  const lastProducerEpoch = NO_PRODUCER_EPOCH;
  const rest = { lastProducerEpoch, timeoutMs, status, partitions, startedAt, updatedAt };
  if (nextProducerEpoch === NO_PRODUCER_EPOCH) return { producerId, producerEpoch, ...ids, keptEpoch: NO_PRODUCER_EPOCH, ...rest };
  return { producerId, producerEpoch: nextProducerEpoch, ...ids, nextProducerId: NO_PRODUCER_ID, keptEpoch: producerEpoch, ...rest };
}

function writePartitions(w: ByteWriter, data: TransactionData): void {
  if (data.status === "Empty") return writeCount(w, -1, true);
  const topics = new Map<string, number[]>();
  for (const key of data.partitions) {
    const { topic, partition } = parsePartitionKey(key);
    const list = topics.get(topic);
    if (list === undefined) topics.set(topic, [partition]);
    else list.push(partition);
  }
  writeCount(w, topics.size, true);
  for (const [topic, list] of topics) {
    writeString(w, topic, true);
    writeInt32List(w, list, true);
    w.unsignedVarint(0);
  }
}

function readPartitions(r: ByteReader, flexible: boolean): Set<string> {
  const partitions = new Set<string>();
  for (let left = readNullableCount(r, flexible, 2); left > 0; left--) {
    const topic = readString(r, flexible);
    for (const partition of readInt32List(r, flexible)) partitions.add(partitionKey(topic, partition));
    if (flexible) skipTags(r);
  }
  return partitions;
}

function int64Field(value: number): ByteWriter {
  const field = new ByteWriter(16);
  field.int64(value);
  return field;
}
