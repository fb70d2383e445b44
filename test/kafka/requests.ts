// Random requests for a comparison of two brokers: each is a function of what the run has learnt so far (ids the broker gave out), so
// that both brokers get the same request in their own ids.
import fc from "fast-check";
import type { Wire } from "../../src/broker/e2e/wire.ts";
import type { ApiName, RequestOf, ResponseOf } from "../../src/protocol/apis.ts";
import { newConsumerGroupHeartbeatRequest } from "../../src/protocol/generated/consumer-group-heartbeat.gen.ts";
import { newDescribeProducersRequest } from "../../src/protocol/generated/describe-producers.gen.ts";
import { newDescribeTopicPartitionsRequest } from "../../src/protocol/generated/describe-topic-partitions.gen.ts";
import { newElectLeadersRequest } from "../../src/protocol/generated/elect-leaders.gen.ts";
import { newFetchPartition, newFetchRequest, newFetchTopic } from "../../src/protocol/generated/fetch.gen.ts";
import { newListOffsetsPartition, newListOffsetsRequest, newListOffsetsTopic } from "../../src/protocol/generated/list-offsets.gen.ts";
import {
  newOffsetCommitRequest,
  newOffsetCommitRequestPartition,
  newOffsetCommitRequestTopic,
} from "../../src/protocol/generated/offset-commit.gen.ts";
import { newOffsetFetchRequest } from "../../src/protocol/generated/offset-fetch.gen.ts";
import { newPartitionProduceData, newProduceRequest, newTopicProduceData } from "../../src/protocol/generated/produce.gen.ts";
import { BatchWriter } from "../../src/protocol/records/batch-writer.ts";

/** What one broker told in this run. */
export interface Learnt {
  readonly prefix: string;
  /** By the topic's name without the prefix. */
  readonly topicIds: Map<string, string>;
  sessionId: number;
  sessionEpoch: number;
  memberEpoch: number;
  /** Of the member of the consumer protocol in the classic group. */
  modernEpoch: number;
  modernOwned: { topicId: string; partitions: number[] }[];
  /** Of the group of the consumer protocol with several members, by name. */
  readonly members: Map<string, { readonly epoch: number; readonly owned: readonly { topicId: string; partitions: number[] }[] }>;
  /** Of those members, as they joined. */
  readonly instanceIds: Map<string, string | null>;
  /** Of the classic group's only member. */
  memberId: string;
  generation: number;
  producerId: number;
  producerEpoch: number;
  /** The directory of the broker's log. */
  logDir: string;
  /** Records were deleted below an offset. */
  trimmed: boolean;
  /** The next one of the producer, by partition. */
  readonly sequences: Map<string, number>;
}

export const newLearnt = (prefix: string): Learnt => ({
  prefix,
  topicIds: new Map(),
  sessionId: 0,
  sessionEpoch: 1,
  memberEpoch: 0,
  modernEpoch: 0,
  modernOwned: [],
  members: new Map(),
  instanceIds: new Map(),
  memberId: "",
  generation: -1,
  producerId: -1,
  producerEpoch: -1,
  logDir: "",
  trimmed: false,
  sequences: new Map(),
});

export interface Step<N extends ApiName = ApiName> {
  readonly name: string;
  readonly api: N;
  readonly version: number;
  request(learnt: Learnt): RequestOf<N>;
  learn?(response: ResponseOf<N>, learnt: Learnt): void;
  /**
   * What the request starts goes on after its answer; the next one waits for its end: of the transaction, in the topics, or
   * in what Apache Kafka tells of its groups (a group that no record says of is there for a description after the next record only).
   */
  readonly settles?: "transaction" | "topics" | "groups";
  /** What of the answer is compared; all of it without this. */
  told?(response: ResponseOf<N>, learnt: Learnt): object;
  /** Of the entries of the answer's lists: which are this sequence's (others run beside). */
  ours?(entry: never, learnt: Learnt): boolean;
}

