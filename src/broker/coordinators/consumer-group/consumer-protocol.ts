// What classic members of consumer groups carry inside of JoinGroup and SyncGroup (ConsumerProtocolSubscription, …Assignment), to and
// from the coordinator's own terms: topic ids.
import { ByteReader } from "../../../bytes/reader.ts";
import { ByteWriter } from "../../../bytes/writer.ts";
import {
  newConsumerProtocolAssignment,
  readConsumerProtocolAssignment,
  writeConsumerProtocolAssignment,
} from "../../../protocol/generated/consumer-protocol-assignment.gen.ts";
import { readConsumerProtocolSubscription } from "../../../protocol/generated/consumer-protocol-subscription.gen.ts";
import { byTopic } from "./records.ts";
import type { Partitions, TopicsView } from "./state.ts";

const NEWEST_VERSION = 3;

export interface ClassicSubscription {
  readonly topics: readonly string[];
  readonly owned: Partitions;
  /** null: it does not say. */
  readonly rackId: string | null;
}

/** Throws a FrameError if the bytes are in a format of their own. */
export function readSubscription(metadata: Uint8Array, topics: TopicsView): ClassicSubscription {
  const reader = new ByteReader(metadata);
  const version = Math.min(reader.int16(), NEWEST_VERSION);
  const subscription = readConsumerProtocolSubscription(reader, version);
  const rackId = subscription.rackId === "" ? null : subscription.rackId;
  return { topics: subscription.topics, owned: identified(subscription.ownedPartitions, topics), rackId };
}

/** Throws a FrameError likewise. `userData`: what an assignor of the members' own has put there. */
export function readAssignment(bytes: Uint8Array, topics: TopicsView): { readonly partitions: Partitions; readonly userData: boolean } {
  if (bytes.length === 0) return { partitions: new Set(), userData: false };
  const reader = new ByteReader(bytes);
  const version = Math.min(reader.int16(), NEWEST_VERSION);
  const { assignedPartitions, userData } = readConsumerProtocolAssignment(reader, version);
  return { partitions: identified(assignedPartitions, topics), userData: userData !== null && userData.length > 0 };
}

/** In the version that the member's `metadata` has; topics that are gone are left out. */
export function writeAssignment(partitions: Partitions, metadata: Uint8Array, topics: TopicsView): Uint8Array {
  const version = Math.min(new ByteReader(metadata).int16(), NEWEST_VERSION);
  const assignedPartitions = [...byTopic(partitions)].flatMap(([topicId, list]) => {
    const name = topics.byId(topicId)?.name;
    return name === undefined ? [] : [{ topic: name, partitions: list }];
  });
  const w = new ByteWriter(128);
  w.int16(version);
  writeConsumerProtocolAssignment(w, newConsumerProtocolAssignment({ assignedPartitions }), version);
  return w.finish().slice();
}

/** Topics that are gone are left out. */
function identified(named: readonly { readonly topic: string; readonly partitions: readonly number[] }[], topics: TopicsView): Partitions {
  const keys = new Set<string>();
  for (const { topic, partitions } of named) {
    const id = topics.byName(topic)?.id;
    if (id !== undefined) for (const partition of partitions) keys.add(`${id}:${partition}`);
  }
  return keys;
}
