// New-protocol groups in __consumer_offsets, in Apache Kafka's record formats: keys 3 (group), 5 (member), 6 and 7 (target assignment),
// 8 (a member's current assignment). What a decision changed is written as one batch; a record whose subject is gone is a tombstone.
import { ByteReader } from "../../../bytes/reader.ts";
import { ByteWriter } from "../../../bytes/writer.ts";
import {
  readBytes,
  readCount,
  readInt32List,
  readNullableString,
  readString,
  readStringList,
  readTagEnd,
  readUuid,
  skipTags,
  writeBytes,
  writeCount,
  writeInt32List,
  writeNullableString,
  writeString,
  writeStringList,
  writeTag,
  writeUuid,
} from "../../../protocol/primitives.ts";
import type { MemberProtocol } from "../group/state.ts";
import type { LogRecord } from "../internal-topic.ts";
import { newConsumerGroup, NO_PARTITIONS, partitionOf, sameSet, SINCE_NEVER } from "./state.ts";
import type { ClassicSide, ConsumerGroupState, ConsumerMember, MemberPhase, Partitions } from "./state.ts";

const GROUP = 3;
const MEMBER = 5;
const TARGET = 6;
const TARGET_MEMBER = 7;
const CURRENT = 8;
const VALUE_VERSION = 0;
const METADATA_HASH_TAG = 0;
const ASSIGNMENT_EPOCHS_TAG = 0;
/** In the order of their numbers in the log. */
const PHASES: readonly MemberPhase[] = ["stable", "unrevoked", "unreleased"];

/** The records that turn `before` into `after` in the log. */
export function recordsOf(before: ConsumerGroupState, after: ConsumerGroupState): LogRecord[] {
  const { groupId } = after;
  const records: LogRecord[] = [];
  const put = (kind: number, memberId: string | undefined, value: Uint8Array | null): unknown =>
    records.push({ key: keyOf(kind, groupId, memberId), value });
  for (const [memberId, member] of after.members) {
    if (sameMetadata(before.members.get(memberId), member)) continue;
    put(MEMBER, memberId, memberValue(member));
  }
  if (before.epoch !== after.epoch) put(GROUP, undefined, groupValue(after));
  for (const [memberId, partitions] of after.target) {
    const former = before.target.get(memberId);
    if (former === undefined || !sameSet(former, partitions)) put(TARGET_MEMBER, memberId, targetValue(partitions));
  }
  if (before.assignmentEpoch !== after.assignmentEpoch) put(TARGET, undefined, numberValue(after.assignmentEpoch));
  for (const [memberId, member] of after.members) {
    if (!sameCurrent(before.members.get(memberId), member)) put(CURRENT, memberId, currentValue(member));
  }
  for (const memberId of before.target.keys()) if (!after.target.has(memberId)) put(TARGET_MEMBER, memberId, null);
  for (const memberId of before.members.keys()) {
    if (after.members.has(memberId)) continue;
    put(CURRENT, memberId, null);
    put(MEMBER, memberId, null);
  }
  return records;
}

/** The records that make the log forget a group. */
export function tombstonesOf({ groupId, members, target }: ConsumerGroupState): LogRecord[] {
  const gone = (kind: number, memberId?: string): LogRecord => ({ key: keyOf(kind, groupId, memberId), value: null });
  const ofMembers = (kind: number, ids: Iterable<string>): LogRecord[] => [...ids].map((memberId) => gone(kind, memberId));
  return [
    ...ofMembers(CURRENT, members.keys()),
    ...ofMembers(TARGET_MEMBER, target.keys()),
    gone(TARGET),
    ...ofMembers(MEMBER, members.keys()),
    gone(GROUP),
  ];
}

/** Applies a record to the groups; false: it is none of ours. Members come back with a session that begins now. */
export function replayRecord(
  groups: Map<string, ConsumerGroupState>,
  key: Uint8Array,
  value: Uint8Array | null,
  sessionDeadline: number,
): boolean {
  const r = new ByteReader(key);
  const kind = r.int16();
  if (kind !== GROUP && kind !== MEMBER && kind !== TARGET && kind !== TARGET_MEMBER && kind !== CURRENT) return false;
  const groupId = readString(r, false);
  const state = groups.get(groupId) ?? newConsumerGroup(groupId);
  if (kind === GROUP && value === null) {
    groups.delete(groupId);
    return true;
  }
  if (kind === GROUP) groups.set(groupId, { ...state, ...readGroup(value!) });
  else if (kind === TARGET) {
    if (value !== null || groups.has(groupId)) groups.set(groupId, { ...state, assignmentEpoch: value === null ? 0 : readNumber(value) });
  } else replayMember(groups, state, kind, readString(r, false), value, sessionDeadline);
  return true;
}

