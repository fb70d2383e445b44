// Random requests that make, enlarge and remove topics: names, numbers, assignments and configs of every wrong kind, several at once and
// twice, by name and by id; and the topics as every version of the descriptions tells them.
import fc from "fast-check";
import {
  newCreatableReplicaAssignment,
  newCreatableTopic,
  newCreatableTopicConfig,
  newCreateTopicsRequest,
} from "../../src/protocol/generated/create-topics.gen.ts";
import {
  newCreatePartitionsAssignment,
  newCreatePartitionsRequest,
  newCreatePartitionsTopic,
} from "../../src/protocol/generated/create-partitions.gen.ts";
import {
  newDeleteRecordsPartition,
  newDeleteRecordsRequest,
  newDeleteRecordsTopic,
} from "../../src/protocol/generated/delete-records.gen.ts";
import { newDeleteTopicsRequest, newDeleteTopicState } from "../../src/protocol/generated/delete-topics.gen.ts";
import { newDescribeTopicPartitionsRequest } from "../../src/protocol/generated/describe-topic-partitions.gen.ts";
import { newListConfigResourcesRequest } from "../../src/protocol/generated/list-config-resources.gen.ts";
import { newMetadataRequest } from "../../src/protocol/generated/metadata.gen.ts";
import { adminParts } from "./admin-requests.ts";
import { ErrorCode } from "../../src/protocol/errors.ts";
import { byTopic, NO_ID, step, UNKNOWN_ID, type Learnt, type Play, type Scene } from "./requests.ts";

/** `=` stands for the sequence's prefix; names without it are the same for every sequence, so they must be refused. */
const NAMES = ["=n", "=n", "=m", "=n.x", "=n_x", "=t", "", ".", "..", "no such?", "=" + "l".repeat(240), "=" + "l".repeat(250), "=ü"];
const AGAIN_MS = 10;
const MAX_TRIES = 500;
const called = (learnt: Learnt, name: string): string => name.replace("=", learnt.prefix);

const ASSIGNMENTS: Readonly<Record<string, readonly (readonly [index: number, replicas: readonly number[]])[]>> = {
  none: [],
  "one replica": [[0, [0]]],
  "two partitions": [
    [0, [0]],
    [1, [0]],
  ],
  "not from 0": [[1, [0]]],
  "with a gap": [
    [0, [0]],
    [2, [0]],
  ],
  "twice the same": [
    [0, [0]],
    [0, [0]],
  ],
  "no replica": [[0, []]],
  "a broker twice": [[0, [0, 0]]],
  "an unknown broker": [[0, [7]]],
  "two brokers": [[0, [0, 7]]],
  "different numbers": [
    [0, [0]],
    [1, [0, 7]],
  ],
  "broker -1": [[0, [-1]]],
};
const CONFIGS: readonly (readonly (readonly [string, string | null])[])[] = [
  [],
  [],
  [["retention.ms", "5"]],
  [["retention.ms", null]],
  [
    ["retention.ms", "5"],
    ["retention.ms", "6"],
  ],
  [["no.such", "1"]],
  [["", "1"]],
  [["cleanup.policy", ""]],
  [["cleanup.policy", "delete,compact"]],
  [["segment.bytes", "1"]],
  [
    ["min.compaction.lag.ms", "9"],
    ["max.compaction.lag.ms", "5"],
  ],
  [["min.insync.replicas", "2"]],
  [["remote.storage.enable", "true"]],
  [["local.retention.ms", "99999999999"]],
];

const newTopic = fc.record({
  name: fc.constantFrom(...NAMES),
  numPartitions: fc.constantFrom(1, 1, 2, -1, -1, 0, -2),
  replicationFactor: fc.constantFrom(1, 1, -1, -1, 0, -2, 2),
  assigned: fc.constantFrom("none", "none", "none", ...Object.keys(ASSIGNMENTS)),
  configs: fc.constantFrom(...CONFIGS),
});

