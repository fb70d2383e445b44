// Random requests that name several things at once, the same thing twice, or nothing at all, in every version of every API that takes a list;
// and the fields that other families leave at their defaults.
import fc from "fast-check";
import { apiByName, type ApiName, type RequestOf } from "../../src/protocol/apis.ts";
import { newAlterConfigsRequest } from "../../src/protocol/generated/alter-configs.gen.ts";
import { newAlterPartitionReassignmentsRequest } from "../../src/protocol/generated/alter-partition-reassignments.gen.ts";
import { newAlterReplicaLogDirsRequest } from "../../src/protocol/generated/alter-replica-log-dirs.gen.ts";
import { newConsumerGroupDescribeRequest } from "../../src/protocol/generated/consumer-group-describe.gen.ts";
import { newCreatePartitionsRequest } from "../../src/protocol/generated/create-partitions.gen.ts";
import { newCreateTopicsRequest } from "../../src/protocol/generated/create-topics.gen.ts";
import { newDeleteGroupsRequest } from "../../src/protocol/generated/delete-groups.gen.ts";
import { newDeleteRecordsPartition, newDeleteRecordsRequest, newDeleteRecordsTopic } from "../../src/protocol/generated/delete-records.gen.ts"; // prettier-ignore
import { newDeleteTopicsRequest } from "../../src/protocol/generated/delete-topics.gen.ts";
import { newDescribeClusterRequest } from "../../src/protocol/generated/describe-cluster.gen.ts";
import { newDescribeConfigsRequest, newDescribeConfigsResource } from "../../src/protocol/generated/describe-configs.gen.ts";
import { newDescribeGroupsRequest } from "../../src/protocol/generated/describe-groups.gen.ts";
import { newDescribeLogDirsRequest } from "../../src/protocol/generated/describe-log-dirs.gen.ts";
import { newDescribeProducersRequest } from "../../src/protocol/generated/describe-producers.gen.ts";
import { newDescribeQuorumRequest, type DescribeQuorumResponse } from "../../src/protocol/generated/describe-quorum.gen.ts";
import { newDescribeTransactionsRequest } from "../../src/protocol/generated/describe-transactions.gen.ts";
import { newElectLeadersRequest } from "../../src/protocol/generated/elect-leaders.gen.ts";
import { newFetchRequest } from "../../src/protocol/generated/fetch.gen.ts";
import { newIncrementalAlterConfigsRequest } from "../../src/protocol/generated/incremental-alter-configs.gen.ts";
import { newListConfigResourcesRequest } from "../../src/protocol/generated/list-config-resources.gen.ts";
import { newListGroupsRequest } from "../../src/protocol/generated/list-groups.gen.ts";
import { newListOffsetsPartition, newListOffsetsRequest, newListOffsetsTopic } from "../../src/protocol/generated/list-offsets.gen.ts";
import { newListPartitionReassignmentsRequest } from "../../src/protocol/generated/list-partition-reassignments.gen.ts";
import { newMetadataRequest } from "../../src/protocol/generated/metadata.gen.ts";
import {
  newOffsetCommitRequest,
  newOffsetCommitRequestPartition,
  newOffsetCommitRequestTopic,
} from "../../src/protocol/generated/offset-commit.gen.ts";
import {
  newOffsetDeleteRequest,
  newOffsetDeleteRequestPartition,
  newOffsetDeleteRequestTopic,
} from "../../src/protocol/generated/offset-delete.gen.ts";
import { newOffsetFetchRequest } from "../../src/protocol/generated/offset-fetch.gen.ts";
import {
  newOffsetForLeaderEpochRequest,
  newOffsetForLeaderPartition,
  newOffsetForLeaderTopic,
} from "../../src/protocol/generated/offset-for-leader-epoch.gen.ts";
import { newProduceRequest } from "../../src/protocol/generated/produce.gen.ts";
import { newWriteTxnMarkersRequest } from "../../src/protocol/generated/write-txn-markers.gen.ts";
import { byTopic, NO_ID, step, UNKNOWN_ID, writes, type Learnt, type Scene, type Step } from "./requests.ts";

