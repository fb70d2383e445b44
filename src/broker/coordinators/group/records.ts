// What __consumer_offsets holds, in Apache Kafka's own record formats: committed offsets (key versions 0 and 1) and groups of the
// classic protocol (key version 2). Offsets are written in value version 4 (1 if they have a time of their own to expire at, which later
// versions lack) and read in 0 to 4, groups in 3 and 0 to 3; keys of other versions are skipped.
import { ByteReader } from "../../../bytes/reader.ts";
import { ByteWriter } from "../../../bytes/writer.ts";
import {
  readBytes,
  readNullableString,
  readString,
  readTagEnd,
  readUuid,
  writeBytes,
  writeNullableString,
  writeString,
  writeTag,
  writeUuid,
  ZERO_UUID,
  type Uuid,
} from "../../../protocol/primitives.ts";
import { metadataFor } from "./replies.ts";
import type { GroupState, Member } from "./state.ts";

const OFFSET_KEY_VERSION = 1;
const GROUP_KEY_VERSION = 2;
const OFFSET_VALUE_VERSION = 4;
/** The only one that says when the offset expires. */
const EXPIRING_VALUE_VERSION = 1;
const GROUP_VALUE_VERSION = 3;
const TOPIC_ID_TAG = 0;

export interface CommittedOffset {
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string;
  /** Epoch ms. */
  readonly committedAt: number;
  /** Epoch ms, as the client asked for (OffsetCommit before v5); −1: after offsets.retention.minutes. */
  readonly expiresAt: number;
  /** ZERO_UUID: the commit named none (in a transaction). */
  readonly topicId: Uuid;
}

export interface GroupSnapshot {
  readonly protocolType: string;
  readonly generation: number;
  readonly protocol: string | null;
  readonly leader: string | null;
  /** Epoch ms. */
  readonly since: number;
  readonly members: readonly (Pick<
    Member,
    "memberId" | "instanceId" | "clientId" | "clientHost" | "rebalanceTimeoutMs" | "sessionTimeoutMs"
  > & {
    readonly subscription: Uint8Array;
    readonly assignment: Uint8Array;
  })[];
}

export type RecordKey =
  | { readonly kind: "offset"; readonly group: string; readonly topic: string; readonly partition: number }
  | { readonly kind: "group"; readonly group: string };

/** undefined: a kind of record that is not ours. */
export function readRecordKey(bytes: Uint8Array): RecordKey | undefined {
  const r = new ByteReader(bytes);
  const version = r.int16();
  if (version === 0 || version === OFFSET_KEY_VERSION) {
    return { kind: "offset", group: readString(r, false), topic: readString(r, false), partition: r.int32() };
  }
  return version === GROUP_KEY_VERSION ? { kind: "group", group: readString(r, false) } : undefined;
}

export function writeOffsetKey(group: string, topic: string, partition: number): Uint8Array {
  const w = new ByteWriter(64);
  w.int16(OFFSET_KEY_VERSION);
  writeString(w, group, false);
  writeString(w, topic, false);
  w.int32(partition);
  return w.finish();
}

export function writeOffsetValue({ offset, leaderEpoch, metadata, committedAt, expiresAt, topicId }: CommittedOffset): Uint8Array {
  const w = new ByteWriter(64);
  const expires = expiresAt >= 0;
  w.int16(expires ? EXPIRING_VALUE_VERSION : OFFSET_VALUE_VERSION);
  w.int64(offset);
  if (!expires) w.int32(leaderEpoch);
  writeString(w, metadata, !expires);
  w.int64(committedAt);
  if (expires) w.int64(expiresAt);
  else writeTopicId(w, topicId);
  return w.finish();
}

function writeTopicId(w: ByteWriter, topicId: Uuid): void {
  if (topicId === ZERO_UUID) return w.unsignedVarint(0);
  const content = new ByteWriter(16);
  writeUuid(content, topicId);
  w.unsignedVarint(1);
  writeTag(w, TOPIC_ID_TAG, content);
}

export function readOffsetValue(bytes: Uint8Array): CommittedOffset {
  const r = new ByteReader(bytes);
  const version = r.int16();
  if (version < 0 || version > OFFSET_VALUE_VERSION) throw new RangeError(`An offset record has the unknown value version ${version}`);
  const offset = r.int64();
  const leaderEpoch = version >= 3 ? r.int32() : -1;
  const metadata = readString(r, version >= 4);
  const committedAt = r.int64();
  const expiresAt = version === EXPIRING_VALUE_VERSION ? r.int64() : -1;
  return { offset, leaderEpoch, metadata, committedAt, expiresAt, topicId: version >= 4 ? readTopicId(r) : ZERO_UUID };
}

function readTopicId(r: ByteReader): Uuid {
  let topicId = ZERO_UUID;
  for (let tags = r.unsignedVarint(); tags > 0; tags--) {
    const tag = r.unsignedVarint();
    const end = readTagEnd(r);
    if (tag === TOPIC_ID_TAG) topicId = readUuid(r);
    r.at = end;
  }
  return topicId;
}

export function writeGroupKey(group: string): Uint8Array {
  const w = new ByteWriter(32);
  w.int16(GROUP_KEY_VERSION);
  writeString(w, group, false);
  return w.finish();
}

/** `assignments` replaces the members' own while it is being written for the first time. */
export function writeGroupValue(state: GroupState, since: number, assignments: ReadonlyMap<string, Uint8Array> | undefined): Uint8Array {
  const w = new ByteWriter(512);
  w.int16(GROUP_VALUE_VERSION);
  writeString(w, state.protocolType ?? "", false);
  w.int32(state.generation);
  writeNullableString(w, state.protocol, false);
  writeNullableString(w, state.leader, false);
  w.int64(since);
  w.int32(state.members.size);
  for (const member of state.members.values()) {
    writeString(w, member.memberId, false);
    writeNullableString(w, member.instanceId, false);
    writeString(w, member.clientId, false);
    writeString(w, member.clientHost, false);
    w.int32(member.rebalanceTimeoutMs);
    w.int32(member.sessionTimeoutMs);
    writeBytes(w, metadataFor(member, state.protocol), false);
    writeBytes(w, assignments?.get(member.memberId) ?? member.assignment, false);
  }
  return w.finish();
}

export function readGroupValue(bytes: Uint8Array): GroupSnapshot {
  const r = new ByteReader(bytes);
  const version = r.int16();
  if (version < 0 || version > GROUP_VALUE_VERSION) throw new RangeError(`A group record has the unknown value version ${version}`);
  const protocolType = readString(r, false);
  const generation = r.int32();
  const protocol = readNullableString(r, false);
  const leader = readNullableString(r, false);
  const since = version >= 2 ? r.int64() : -1;
  const members = [];
  for (let left = r.int32(); left > 0; left--) {
    const memberId = readString(r, false);
    const instanceId = version >= 3 ? readNullableString(r, false) : null;
    const clientId = readString(r, false);
    const clientHost = readString(r, false);
    const rebalanceTimeoutMs = version >= 1 ? r.int32() : 0;
    const sessionTimeoutMs = r.int32();
    const identity = {
      memberId,
      instanceId,
      clientId,
      clientHost,
      sessionTimeoutMs,
      rebalanceTimeoutMs: rebalanceTimeoutMs || sessionTimeoutMs,
    };
    members.push({ ...identity, subscription: readBytes(r, false).slice(), assignment: readBytes(r, false).slice() });
  }
  return { protocolType, generation, protocol, leader, since, members };
}