const create = fc
  .tuple(fc.array(newTopic, { minLength: 1, maxLength: 3 }), fc.integer({ min: 2, max: 7 }), fc.nat(4))
  .map(([topics, version, luck]) =>
    step<"CreateTopics">({
      name: `create v${version}${luck === 0 ? ", validate only" : ""}: ${topics.map(({ name, numPartitions, replicationFactor, assigned, configs }) => `${name.slice(0, 20)} ${numPartitions}×${replicationFactor}, ${assigned}, ${JSON.stringify(configs)}`).join("; ")}`,
      api: "CreateTopics",
      version,
      request: (learnt) =>
        newCreateTopicsRequest({
          topics: topics.map(({ name, numPartitions, replicationFactor, assigned, configs }) => {
            const explicit = version < 4 && assigned === "none"; // −1 is for versions from 4
            return newCreatableTopic({
              name: called(learnt, name),
              numPartitions: explicit && numPartitions === -1 ? 1 : numPartitions,
              replicationFactor: explicit && replicationFactor === -1 ? 1 : replicationFactor,
              assignments: ASSIGNMENTS[assigned]!.map(([partitionIndex, brokerIds]) =>
                newCreatableReplicaAssignment({ partitionIndex, brokerIds: [...brokerIds] }),
              ),
              configs: configs.map(([key, value]) => newCreatableTopicConfig({ name: key, value })),
            });
          }),
          timeoutMs: 10_000,
          validateOnly: luck === 0,
        }),
      learn: ({ topics: answers }, learnt) => {
        for (const { name, errorCode, topicId } of answers)
          if (errorCode === 0 && version >= 7 && luck !== 0) learnt.topicIds.set(name.slice(learnt.prefix.length), topicId);
      },
      settles: "topics",
    }),
  );

const GROWN: Readonly<Record<string, readonly (readonly number[])[] | null>> = {
  anywhere: null,
  nowhere: [],
  one: [[0]],
  two: [[0], [0]],
  "an unknown broker": [[7]],
  "a broker twice": [[0, 0]],
  "no broker": [[]],
};
const grow = fc
  .tuple(
    fc.array(
      fc.record({
        name: fc.constantFrom("=n", "=n", "=m", "=missing", "", "no such?"),
        count: fc.constantFrom(1, 2, 2, 3, 4, 0, -1),
        to: fc.constantFrom("anywhere", "anywhere", ...Object.keys(GROWN)),
      }),
      { minLength: 1, maxLength: 2 },
    ),
    fc.nat(4),
    fc.integer({ min: 0, max: 3 }),
  )
  .map(([topics, luck, version]) =>
    step<"CreatePartitions">({
      name: `grow v${version}${luck === 0 ? ", validate only" : ""}: ${topics.map(({ name, count, to }) => `${name} to ${count}, ${to}`).join("; ")}`,
      api: "CreatePartitions",
      version,
      request: (learnt) =>
        newCreatePartitionsRequest({
          topics: topics.map(({ name, count, to }) => {
            const assignments = GROWN[to]?.map((brokerIds) => newCreatePartitionsAssignment({ brokerIds: [...brokerIds] })) ?? null;
            return newCreatePartitionsTopic({ name: called(learnt, name), count, assignments });
          }),
          timeoutMs: 10_000,
          validateOnly: luck === 0,
        }),
      settles: "topics",
    }),
  );

const idOf = (learnt: Learnt, name: string): string => learnt.topicIds.get(name.slice(1)) ?? UNKNOWN_ID;

