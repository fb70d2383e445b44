// Random rounds of a classic group of up to three members: they join at the same time, each over a connection of its own, are assigned what
// the leader says, beat, commit, leave or stay away. Which of them leads is each broker's choice: members are named by what they are, and
// answers of a round are compared as a set.
import fc from "fast-check";
import type { Wire } from "../../src/broker/e2e/wire.ts";
import { newDescribeGroupsRequest } from "../../src/protocol/generated/describe-groups.gen.ts";
import { newHeartbeatRequest } from "../../src/protocol/generated/heartbeat.gen.ts";
import { newJoinGroupRequest, type JoinGroupResponse } from "../../src/protocol/generated/join-group.gen.ts";
import { newLeaveGroupRequest, newMemberIdentity } from "../../src/protocol/generated/leave-group.gen.ts";
import {
  newOffsetCommitRequest,
  newOffsetCommitRequestPartition,
  newOffsetCommitRequestTopic,
} from "../../src/protocol/generated/offset-commit.gen.ts";
import { newSyncGroupRequest, newSyncGroupRequestAssignment } from "../../src/protocol/generated/sync-group.gen.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { recordOfGroups } from "./answers.ts";
import { protocols } from "./group-requests.ts";
import type { Play, Stage } from "./requests.ts";

const GROUP = "z";
/** Longer than any of these brokers takes for its answers: who is missed for so long is not there. */
const REBALANCE_MS = 2_000;
const AGAIN_MS = 10;
const MAX_TRIES = 500;

interface Member {
  readonly connection: string;
  readonly id: string;
  readonly leads: boolean;
}
interface Group {
  members: Member[];
  generation: number;
  protocol: string;
  made: number;
  /** Of members that left or were missed. */
  gone: string;
}
const groups = new WeakMap<object, Group>();
function groupOf({ learnt }: Stage): Group {
  if (!groups.has(learnt)) groups.set(learnt, { members: [], generation: -1, protocol: "", made: 0, gone: "nobody" });
  return groups.get(learnt)!;
}

interface JoinOptions {
  readonly offered: readonly string[];
  readonly topics: readonly string[];
  readonly version: number;
}

function join(stage: Stage, wire: Wire, memberId: string, { offered, topics, version }: JoinOptions): Promise<JoinGroupResponse> {
  const names = topics.map((name) => stage.learnt.prefix + name);
  return wire.call(
    "JoinGroup",
    version,
    newJoinGroupRequest({
      groupId: stage.learnt.prefix + GROUP,
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: REBALANCE_MS,
      memberId,
      protocolType: "consumer",
      protocols: offered.flatMap((name) => protocols(name, names, 1)),
    }),
  );
}

/** A member that nobody knows is given its id first; whoever refuses it does that here. */
async function introduce(stage: Stage, options: JoinOptions): Promise<Member | number> {
  const connection = `member ${groupOf(stage).made++}`;
  const { errorCode, memberId } = await join(stage, await stage.connection(connection), "", options);
  return errorCode === ErrorCode.MEMBER_ID_REQUIRED ? { connection, id: memberId, leads: false } : errorCode;
}

/** Everybody's last answer of the round. A follower may be told of the generation before, if it asks early: then it asks again, as a client that beats. */
async function joinTogether(stage: Stage, members: readonly Member[], options: JoinOptions): Promise<JoinGroupResponse[]> {
  const before = groupOf(stage).generation;
  let outstanding = members.length;
  return Promise.all(
    members.map(async ({ connection, id }) => {
      const wire = await stage.connection(connection);
      for (let tries = 0; ; tries++) {
        const answer = await join(stage, wire, id, options);
        outstanding--;
        if (answer.errorCode !== 0 || answer.generationId !== before || outstanding === 0 || tries >= MAX_TRIES) return answer;
        await stage.sleep(AGAIN_MS);
        if (outstanding === 0) return answer;
        outstanding++;
      }
    }),
  );
}

const told = (answers: readonly object[]): object[] => answers.map((answer) => ({ ...answer }));

const rejoin = fc
  .record({
    newcomers: fc.constantFrom(0, 0, 0, 1, 1, 2),
    missing: fc.constantFrom("nobody", "nobody", "nobody", "nobody", "nobody", "nobody", "nobody", "nobody", "nobody", "the leader", "a follower"), // prettier-ignore
    offered: fc.constantFrom(["range"], ["range"], ["range", "roundrobin"], ["roundrobin", "range"], ["roundrobin"]),
    topics: fc.constantFrom(["t"], ["t"], ["t", "u"], ["missing"]),
    version: fc.integer({ min: 4, max: 9 }),
  })
  .map(({ newcomers, missing, ...options }): Play => ({
    name: `${newcomers} come, ${missing} is missing: ${options.offered.join()} of ${options.topics.join()} v${options.version}`,
    play: async (stage) => {
      const group = groupOf(stage);
      const refusals: number[] = [];
      const come: Member[] = [];
      // A group of nobody is made by one: who comes first is not the brokers' choice.
      const room = group.members.length === 0 ? 1 : Math.min(newcomers, 3 - group.members.length);
      for (let i = 0; i < room; i++) {
        const one = await introduce(stage, options);
        if (typeof one === "number") refusals.push(one);
        else come.push(one);
      }
      const away = group.members.find(({ leads }) => (missing === "the leader" ? leads : missing === "a follower" && !leads));
      const all = [...group.members.filter((member) => member !== away), ...come];
      if (all.length === 0) return { refusals };
      const answers = await joinTogether(stage, all, options);
      const newest = Math.max(...answers.map(({ generationId }) => generationId));
      if (away !== undefined && newest > group.generation) group.gone = away.id;
      const stays = away !== undefined && newest <= group.generation ? [away] : [];
      const joined = all.flatMap((member, i) => {
        const { errorCode, leader, generationId } = answers[i]!;
        return errorCode === 0 && generationId === newest ? [{ ...member, leads: leader === member.id }] : [];
      });
      group.members = [...joined, ...stays];
      if (newest >= 0) group.generation = newest;
      group.protocol = answers.find(({ protocolName }) => protocolName)?.protocolName ?? group.protocol;
      return { refusals, answers: told(answers), leaders: joined.filter(({ leads }) => leads).length };
    },
  }));