/** Of anything, in any version that the API has. */
export function anyVersion<N extends ApiName, D>(
  api: N,
  drawn: fc.Arbitrary<D>,
  request: (drawn: D, learnt: Learnt, version: number) => RequestOf<N>,
  more: Partial<Step<N>> = {},
): fc.Arbitrary<Step> {
  const { minVersion: min, maxVersion: max } = apiByName(api);
  return fc.tuple(fc.integer({ min, max }), drawn).map(([version, what]) =>
    step<N>({ name: `${api} v${version} ${JSON.stringify(what)}`, api, version, request: (learnt) => request(what, learnt, version), told: (response) => mergedTopics(response) as object, ...more }),
  ); // prettier-ignore
}

const few = <T>(of: fc.Arbitrary<T>, maxLength = 3) => fc.array(of, { maxLength });
const topicName = fc.constantFrom("t", "t", "t", "u", "u", "missing", "", "no such?");
const group = fc.constantFrom("g", "g", "h", "c", "nobody", "");
const full = ({ prefix }: Learnt, name: string): string => (name === "" ? "" : prefix + name);
const idOf = ({ topicIds }: Learnt, name: string): string => topicIds.get(name) ?? UNKNOWN_ID;
/** Topics with partitions, as a list: the same one may come twice. */
const places = few(fc.record({ topic: topicName, partitions: few(fc.constantFrom(0, 0, 1, 7, -1)) }));
const markedPlaces = fc
  .uniqueArray(fc.tuple(topicName, fc.constantFrom(0, 1, 7)), {
    minLength: 1,
    maxLength: 3,
    selector: ([name, index]) => `${name}-${index}`,
  })
  .map((of) => [...byTopic(of, (index) => index)].map(([topic, partitions]) => ({ topic, partitions })));
const timeoutMs = 10_000;

const LISTS: readonly string[] = ["partitions", "partitionResponses", "partitionErrors", "resultsByPartition"];
/**
 * Of a topic that comes twice, Apache Kafka answers in one entry for some requests and in two for others, and topics without partitions have
 * an entry or have none, partitions that come twice one answer or two: clients look for their partitions, wherever they stand.
 */
export function mergedTopics(value: unknown): unknown {
  if (Array.isArray(value)) return mergedEntries(value.map(mergedTopics));
  if (value === null || typeof value !== "object" || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mergedTopics(inner)]));
}

const eachOnce = (parts: readonly unknown[]): unknown[] => [...new Map(parts.map((part) => [JSON.stringify(part), part])).values()];

function mergedEntries(entries: readonly unknown[]): unknown[] {
  const merged = new Map<string, Record<string, unknown[]>>();
  const others: unknown[] = [];
  for (const entry of entries as readonly Record<string, unknown[]>[]) {
    const list = entry !== null && typeof entry === "object" ? LISTS.find((name) => Array.isArray(entry[name])) : undefined;
    if (list === undefined) others.push(entry);
    else if (entry[list]!.length > 0) {
      const key = JSON.stringify({ ...entry, [list]: null });
      merged.set(key, { ...entry, [list]: eachOnce([...(merged.get(key)?.[list] ?? []), ...entry[list]!]) });
    }
  }
  return [...others, ...merged.values()];
}

const groups = [
  anyVersion("DescribeGroups", fc.record({ of: few(group), authorized: fc.boolean() }), ({ of, authorized }, learnt, version) =>
    newDescribeGroupsRequest({ groups: of.map((name) => full(learnt, name)), includeAuthorizedOperations: version >= 3 && authorized }),
  ),
  anyVersion("ConsumerGroupDescribe", fc.record({ of: few(group), authorized: fc.boolean() }), ({ of, authorized }, learnt) =>
    newConsumerGroupDescribeRequest({ groupIds: of.map((name) => full(learnt, name)), includeAuthorizedOperations: authorized }),
  ),
  // Not the group of no name, which is everybody's.
  anyVersion(
    "DeleteGroups",
    few(group.filter((name) => name !== "")),
    (of, learnt) => newDeleteGroupsRequest({ groupsNames: of.map((name) => full(learnt, name)) }),
    {
      settles: "groups",
    },
  ),
  anyVersion(
    "ListGroups",
    fc.record({ states: few(fc.constantFrom("Empty", "EMPTY", "Stable", "x", "")), types: few(fc.constantFrom("classic", "Consumer", "x", "")) }), // prettier-ignore
    ({ states, types }, _learnt, version) =>
      newListGroupsRequest({ statesFilter: version >= 4 ? states : [], typesFilter: version >= 5 ? types : [] }),
    { ours: ({ groupId }: { groupId: string }, { prefix }) => groupId.startsWith(prefix) },
  ),
];