/** One broker, as a Play sees it. */
export interface Stage {
  readonly learnt: Learnt;
  readonly wire: Wire;
  /** A connection of its own for each name: what is asked there waits for nobody. */
  connection(name: string): Promise<Wire>;
  sleep(ms: number): Promise<void>;
}

/** Several requests at once, or until something has come: what it makes of the answers is compared. */
export interface Play {
  readonly name: string;
  play(stage: Stage): Promise<object>;
}

export type Scene = Step | Play;

/** Of the consumer protocol. */
const MEMBER_ID = "AAAAAAAAAAAAAAAAAAAAAQ";
const TIME = 1_700_000_000_000;
/** The record with the largest timestamp. */
const LARGEST = -3;
export const topic = fc.constantFrom("t", "t", "t", "u", "missing");
export const partition = fc.constantFrom(0, 0, 1, 7);
const offset = fc.integer({ min: -1, max: 8 });

export const UNKNOWN_ID = "BBBBBBBBBBBBBBBBBBBBBA";
export const NO_ID = "AAAAAAAAAAAAAAAAAAAAAA";

/** By the topic's name. */
export function byTopic<P>(of: readonly (readonly [string, number])[], made: (index: number) => P): Map<string, P[]> {
  const topics = new Map<string, P[]>();
  for (const [name, index] of of) topics.set(name, [...(topics.get(name) ?? []), made(index)]);
  return topics;
}

export const step = <N extends ApiName>(definition: Step<N>): Step => definition as unknown as Step;

export function batch(records: number, broken: boolean, options: Parameters<BatchWriter["finish"]>[0] = {}): Uint8Array {
  const writer = new BatchWriter();
  for (let i = 0; i < records; i++) writer.append(TIME + i, null, new TextEncoder().encode(`value ${i}`));
  const bytes = writer.finish(options).slice();
  if (broken) bytes[bytes.length - 1]! ^= 1;
  return bytes;
}

const produce = fc
  .tuple(topic, partition, fc.integer({ min: 1, max: 3 }), fc.nat(5), fc.integer({ min: 3, max: 12 }))
  .map(([name, index, records, luck, version]) =>
    step<"Produce">({
      name: `produce ${records} to ${name}-${index}${luck === 0 ? ", broken" : ""}`,
      api: "Produce",
      version,
      request: ({ prefix }) => {
        const partitionData = [newPartitionProduceData({ index, records: batch(records, luck === 0) })];
        return newProduceRequest({ acks: -1, timeoutMs: 5000, topicData: [newTopicProduceData({ name: prefix + name, partitionData })] });
      },
    }),
  );

const fetch = fc
  .tuple(topic, partition, offset, fc.boolean(), fc.integer({ min: 4, max: 12 }))
  .map(([name, index, fetchOffset, committed, version]) =>
    step<"Fetch">({
      name: `fetch ${name}-${index} from ${fetchOffset} v${version}`,
      api: "Fetch",
      version,
      request: ({ prefix }) => {
        const partitions = [newFetchPartition({ partition: index, fetchOffset, partitionMaxBytes: 10_000 })];
        const topics = [newFetchTopic({ topic: prefix + name, partitions })];
        return newFetchRequest({ maxWaitMs: 0, minBytes: 1, maxBytes: 10_000, isolationLevel: committed ? 1 : 0, topics });
      },
    }),
  );