const remove = fc
  .tuple(
    fc.array(
      fc.tuple(fc.constantFrom("=n", "=n", "=m", "=n.x", "=missing", ""), fc.constantFrom("name", "name", "id", "both", "neither")),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
    fc.integer({ min: 1, max: 6 }),
  )
  .map(([topics, version]) =>
    step<"DeleteTopics">({
      name: `delete v${version}: ${topics.map(([name, by]) => `${name} by ${by}`).join("; ")}`,
      api: "DeleteTopics",
      version,
      request: (learnt) => {
        if (version < 6) return newDeleteTopicsRequest({ topicNames: topics.map(([name]) => called(learnt, name)), timeoutMs: 10_000 });
        const states = topics.map(([name, by]) =>
          newDeleteTopicState({
            name: by === "name" || by === "both" ? called(learnt, name) : null,
            topicId: by === "id" || by === "both" ? idOf(learnt, name) : NO_ID,
          }),
        );
        return newDeleteTopicsRequest({ topics: states, timeoutMs: 10_000 });
      },
      settles: "topics",
    }),
  );

const metadata = fc
  .tuple(
    fc.array(fc.tuple(fc.constantFrom("=n", "=t", "=m", "=missing", "", "no such?", ".."), fc.boolean()), { minLength: 1, maxLength: 3 }),
    fc.boolean(),
    fc.integer({ min: 4, max: 13 }),
  )
  .map(([topics, authorized, version]) =>
    step<"Metadata">({
      name: `metadata v${version} of ${topics.map(([name, byId]) => `${name}${byId ? " by id" : ""}`).join("; ")}`,
      api: "Metadata",
      version,
      request: (learnt) =>
        newMetadataRequest({
          topics: topics.map(([name, byId]) =>
            byId && version >= 12 ? { name: null, topicId: idOf(learnt, name) } : { name: called(learnt, name), topicId: NO_ID },
          ),
          allowAutoTopicCreation: false,
          includeTopicAuthorizedOperations: version >= 8 && authorized,
          includeClusterAuthorizedOperations: version >= 8 && version <= 10 && authorized,
        }),
    }),
  );

/** Behind the answer on Apache Kafka: asked until it is there. */
const created = fc.tuple(fc.uniqueArray(fc.constantFrom("=a", "=b", "=t", "no such?", "", "=ü"), { minLength: 1, maxLength: 3 }), fc.integer({ min: 0, max: 13 })).map(([names, version]): Play => ({
  name: `metadata v${version} of ${names.join()}, which creates them`,
  play: async ({ learnt, wire, sleep }) => {
    const topics = names.map((name) => ({ name: called(learnt, name), topicId: NO_ID }));
    for (let tries = 0; ; tries++) {
      const answer = await wire.call("Metadata", version, newMetadataRequest({ topics, allowAutoTopicCreation: true }));
      const isThere = answer.topics.every(({ errorCode }) => errorCode !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION && errorCode !== ErrorCode.LEADER_NOT_AVAILABLE);
      if (isThere || tries >= MAX_TRIES) return answer;
      await sleep(AGAIN_MS);
    }
  },
})); // prettier-ignore

const pages = fc
  .tuple(
    // Without any name all topics are asked for, those of other sequences, too; on the name "" Apache Kafka fails, for all of the request.
    fc.uniqueArray(fc.constantFrom("=n", "=t", "=u", "=m", "=missing", "no such?"), { minLength: 1, maxLength: 4 }),
    fc.constantFrom(0, 1, 2, 3, 2000, -1),
    fc.constantFrom(null, null, "=n", "=t", "=u", "=zzz", ""),
    fc.constantFrom(0, 1, 2, 9),
  )
  .map(([names, responsePartitionLimit, from, partitionIndex]) =>
    step<"DescribeTopicPartitions">({
      name: `partitions of ${names.join()}, ${responsePartitionLimit} at once, from ${from}-${partitionIndex}`,
      api: "DescribeTopicPartitions",
      version: 0,
      request: (learnt) =>
        newDescribeTopicPartitionsRequest({
          topics: names.map((name) => ({ name: called(learnt, name) })),
          responsePartitionLimit,
          cursor: from === null ? null : { topicName: called(learnt, from), partitionIndex },
        }),
    }),
  );

const trim = fc
  .array(fc.tuple(fc.constantFrom("=n", "=t", "=u", "=missing"), fc.constantFrom(0, 1, 7)), { minLength: 1, maxLength: 3 })
  .chain((places) => fc.constantFrom(-1, 0, 1, 3, -2).map((offset) => ({ places, offset })))
  .map(({ places, offset }) =>
    step<"DeleteRecords">({
      name: `trim ${places.map(([name, index]) => `${name}-${index}`).join()} to ${offset}`,
      api: "DeleteRecords",
      version: 2,
      request: (learnt) => {
        const topics = [...byTopic(places, (partitionIndex) => newDeleteRecordsPartition({ partitionIndex, offset }))];
        return newDeleteRecordsRequest({
          topics: topics.map(([name, partitions]) => newDeleteRecordsTopic({ name: called(learnt, name), partitions })),
          timeoutMs: 10_000,
        });
      },
    }),
  );

const resources = fc.tuple(fc.constantFrom<number[]>([], [2], [32], [16, 2], [4, 8], [0], [99], [2, 2]), fc.constantFrom(0, 1)).map(([types, version]) =>
  step<"ListConfigResources">({
    name: `resources of types ${types.join()} v${version}`,
    api: "ListConfigResources",
    version,
    request: () => newListConfigResourcesRequest({ resourceTypes: version === 0 ? [] : types }),
    ours: ({ resourceName, resourceType }: { resourceName: string; resourceType: number }, { prefix }) =>
      resourceName.startsWith(`${prefix}`) || resourceType === 4 || resourceType === 8,
  }),
); // prettier-ignore

export const topicSteps: fc.Arbitrary<Scene> = fc.oneof(
  { weight: 5, arbitrary: create },
  { weight: 3, arbitrary: grow },
  { weight: 2, arbitrary: remove },
  { weight: 2, arbitrary: metadata },
  { weight: 1, arbitrary: created },
  { weight: 2, arbitrary: pages },
  { weight: 1, arbitrary: trim },
  { weight: 1, arbitrary: resources },
  { weight: 1, arbitrary: adminParts.create },
);
