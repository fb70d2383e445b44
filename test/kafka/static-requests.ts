// Random requests about a classic group whose only member has an instance id (KIP-345): it comes again with and without its member id, others
// speak in its name, and it leaves by either of its names.
import fc from "fast-check";
import { newDescribeGroupsRequest } from "../../src/protocol/generated/describe-groups.gen.ts";
import { newHeartbeatRequest } from "../../src/protocol/generated/heartbeat.gen.ts";
import { newJoinGroupRequest } from "../../src/protocol/generated/join-group.gen.ts";
import { newLeaveGroupRequest, newMemberIdentity } from "../../src/protocol/generated/leave-group.gen.ts";
import {
  newOffsetCommitRequest,
  newOffsetCommitRequestPartition,
  newOffsetCommitRequestTopic,
} from "../../src/protocol/generated/offset-commit.gen.ts";
import { newSyncGroupRequest, newSyncGroupRequestAssignment } from "../../src/protocol/generated/sync-group.gen.ts";
import { protocols } from "./group-requests.ts";
import { NO_ID, step, type Learnt } from "./requests.ts";

const GROUP = "s";
const INSTANCE = "i";
/** Instance ids come with these versions. */
const JOIN_FROM = 5;
const SYNC_FROM = 3;
const BEAT_FROM = 3;
const COMMIT_FROM = 7;

const memberIds = fc.constantFrom("mine", "mine", "mine", "", "stranger");
const instances = fc.constantFrom(INSTANCE, INSTANCE, INSTANCE, null, "other");
const generation = fc.constantFrom(0, 0, 0, 0, 1, -1);
const idOf = (learnt: Learnt, who: string): string => (who === "mine" ? learnt.memberId : who);

const join = fc
  .record({
    who: fc.constantFrom("mine", "mine", "mine", "", "", "stranger"),
    protocol: fc.constantFrom("range", "range", "range", "other"),
    protocolType: fc.constantFrom("consumer", "consumer", "consumer", "connect", ""),
    topics: fc.constantFrom(["t"], ["t"], ["t", "u"]),
    sessionTimeoutMs: fc.constantFrom(30_000, 30_000, 30_000, 5, 100_000_000),
    version: fc.integer({ min: JOIN_FROM, max: 9 }),
  })
  .map(({ who, protocol, protocolType, topics, sessionTimeoutMs, version }) =>
    step<"JoinGroup">({
      name: `join as "${who}" with ${protocol} of ${protocolType}, topics ${topics.join()}, session ${sessionTimeoutMs} v${version}`,
      api: "JoinGroup",
      version,
      request: (learnt) =>
        newJoinGroupRequest({
          groupId: learnt.prefix + GROUP,
          sessionTimeoutMs,
          rebalanceTimeoutMs: 30_000,
          memberId: idOf(learnt, who),
          groupInstanceId: INSTANCE,
          protocolType,
          protocols: protocols(
            protocol,
            topics.map((name) => learnt.prefix + name),
            1,
          ),
        }),
      learn: (response, learnt) => {
        if (response.errorCode !== 0) return;
        learnt.memberId = response.memberId;
        learnt.generation = response.generationId;
      },
    }),
  );

const sync = fc
  .tuple(memberIds, instances, generation, fc.boolean(), fc.integer({ min: SYNC_FROM, max: 5 }))
  .map(([who, groupInstanceId, ahead, leads, version]) =>
    step<"SyncGroup">({
      name: `sync as "${who}", instance ${groupInstanceId}, generation +${ahead} v${version}`,
      api: "SyncGroup",
      version,
      request: (learnt) => {
        const memberId = idOf(learnt, who);
        return newSyncGroupRequest({
          groupId: learnt.prefix + GROUP,
          generationId: learnt.generation + ahead,
          memberId,
          groupInstanceId,
          ...(version >= 5 ? { protocolType: "consumer", protocolName: "range" } : {}),
          assignments: leads ? [newSyncGroupRequestAssignment({ memberId: learnt.memberId, assignment: new Uint8Array([1, 2, 3]) })] : [],
        });
      },
    }),
  );

const heartbeat = fc
  .tuple(memberIds, instances, generation, fc.integer({ min: BEAT_FROM, max: 4 }))
  .map(([who, groupInstanceId, ahead, version]) =>
    step<"Heartbeat">({
      name: `beat as "${who}", instance ${groupInstanceId}, generation +${ahead} v${version}`,
      api: "Heartbeat",
      version,
      request: (learnt) =>
        newHeartbeatRequest({
          groupId: learnt.prefix + GROUP,
          generationId: learnt.generation + ahead,
          memberId: idOf(learnt, who),
          groupInstanceId,
        }),
    }),
  );

const commit = fc
  .tuple(memberIds, instances, generation, fc.constantFrom(1, 4096, 4097), fc.integer({ min: COMMIT_FROM, max: 10 }))
  .map(([who, groupInstanceId, ahead, size, version]) =>
    step<"OffsetCommit">({
      name: `commit as "${who}", instance ${groupInstanceId}, generation +${ahead}, metadata of ${size} v${version}`,
      api: "OffsetCommit",
      version,
      request: (learnt) => {
        const partitions = [0, 7].map((partitionIndex) =>
          newOffsetCommitRequestPartition({ partitionIndex, committedOffset: 3, committedMetadata: "x".repeat(size) }),
        );
        const called = version >= 10 ? { topicId: learnt.topicIds.get("t")! } : { name: `${learnt.prefix}t`, topicId: NO_ID };
        return newOffsetCommitRequest({
          groupId: learnt.prefix + GROUP,
          generationIdOrMemberEpoch: learnt.generation + ahead,
          memberId: idOf(learnt, who),
          groupInstanceId,
          topics: [newOffsetCommitRequestTopic({ ...called, partitions })],
        });
      },
      settles: "groups",
    }),
  );

const leave = fc
  .tuple(fc.array(fc.tuple(memberIds, instances), { minLength: 1, maxLength: 2 }), fc.integer({ min: 3, max: 5 }))
  .map(([leavers, version]) =>
    step<"LeaveGroup">({
      name: `leave ${leavers.map(([who, instance]) => `"${who}"/${instance}`).join()} v${version}`,
      api: "LeaveGroup",
      version,
      request: (learnt) =>
        newLeaveGroupRequest({
          groupId: learnt.prefix + GROUP,
          members: leavers.map(([who, groupInstanceId]) => newMemberIdentity({ memberId: idOf(learnt, who), groupInstanceId })),
        }),
      settles: "groups",
    }),
  );

const describe = fc.integer({ min: 4, max: 6 }).map((version) =>
  step<"DescribeGroups">({
    name: `describe the group v${version}`,
    api: "DescribeGroups",
    version,
    request: ({ prefix }) => newDescribeGroupsRequest({ groups: [prefix + GROUP] }),
  }),
);

export const staticSteps = fc.oneof(join, join, join, sync, sync, heartbeat, commit, leave, describe);