const session = fc.tuple(fc.constantFrom("open", "go on", "go on", "go on", "skip"), partition).map(([what, index]) =>
  step<"Fetch">({
    name: `session: ${what} ${index}`,
    api: "Fetch",
    version: 12,
    request: ({ prefix, sessionId, sessionEpoch }) => {
      const opens = what === "open";
      const partitions = [0, 1].map((number) =>
        newFetchPartition({ partition: number, fetchOffset: index === 7 ? 1 : 0, partitionMaxBytes: 10_000 }),
      );
      const topics = opens || index === 1 ? [newFetchTopic({ topic: `${prefix}t`, partitions })] : [];
      const epoch = opens ? 0 : sessionEpoch + (what === "skip" ? 2 : 0);
      return newFetchRequest({
        maxWaitMs: 0,
        minBytes: 1,
        maxBytes: 10_000,
        sessionId: opens ? 0 : sessionId,
        sessionEpoch: epoch,
        topics,
      });
    },
    learn: (response, learnt) => {
      if (response.errorCode !== 0) return;
      learnt.sessionEpoch = response.sessionId === learnt.sessionId ? learnt.sessionEpoch + 1 : 1;
      learnt.sessionId = response.sessionId;
    },
  }),
);

const listOffsets = fc
  .tuple(
    topic,
    partition,
    fc.constantFrom(-8, -7, -6, -5, -4, -3, -2, -2, -1, -1, 0, TIME, TIME + 1, TIME + 9),
    fc.integer({ min: 1, max: 11 }),
    fc.nat(9),
    fc.constantFrom(-1, -1, -1, 0, 5),
  )
  .map(([name, index, timestamp, version, twice, epoch]) =>
    step<"ListOffsets">({
      name: `offset of ${timestamp} in ${name}-${index} v${version}, epoch ${epoch}${twice === 0 ? ", twice" : ""}`,
      api: "ListOffsets",
      version,
      request: ({ prefix }) => {
        const currentLeaderEpoch = version >= 4 ? epoch : -1;
        const partitions = [newListOffsetsPartition({ partitionIndex: index, timestamp, currentLeaderEpoch })];
        if (twice === 0) partitions.push(partitions[0]!);
        const isolationLevel = version >= 2 && index === 1 ? 1 : 0;
        return newListOffsetsRequest({ replicaId: -1, isolationLevel, topics: [newListOffsetsTopic({ name: prefix + name, partitions })] });
      },
      // Markers have the broker's time, and two of them may have the same: which is told then is luck.
      told: (response, { producerId }) => (timestamp === LARGEST && producerId >= 0 ? {} : response),
    }),
  );

const commit = fc
  .tuple(
    topic,
    partition,
    offset,
    fc.constantFrom("g", "h", ""),
    fc.integer({ min: 2, max: 9 }),
    fc.constantFrom("m", "m", null, "", "x".repeat(5000)),
  )
  .map(([name, partitionIndex, committedOffset, group, version, committedMetadata]) =>
    step<"OffsetCommit">({
      name: `commit ${name}-${partitionIndex} of "${group}" v${version}, metadata ${committedMetadata?.slice(0, 2)}`,
      api: "OffsetCommit",
      version,
      request: ({ prefix }) => {
        const partitions = [newOffsetCommitRequestPartition({ partitionIndex, committedOffset, committedMetadata })];
        const topics = [newOffsetCommitRequestTopic({ name: prefix + name, partitions })];
        return newOffsetCommitRequest({ groupId: group === "" ? "" : prefix + group, generationIdOrMemberEpoch: -1, topics });
      },
      settles: "groups",
    }),
  );

/** By the member of the consumer protocol, rightly and wrongly; older versions are not for it. */
const memberCommit = fc.tuple(fc.constantFrom(0, 0, 7), fc.constantFrom(2, 5, 8, 9)).map(([ahead, version]) =>
  step<"OffsetCommit">({
    name: `consumer: commit v${version}, epoch +${ahead}`,
    api: "OffsetCommit",
    version,
    request: ({ prefix, memberEpoch }) => {
      const partitions = [newOffsetCommitRequestPartition({ partitionIndex: 0, committedOffset: 1 })];
      const topics = [newOffsetCommitRequestTopic({ name: `${prefix}t`, partitions })];
      const generationIdOrMemberEpoch = Math.max(1, memberEpoch) + ahead;
      return newOffsetCommitRequest({ groupId: `${prefix}c`, memberId: MEMBER_ID, generationIdOrMemberEpoch, topics });
    },
  }),
);

