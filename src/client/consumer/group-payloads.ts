// What consumers of a group tell each other through the coordinator: topics they want, partitions they get. A version, then the message.
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import {
  newConsumerProtocolAssignment,
  readConsumerProtocolAssignment,
  writeConsumerProtocolAssignment,
} from "../../protocol/generated/consumer-protocol-assignment.gen.ts";
import {
  newConsumerProtocolSubscription,
  readConsumerProtocolSubscription,
  writeConsumerProtocolSubscription,
} from "../../protocol/generated/consumer-protocol-subscription.gen.ts";
import { byTopic, type TopicPartition } from "../topic-partition.ts";

const WRITTEN_VERSION = 1;
/** Newer versions only add fields behind those we read. */
const NEWEST_READ = 3;

export function encodeSubscription(topics: readonly string[]): Uint8Array {
  const w = new ByteWriter();
  w.int16(WRITTEN_VERSION);
  writeConsumerProtocolSubscription(w, newConsumerProtocolSubscription({ topics: [...topics] }), WRITTEN_VERSION);
  return w.finish();
}

/** The topics. Throws a FrameError. */
export function decodeSubscription(bytes: Uint8Array): string[] {
  const r = new ByteReader(bytes);
  return readConsumerProtocolSubscription(r, Math.min(r.int16(), NEWEST_READ)).topics;
}

export function encodeAssignment(partitions: readonly TopicPartition[]): Uint8Array {
  const w = new ByteWriter();
  w.int16(WRITTEN_VERSION);
  const assignedPartitions = [...byTopic(partitions)].map(([topic, each]) => ({
    topic,
    partitions: each.map(({ partition }) => partition),
  }));
  writeConsumerProtocolAssignment(w, newConsumerProtocolAssignment({ assignedPartitions }), WRITTEN_VERSION);
  return w.finish();
}

/** No bytes are no partitions. Throws a FrameError. */
export function decodeAssignment(bytes: Uint8Array): TopicPartition[] {
  if (bytes.length === 0) return [];
  const r = new ByteReader(bytes);
  const { assignedPartitions } = readConsumerProtocolAssignment(r, Math.min(r.int16(), NEWEST_READ));
  return assignedPartitions.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
}