const offsets = [
  anyVersion(
    "OffsetCommit",
    fc.record({ of: group, places, retentionTimeMs: fc.constantFrom(-1, 100_000_000), offset: fc.constantFrom(0, 3, -1, -7), epoch: fc.constantFrom(-1, 0, 5) }), // prettier-ignore
    ({ of, places: at, retentionTimeMs, offset: committedOffset, epoch }, learnt, version) =>
      newOffsetCommitRequest({
        groupId: full(learnt, of),
        generationIdOrMemberEpoch: -1,
        retentionTimeMs: version <= 4 ? retentionTimeMs : -1,
        topics: at.map(({ topic, partitions }) =>
          newOffsetCommitRequestTopic({
            ...(version >= 10 ? { topicId: idOf(learnt, topic) } : { name: full(learnt, topic), topicId: NO_ID }),
            partitions: partitions.map((partitionIndex) =>
              newOffsetCommitRequestPartition({ partitionIndex, committedOffset, committedLeaderEpoch: version >= 6 ? epoch : -1 }),
            ),
          }),
        ),
      }),
    { settles: "groups" },
  ),
  anyVersion(
    "OffsetFetch",
    fc.record({ of: few(group), at: fc.option(places), requireStable: fc.boolean() }),
    ({ of, at, requireStable }, learnt, version) => {
      const topics = at?.map(({ topic, partitions: partitionIndexes }) => {
        const called = version >= 10 ? { name: "", topicId: idOf(learnt, topic) } : { name: full(learnt, topic), topicId: NO_ID };
        return { ...called, partitionIndexes };
      });
      const stable = version >= 7 && requireStable;
      // All of the group of no name are everybody's.
      const asked = (name: string) => topics ?? (name === "" || version < 2 ? [] : null);
      const [first = "g"] = of;
      if (version < 8) return newOffsetFetchRequest({ groupId: full(learnt, first), topics: asked(first), requireStable: stable });
      return newOffsetFetchRequest({
        requireStable: stable,
        groups: of.map((name) => ({ groupId: full(learnt, name), memberId: null, memberEpoch: -1, topics: asked(name) })),
      });
    },
  ),
  anyVersion("OffsetDelete", fc.record({ of: group, places }), ({ of, places: at }, learnt) =>
    newOffsetDeleteRequest({
      groupId: full(learnt, of),
      topics: at.map(({ topic, partitions }) =>
        newOffsetDeleteRequestTopic({
          name: full(learnt, topic),
          partitions: partitions.map((partitionIndex) => newOffsetDeleteRequestPartition({ partitionIndex })),
        }),
      ),
    }),
  ),
];

const records = [
  anyVersion("DeleteRecords", fc.record({ places, offset: fc.constantFrom(0, 1, -1, -2, 50) }), ({ places: at, offset }, learnt) =>
    newDeleteRecordsRequest({
      topics: at.map(({ topic, partitions }) =>
        newDeleteRecordsTopic({
          name: full(learnt, topic),
          partitions: partitions.map((partitionIndex) => newDeleteRecordsPartition({ partitionIndex, offset })),
        }),
      ),
      timeoutMs,
    }),
  ),
  anyVersion(
    "ListOffsets",
    fc.record({ places, timestamp: fc.constantFrom(-1, -2, -3, 1_700_000_000_001), isolation: fc.nat(1), replicaId: fc.constantFrom(-1, -2, 0, 7) }), // prettier-ignore
    ({ places: at, timestamp, isolation, replicaId }, learnt, version) =>
      newListOffsetsRequest({
        replicaId,
        isolationLevel: version >= 2 ? isolation : 0,
        topics: at.map(({ topic, partitions }) =>
          newListOffsetsTopic({
            name: full(learnt, topic),
            partitions: partitions.map((partitionIndex) => newListOffsetsPartition({ partitionIndex, timestamp })),
          }),
        ),
      }),
  ),
  anyVersion(
    "OffsetForLeaderEpoch",
    fc.record({ places, epoch: fc.constantFrom(0, -1, 3), replicaId: fc.constantFrom(-1, -2, 0, 7) }),
    ({ places: at, epoch, replicaId }, learnt, version) =>
      newOffsetForLeaderEpochRequest({
        replicaId: version >= 3 ? replicaId : -2,
        topics: at.map(({ topic, partitions }) =>
          newOffsetForLeaderTopic({
            topic: full(learnt, topic),
            partitions: partitions.map((partition) =>
              newOffsetForLeaderPartition({ partition, currentLeaderEpoch: -1, leaderEpoch: epoch }),
            ),
          }),
        ),
      }),
  ),
  anyVersion(
    "DescribeProducers",
    places,
    (at, learnt) =>
    newDescribeProducersRequest({ topics: at.map(({ topic, partitions }) => ({ name: full(learnt, topic), partitionIndexes: partitions })) }), // prettier-ignore
  ),
  // One marker, each partition once, and at least one: of several markers, one of which is for nothing that is there, Apache Kafka answers none.
  anyVersion("WriteTxnMarkers", markedPlaces, (at, learnt) =>
    newWriteTxnMarkersRequest({
      markers: [
        {
          producerId: 1_000_000,
          producerEpoch: 0,
          transactionResult: false,
          coordinatorEpoch: 0,
          transactionVersion: 0,
          topics: at.map(({ topic, partitions }) => ({ name: full(learnt, topic), partitionIndexes: partitions })),
        },
      ],
    }),
  ),
  anyVersion("DescribeTransactions", few(fc.constantFrom("tx", "nobody", "")), (of, learnt) =>
    newDescribeTransactionsRequest({ transactionalIds: of.map((name) => full(learnt, name)) }),
  ),
];