const memberFetch = fc.tuple(fc.constantFrom(MEMBER_ID, "stranger", ""), fc.constantFrom(0, 7, -99)).map(([memberId, ahead]) =>
  step<"OffsetFetch">({
    name: `consumer: offsets for "${memberId}", epoch +${ahead}`,
    api: "OffsetFetch",
    version: 9,
    request: ({ prefix, memberEpoch: present }) => {
      const memberEpoch = Math.max(-1, present + ahead);
      const topics = [{ name: `${prefix}t`, topicId: "", partitionIndexes: [0] }];
      return newOffsetFetchRequest({ groups: [{ groupId: `${prefix}c`, memberId, memberEpoch, topics }] });
    },
  }),
);

const committed = fc
  .tuple(fc.constantFrom("g", "h", "nobody", ""), fc.constantFrom("all", "t", "missing"), fc.integer({ min: 1, max: 9 }))
  .map(([group, of, version]) =>
    step<"OffsetFetch">({
      name: `offsets of "${group}" in ${of} v${version}`,
      api: "OffsetFetch",
      version,
      request: ({ prefix }) => {
        const groupId = group === "" ? "" : prefix + group;
        const all = of === "all" && version >= 2 && group !== ""; // the group of that name is everybody's
        const topics = all ? null : [{ name: prefix + of, topicId: "", partitionIndexes: [0, 1, 7] }];
        if (version < 8) return newOffsetFetchRequest({ groupId, topics });
        return newOffsetFetchRequest({ groups: [{ groupId, memberId: null, memberEpoch: -1, topics }] });
      },
    }),
  );

const consumer = fc.constantFrom("join", "beat", "beat", "leave", "future").map((what) =>
  step<"ConsumerGroupHeartbeat">({
    name: `consumer: ${what}`,
    api: "ConsumerGroupHeartbeat",
    version: 1,
    request: ({ prefix, memberEpoch }) => {
      const memberId = MEMBER_ID;
      const joins = { rebalanceTimeoutMs: 10_000, subscribedTopicNames: [`${prefix}t`], topicPartitions: [], memberEpoch: 0 };
      const epochs = { beat: Math.max(1, memberEpoch), leave: -1, future: memberEpoch + 9 };
      return newConsumerGroupHeartbeatRequest({
        groupId: `${prefix}c`,
        memberId,
        ...(what === "join" ? joins : { memberEpoch: epochs[what as "beat"] }),
      });
    },
    learn: (response, learnt) => {
      if (response.errorCode === 0) learnt.memberEpoch = response.memberEpoch;
    },
  }),
);

const questions = fc.tuple(fc.constantFrom("producers", "partitions", "election"), topic).map(([what, name]): Step => {
  if (what === "producers") {
    const request = ({ prefix }: Learnt) => newDescribeProducersRequest({ topics: [{ name: prefix + name, partitionIndexes: [0, 7] }] });
    return step<"DescribeProducers">({ name: `producers of ${name}`, api: "DescribeProducers", version: 0, request });
  }
  if (what === "partitions") {
    const request = ({ prefix }: Learnt) =>
      newDescribeTopicPartitionsRequest({ topics: [{ name: prefix + name }, { name: `${prefix}u` }] });
    return step<"DescribeTopicPartitions">({ name: `partitions of ${name}`, api: "DescribeTopicPartitions", version: 0, request });
  }
  const request = ({ prefix }: Learnt) => newElectLeadersRequest({ topicPartitions: [{ topic: prefix + name, partitions: [0] }] });
  return step<"ElectLeaders">({ name: `election of ${name}`, api: "ElectLeaders", version: 2, request });
});

export const writes = produce;

/** Records, offsets, sessions, groups of the consumer protocol. */
export const plainSteps = fc.oneof(
  produce,
  produce,
  fetch,
  session,
  session,
  listOffsets,
  commit,
  committed,
  consumer,
  memberCommit,
  memberFetch,
  questions,
);