function replayMember(
  groups: Map<string, ConsumerGroupState>,
  state: ConsumerGroupState,
  kind: number,
  memberId: string,
  value: Uint8Array | null,
  sessionDeadline: number,
): void {
  const members = new Map(state.members);
  const target = new Map(state.target);
  const member = members.get(memberId);
  if (kind === TARGET_MEMBER) {
    if (value === null) target.delete(memberId);
    else target.set(memberId, readTarget(value));
  } else if (kind === MEMBER) {
    if (value === null) members.delete(memberId);
    else members.set(memberId, { ...(member ?? newMember(memberId)), ...readMember(value), sessionDeadline });
  } else if (member !== undefined) {
    const current = value === null ? newMember(memberId) : { ...member, ...readCurrent(value) };
    const { epoch, previousEpoch, phase, assigned, since, revoking } = current;
    const revocationDeadline = phase === "unrevoked" ? sessionDeadline + member.rebalanceTimeoutMs : undefined;
    members.set(memberId, { ...member, epoch, previousEpoch, phase, assigned, since, revoking, revocationDeadline });
  }
  groups.set(state.groupId, { ...state, members, target });
}

function newMember(memberId: string): ConsumerMember {
  const client = {
    instanceId: null,
    rackId: null,
    clientId: "",
    clientHost: "",
    rebalanceTimeoutMs: -1,
    topics: [],
    regex: null,
    assignor: null,
  };
  const position = { epoch: 0, previousEpoch: 0, phase: "stable" as const, assigned: NO_PARTITIONS, since: SINCE_NEVER };
  const nothing = { revoking: NO_PARTITIONS, sessionDeadline: 0, revocationDeadline: undefined, classic: undefined };
  return { memberId, ...client, ...position, ...nothing };
}

function sameMetadata(a: ConsumerMember | undefined, b: ConsumerMember): boolean {
  if (a === undefined) return false;
  const fields = ["instanceId", "rackId", "clientId", "clientHost", "rebalanceTimeoutMs", "regex", "assignor"] as const;
  return fields.every((field) => a[field] === b[field]) && a.topics.join() === b.topics.join() && sameClassic(a.classic, b.classic);
}

function sameCurrent(a: ConsumerMember | undefined, b: ConsumerMember): boolean {
  if (a === undefined) return false;
  const same = a.epoch === b.epoch && a.previousEpoch === b.previousEpoch && a.phase === b.phase;
  return same && sameSet(a.assigned, b.assigned) && sameSet(a.revoking, b.revoking);
}

function keyOf(kind: number, groupId: string, memberId: string | undefined): Uint8Array {
  const w = new ByteWriter(64);
  w.int16(kind);
  writeString(w, groupId, false);
  if (memberId !== undefined) writeString(w, memberId, false);
  return w.finish().slice();
}

function valueOf(write: (w: ByteWriter) => void): Uint8Array {
  const w = new ByteWriter(128);
  w.int16(VALUE_VERSION);
  write(w);
  writeNoTags(w);
  return w.finish().slice();
}

/** With one tagged field, of tag 0. */
function valueWith(content: ByteWriter, write: (w: ByteWriter) => void): Uint8Array {
  const w = new ByteWriter(128);
  w.int16(VALUE_VERSION);
  write(w);
  w.unsignedVarint(1);
  writeTag(w, CLASSIC_TAG, content);
  return w.finish().slice();
}

/** No tagged fields. */
function writeNoTags(w: ByteWriter): void {
  w.unsignedVarint(0);
}

function readerOf(value: Uint8Array): ByteReader {
  const r = new ByteReader(value);
  const version = r.int16();
  if (version !== VALUE_VERSION) throw new RangeError(`A consumer group record has the unknown value version ${version}`);
  return r;
}

function groupValue({ epoch, fingerprint }: ConsumerGroupState): Uint8Array {
  const w = new ByteWriter(32);
  w.int16(VALUE_VERSION);
  w.int32(epoch);
  const content = new ByteWriter(8);
  content.int64(fingerprint);
  w.unsignedVarint(1);
  writeTag(w, METADATA_HASH_TAG, content);
  return w.finish().slice();
}

function readGroup(value: Uint8Array): Pick<ConsumerGroupState, "epoch" | "fingerprint"> {
  const r = readerOf(value);
  const epoch = r.int32();
  let fingerprint = 0;
  readTags(r, METADATA_HASH_TAG, () => (fingerprint = r.int64()));
  return { epoch, fingerprint };
}

function numberValue(epoch: number): Uint8Array {
  return valueOf((w) => w.int32(epoch));
}

function readNumber(value: Uint8Array): number {
  return readerOf(value).int32();
}

/** Its deadlines are not in the log. */
function sameClassic(a: ClassicSide | undefined, b: ClassicSide | undefined): boolean {
  return a?.sessionTimeoutMs === b?.sessionTimeoutMs && a?.protocols === b?.protocols;
}

function memberValue(member: ConsumerMember): Uint8Array {
  return valueWith(classicContent(member.classic), (w) => {
    writeNullableString(w, member.instanceId, true);
    writeNullableString(w, member.rackId, true);
    writeString(w, member.clientId, true);
    writeString(w, member.clientHost, true);
    writeStringList(w, member.topics, true);
    writeNullableString(w, member.regex, true);
    w.int32(member.rebalanceTimeoutMs);
    writeNullableString(w, member.assignor, true);
  });
}