/** Of the metadata log's one partition: who is there; its offsets and times are each broker's own. */
function toldQuorum({ topics, nodes, ...rest }: DescribeQuorumResponse): object {
  const ids = (states: readonly { readonly replicaId: number }[]) => states.map(({ replicaId }) => replicaId);
  return {
    ...rest,
    nodes: nodes.map(({ nodeId, listeners }) => ({ nodeId, listeners: listeners.map(({ name }) => ({ name })) })),
    topics: topics.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map(({ partitionIndex, errorCode, leaderId, currentVoters, observers }) => ({
        partitionIndex,
        errorCode,
        leaderId,
        voters: ids(currentVoters),
        observers: ids(observers),
      })),
    })),
  };
}

const isOfSequence = ({ name }: { readonly name?: string | null }, { prefix }: Learnt): boolean => (name ?? "") === "" || name!.startsWith(prefix); // prettier-ignore

const cluster = [
  anyVersion(
    "Metadata",
    fc.record({ of: fc.option(few(fc.tuple(fc.constantFrom("t", "t", "u", "missing", "no such?", ""), fc.boolean()))), creates: fc.boolean() }), // prettier-ignore
    ({ of, creates }, learnt, version) =>
      newMetadataRequest({
        // Everybody's are asked for by null, in version 0 by none.
        topics: (of ?? (version >= 1 ? null : []))?.map(([name, byId]) => byId && version >= 12 ? { name: null, topicId: idOf(learnt, name) } : { name: full(learnt, name), topicId: NO_ID }) ?? null, // prettier-ignore
        // A topic that can be is created by it: behind the answer on Apache Kafka.
        allowAutoTopicCreation: version < 4 || (creates && of?.some(([name]) => name === "missing") !== true),
      }),
    { ours: isOfSequence },
  ).filter(({ name, version }) => version >= 4 || !name.includes("missing")),
  anyVersion(
    "DescribeCluster",
    fc.record({ fenced: fc.boolean(), authorized: fc.boolean() }),
    ({ fenced, authorized }, _learnt, version) =>
    newDescribeClusterRequest({ endpointType: 1, includeFencedBrokers: version >= 2 && fenced, includeClusterAuthorizedOperations: authorized }), // prettier-ignore
  ),
  anyVersion(
    "DescribeQuorum",
    few(fc.record({ meta: fc.constantFrom(true, true, true, false), partitions: few(fc.constantFrom(0, 0, 0, 1)) }), 2),
    (of, { prefix }) =>
      newDescribeQuorumRequest({
        topics: of.map(({ meta, partitions }) => ({
          topicName: meta ? "__cluster_metadata" : `${prefix}t`,
          partitions: partitions.map((partitionIndex) => ({ partitionIndex })),
        })),
      }),
    { told: toldQuorum },
  ),
  anyVersion(
    "DescribeConfigs",
    fc.record({ of: few(fc.tuple(topicName, fc.constantFrom<string[] | null>(null, [], ["retention.ms"], ["retention.ms", "retention.ms", "x"])), 2), synonyms: fc.boolean(), documentation: fc.boolean() }), // prettier-ignore
    ({ of, synonyms, documentation }, learnt, version) =>
      newDescribeConfigsRequest({
        resources: of.map(([name, configurationKeys]) =>
          newDescribeConfigsResource({ resourceType: 2, resourceName: full(learnt, name), configurationKeys }),
        ),
        includeSynonyms: synonyms,
        includeDocumentation: version >= 3 && documentation,
      }),
  ),
];