/** All at once: without the leader, the others would wait for it. */
const sync = fc.tuple(fc.constantFrom(0, 0, 0, 0, 1), fc.constantFrom(3, 4, 5), fc.boolean()).map(([ahead, version, forAll]): Play => ({
  name: `sync generation +${ahead} v${version}, ${forAll ? "all" : "one"} assigned`,
  play: async (stage) => {
    const { members, generation, protocol } = groupOf(stage);
    const assigned = forAll ? members : members.slice(0, 1);
    const assignments = assigned.map(({ id }) => newSyncGroupRequestAssignment({ memberId: id, assignment: new Uint8Array([1, 2, 3]) }));
    const answers = await Promise.all(
      members.map(async ({ connection, id, leads }) => {
        const wire = await stage.connection(connection);
        const request = newSyncGroupRequest({
          groupId: stage.learnt.prefix + GROUP,
          generationId: generation + ahead,
          memberId: id,
          ...(version >= 5 ? { protocolType: "consumer", protocolName: protocol } : {}),
          assignments: leads ? assignments : [],
        });
        return wire.call("SyncGroup", version, request);
      }),
    );
    return { answers: told(answers) };
  },
}));

type Role = "the leader" | "a follower" | "one that is gone" | "a stranger";
const role = fc.constantFrom<Role>("the leader", "the leader", "a follower", "a follower", "one that is gone", "a stranger");

function memberOf({ members, gone }: Group, who: Role): string | undefined {
  if (who === "one that is gone") return gone;
  if (who === "a stranger") return "stranger";
  return members.find(({ leads }) => leads === (who === "the leader"))?.id;
}

const beat = fc.tuple(role, fc.constantFrom(0, 0, 0, 1, -1), fc.integer({ min: 0, max: 4 })).map(([who, ahead, version]): Play => ({
  name: `${who} beats, generation +${ahead} v${version}`,
  play: async (stage) => {
    const group = groupOf(stage);
    const memberId = memberOf(group, who);
    if (memberId === undefined) return {};
    const request = newHeartbeatRequest({ groupId: stage.learnt.prefix + GROUP, generationId: group.generation + ahead, memberId });
    return stage.wire.call("Heartbeat", version, request);
  },
}));

const commit = fc.tuple(role, fc.constantFrom(0, 0, 0, 1, -1), fc.integer({ min: 2, max: 9 })).map(([who, ahead, version]): Play => ({
  name: `${who} commits, generation +${ahead} v${version}`,
  play: async (stage) => {
    const group = groupOf(stage);
    const memberId = memberOf(group, who);
    if (memberId === undefined) return {};
    const partitions = [newOffsetCommitRequestPartition({ partitionIndex: 0, committedOffset: 3 })];
    const topics = [newOffsetCommitRequestTopic({ name: `${stage.learnt.prefix}t`, partitions })];
    const generationIdOrMemberEpoch = group.generation + ahead;
    const request = newOffsetCommitRequest({ groupId: stage.learnt.prefix + GROUP, generationIdOrMemberEpoch, memberId, topics });
    return stage.wire.call("OffsetCommit", version, request);
  },
}));

const leave = fc
  .tuple(fc.uniqueArray(role, { minLength: 1, maxLength: 2 }), fc.integer({ min: 3, max: 5 }))
  .map(([roles, version]): Play => ({
    name: `${roles.join(" and ")} leaves v${version}`,
    play: async (stage) => {
      const group = groupOf(stage);
      const ids = roles.map((who) => memberOf(group, who)).filter((id) => id !== undefined);
      if (ids.length === 0) return {};
      const members = ids.map((memberId) => newMemberIdentity({ memberId }));
      const answer = await stage.wire.call("LeaveGroup", version, newLeaveGroupRequest({ groupId: stage.learnt.prefix + GROUP, members })); // prettier-ignore
      for (const { id } of group.members) if (ids.includes(id)) group.gone = id;
      group.members = group.members.filter(({ id }) => !ids.includes(id));
      return answer;
    },
  }));

const describe = fc.integer({ min: 0, max: 6 }).map((version): Play => ({
  name: `describe the group v${version}`,
  play: async (stage) => {
    await recordOfGroups(stage.wire, stage.learnt.prefix);
    return stage.wire.call("DescribeGroups", version, newDescribeGroupsRequest({ groups: [stage.learnt.prefix + GROUP] }));
  },
}));

export const roundPlays: fc.Arbitrary<Play> = fc.oneof(
  { weight: 6, arbitrary: rejoin },
  { weight: 4, arbitrary: sync },
  { weight: 3, arbitrary: beat },
  { weight: 2, arbitrary: commit },
  { weight: 2, arbitrary: leave },
  { weight: 2, arbitrary: describe },
);