const CLASSIC_TAG = 0;

/** A nullable structure: one byte says whether it is there. */
function classicContent(classic: ClassicSide | undefined): ByteWriter {
  const w = new ByteWriter(64);
  w.unsignedVarint(classic === undefined ? 0 : 1);
  if (classic === undefined) return w;
  w.int32(classic.sessionTimeoutMs);
  writeCount(w, classic.protocols.length, true);
  for (const { name, metadata } of classic.protocols) {
    writeString(w, name, true);
    writeBytes(w, metadata, true);
    writeNoTags(w);
  }
  writeNoTags(w);
  return w;
}

function readClassic(r: ByteReader): ClassicSide | undefined {
  let classic: ClassicSide | undefined;
  readTags(r, CLASSIC_TAG, () => {
    if (r.unsignedVarint() === 0) return;
    const sessionTimeoutMs = r.int32();
    const protocols: MemberProtocol[] = [];
    for (let left = readCount(r, true, 3); left > 0; left--) {
      protocols.push({ name: readString(r, true), metadata: readBytes(r, true).slice() });
      skipTags(r);
    }
    classic = { sessionTimeoutMs, protocols, joinDeadline: undefined, syncDeadline: undefined };
  });
  return classic;
}

function readMember(value: Uint8Array) {
  const r = readerOf(value);
  return {
    instanceId: readNullableString(r, true),
    rackId: readNullableString(r, true),
    clientId: readString(r, true),
    clientHost: readString(r, true),
    topics: readStringList(r, true),
    regex: readNullableString(r, true),
    rebalanceTimeoutMs: r.int32(),
    assignor: readNullableString(r, true),
    classic: readClassic(r),
  };
}

function targetValue(partitions: Partitions): Uint8Array {
  return valueOf((w) => writePartitions(w, partitions));
}

function readTarget(value: Uint8Array): Partitions {
  return readPartitions(readerOf(value));
}

function currentValue({ epoch, previousEpoch, phase, assigned, since, revoking }: ConsumerMember): Uint8Array {
  return valueOf((w) => {
    w.int32(epoch);
    w.int32(previousEpoch);
    w.int8(PHASES.indexOf(phase));
    writePartitions(w, assigned, since);
    writePartitions(w, revoking, since);
  });
}

function readCurrent(value: Uint8Array): Pick<ConsumerMember, "epoch" | "previousEpoch" | "phase" | "assigned" | "since" | "revoking"> {
  const r = readerOf(value);
  const epoch = r.int32();
  const previousEpoch = r.int32();
  const phase = PHASES[r.int8()] ?? "stable";
  const since = new Map<string, number>();
  const assigned = readPartitions(r, since, epoch);
  return { epoch, previousEpoch, phase, assigned, since, revoking: readPartitions(r, since, epoch) };
}

/** By topic id, partitions ascending. */
export function byTopic(partitions: Partitions): Map<string, number[]> {
  const topics = new Map<string, number[]>();
  for (const key of partitions) {
    const { topicId, partition } = partitionOf(key);
    const list = topics.get(topicId);
    if (list === undefined) topics.set(topicId, [partition]);
    else list.push(partition);
  }
  for (const list of topics.values()) list.sort((a, b) => a - b);
  return topics;
}

/** `since`: the epoch of each partition, kept in a tagged field beside them. */
function writePartitions(w: ByteWriter, partitions: Partitions, since?: ReadonlyMap<string, number>): void {
  const topics = byTopic(partitions);
  writeCount(w, topics.size, true);
  for (const [topicId, list] of topics) {
    writeUuid(w, topicId);
    writeInt32List(w, list, true);
    if (since === undefined) {
      writeNoTags(w);
      continue;
    }
    const content = new ByteWriter(64);
    writeInt32List(content, list.map((partition) => since.get(`${topicId}:${partition}`) ?? 0), true); // prettier-ignore
    w.unsignedVarint(1);
    writeTag(w, ASSIGNMENT_EPOCHS_TAG, content);
  }
}

/** Fills `since`, with `epoch` where the record says nothing. */
function readPartitions(r: ByteReader, since?: Map<string, number>, epoch = 0): Partitions {
  const partitions = new Set<string>();
  for (let left = readCount(r, true, 18); left > 0; left--) {
    const topicId = readUuid(r);
    const list = readInt32List(r, true);
    let epochs: readonly number[] = [];
    readTags(r, ASSIGNMENT_EPOCHS_TAG, () => (epochs = readInt32List(r, true)));
    list.forEach((partition, i) => {
      partitions.add(`${topicId}:${partition}`);
      since?.set(`${topicId}:${partition}`, epochs[i] ?? epoch);
    });
  }
  return partitions;
}

function readTags(r: ByteReader, wanted: number, read: () => void): void {
  for (let tags = r.unsignedVarint(); tags > 0; tags--) {
    const tag = r.unsignedVarint();
    const end = readTagEnd(r);
    if (tag === wanted) read();
    r.at = end;
  }
}
