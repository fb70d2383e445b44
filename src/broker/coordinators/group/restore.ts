// From the records of __consumer_offsets back to groups and offsets. Members come back as they were, with a fresh session each:
// whoever is still there goes on as if nothing had happened, the others expire.
import { partitionKey } from "../../topics.ts";
import type { Replay } from "../internal-topic.ts";
import type { OffsetStore } from "./offset-store.ts";
import { readGroupValue, readOffsetValue, readRecordKey, type GroupSnapshot } from "./records.ts";
import { newGroup, type GroupState, type Member } from "./state.ts";
import { subscribedTopics } from "./subscription.ts";

/** `others` is offered every record that is neither an offset nor a classic group. */
export function replayInto(
  offsets: OffsetStore,
  groups: Map<string, GroupState>,
  now: number,
  others: (key: Uint8Array, value: Uint8Array | null) => void,
): Replay {
  return {
    record(keyBytes, value, producerId, at) {
      const key = readRecordKey(keyBytes);
      if (key === undefined) return others(keyBytes, value);
      if (key.kind === "group") {
        if (value === null) groups.delete(key.group);
        else groups.set(key.group, restoreGroup(key.group, readGroupValue(value), now));
        return;
      }
      const partition = partitionKey(key.topic, key.partition);
      if (value === null) {
        offsets.remove(key.group, partition);
        offsets.removeIfEmpty(key.group);
      } else if (producerId === undefined) offsets.put(key.group, partition, readOffsetValue(value), at);
      else offsets.putPending(producerId, key.group, partition, readOffsetValue(value), at);
    },
    marker(producerId, commit) {
      offsets.complete(producerId, commit);
    },
  };
}

export function restoreGroup(groupId: string, snapshot: GroupSnapshot, now: number): GroupState {
  const members = new Map<string, Member>();
  for (const { subscription, ...member } of snapshot.members) {
    members.set(member.memberId, {
      ...member,
      protocols: [{ name: snapshot.protocol ?? "", metadata: subscription }],
      isNew: false,
      awaitingJoin: undefined,
      awaitingSync: undefined,
      deadline: now + member.sessionTimeoutMs,
    });
  }
  const phase = members.size === 0 ? "Empty" : "Stable";
  const protocolType = snapshot.protocolType === "" ? null : snapshot.protocolType;
  return {
    ...newGroup(groupId, snapshot.since >= 0 ? snapshot.since : now),
    phase,
    previousPhase: phase,
    generation: snapshot.generation,
    protocolType,
    protocol: snapshot.protocol,
    subscribed: subscribedTopics({ protocolType, protocol: snapshot.protocol, members }),
    leader: snapshot.leader,
    members,
  };
}