const replicas = [
  anyVersion(
    "DescribeLogDirs",
    fc.option(places),
    (at, learnt) =>
      newDescribeLogDirsRequest({ topics: at?.map(({ topic, partitions }) => ({ topic: full(learnt, topic), partitions })) ?? null }),
    {
      learn: ({ results }, learnt) => void (learnt.logDir = results[0]?.logDir ?? learnt.logDir),
      told: ({ results, ...rest }, learnt) => ({
        ...rest,
        results: results.map((result) => ({ ...result, topics: result.topics.filter((topic) => isOfSequence(topic, learnt)) })),
      }),
    },
  ),
  anyVersion(
    "AlterReplicaLogDirs",
    few(fc.record({ path: fc.constantFrom("its own", "/no/such", ""), places })),
    (dirs, learnt) =>
      newAlterReplicaLogDirsRequest({
        dirs: dirs.map(({ path, places: at }) => ({
          path: path === "its own" ? learnt.logDir : path,
          topics: at.map(({ topic, partitions }) => ({ name: full(learnt, topic), partitions })),
        })),
      }),
  ),
  anyVersion(
    "ElectLeaders",
    fc.record({ places, type: fc.nat(1) }),
    ({ places: at, type }, learnt, version) =>
      newElectLeadersRequest({
        electionType: version >= 1 ? type : 0,
        topicPartitions: at.map(({ topic, partitions }) => ({ topic: full(learnt, topic), partitions })),
        timeoutMs,
      }),
  ),
  anyVersion(
    "AlterPartitionReassignments",
    fc.record({ places, to: fc.constantFrom<number[] | null>([0], null, [7], [0, 7]), grows: fc.boolean() }),
    ({ places: at, to, grows }, learnt, version) =>
      newAlterPartitionReassignmentsRequest({
        timeoutMs,
        allowReplicationFactorChange: version === 0 || grows,
        topics: at.map(({ topic, partitions }) => ({
          name: full(learnt, topic),
          partitions: partitions.map((partitionIndex) => ({ partitionIndex, replicas: to })),
        })),
      }),
  ),
  anyVersion("ListPartitionReassignments", fc.option(places), (at, learnt) =>
    newListPartitionReassignmentsRequest({
      timeoutMs,
      topics: at?.map(({ topic, partitions }) => ({ name: full(learnt, topic), partitionIndexes: partitions })) ?? null,
    }),
  ),
]; // prettier-ignore

const nothing = fc.constant("nothing");
const empty = [
  anyVersion("Produce", nothing, () => newProduceRequest({ acks: -1, timeoutMs })),
  anyVersion("Fetch", nothing, () => newFetchRequest({ maxWaitMs: 0, minBytes: 0 })),
  anyVersion("CreateTopics", nothing, () => newCreateTopicsRequest({ timeoutMs })),
  anyVersion("DeleteTopics", nothing, () => newDeleteTopicsRequest({ timeoutMs })),
  anyVersion("CreatePartitions", nothing, () => newCreatePartitionsRequest({ timeoutMs })),
  anyVersion("IncrementalAlterConfigs", nothing, () => newIncrementalAlterConfigsRequest()),
  anyVersion("AlterConfigs", nothing, () => newAlterConfigsRequest()),
  anyVersion("WriteTxnMarkers", nothing, () => newWriteTxnMarkersRequest()),
  anyVersion("ListConfigResources", nothing, () => newListConfigResourcesRequest({ resourceTypes: [] }), {
    ours: ({ resourceName }: { resourceName: string }, { prefix }) => resourceName.startsWith(prefix),
  }),
];

export const severalScenes: fc.Arbitrary<Scene> = fc.oneof(
  { weight: 2, arbitrary: writes },
  { weight: 1, arbitrary: fc.oneof(...empty) },
  ...[groups, offsets, records, cluster, replicas].flat().map((arbitrary) => ({ weight: 1, arbitrary })),
);
