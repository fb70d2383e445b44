// Answers that refuse a whole request with one error (faults.ts): by the answer's own error where it has one, else by the error of every part that
// the request names. Metadata answers have the brokers that a client needs to go on: they are given, and each topic in them is refused.
import type { ApiName } from "../protocol/apis.ts";
import {
  newAddPartitionsToTxnPartitionResult,
  newAddPartitionsToTxnResponse,
  newAddPartitionsToTxnResult,
  newAddPartitionsToTxnTopicResult,
  type AddPartitionsToTxnTopic,
} from "../protocol/generated/add-partitions-to-txn.gen.ts";
import { newAddOffsetsToTxnResponse } from "../protocol/generated/add-offsets-to-txn.gen.ts";
import { newApiVersionsResponse } from "../protocol/generated/api-versions.gen.ts";
import type { DescribeTopicPartitionsResponse } from "../protocol/generated/describe-topic-partitions.gen.ts";
import type { MetadataResponse } from "../protocol/generated/metadata.gen.ts";
import { newConsumerGroupHeartbeatResponse } from "../protocol/generated/consumer-group-heartbeat.gen.ts";
import { newCreatableTopicResult, newCreateTopicsResponse } from "../protocol/generated/create-topics.gen.ts";
import { newDeletableTopicResult, newDeleteTopicsResponse } from "../protocol/generated/delete-topics.gen.ts";
import { newDescribeClusterResponse } from "../protocol/generated/describe-cluster.gen.ts";
import { newEndTxnResponse } from "../protocol/generated/end-txn.gen.ts";
import { newFetchableTopicResponse, newFetchResponse, newPartitionData } from "../protocol/generated/fetch.gen.ts";
import { newCoordinator, newFindCoordinatorResponse } from "../protocol/generated/find-coordinator.gen.ts";
import { newHeartbeatResponse } from "../protocol/generated/heartbeat.gen.ts";
import { newInitProducerIdResponse } from "../protocol/generated/init-producer-id.gen.ts";
import { newJoinGroupResponse } from "../protocol/generated/join-group.gen.ts";
import { newLeaveGroupResponse } from "../protocol/generated/leave-group.gen.ts";
import { newListGroupsResponse } from "../protocol/generated/list-groups.gen.ts";
import {
  newListOffsetsPartitionResponse,
  newListOffsetsResponse,
  newListOffsetsTopicResponse,
} from "../protocol/generated/list-offsets.gen.ts";
import {
  newOffsetCommitResponse,
  newOffsetCommitResponsePartition,
  newOffsetCommitResponseTopic,
} from "../protocol/generated/offset-commit.gen.ts";
import { newOffsetDeleteResponse } from "../protocol/generated/offset-delete.gen.ts";
import {
  newOffsetFetchResponse,
  newOffsetFetchResponseGroup,
  newOffsetFetchResponsePartition,
  newOffsetFetchResponseTopic,
} from "../protocol/generated/offset-fetch.gen.ts";
import { newPartitionProduceResponse, newProduceResponse, newTopicProduceResponse } from "../protocol/generated/produce.gen.ts";
import { newSyncGroupResponse } from "../protocol/generated/sync-group.gen.ts";
import {
  newTxnOffsetCommitResponse,
  newTxnOffsetCommitResponsePartition,
  newTxnOffsetCommitResponseTopic,
} from "../protocol/generated/txn-offset-commit.gen.ts";
import { ADMIN_REFUSALS, type Refusals } from "./fault-refusals-admin.ts";

/** Before, partitions have errors only. */
const ERROR_OF_ALL_FETCHED_FROM = 7;
const SEVERAL_COORDINATORS_FROM = 4;
const SEVERAL_TRANSACTIONS_FROM = 4;
const SEVERAL_GROUPS_FROM = 8;

const whole =
  <R>(create: (set: { errorCode: number }) => R) =>
  (_request: unknown, errorCode: number): R =>
    create({ errorCode });

const REFUSALS: Refusals = {
  Produce: ({ topicData }, errorCode) =>
    newProduceResponse({
      responses: topicData.map(({ name, topicId, partitionData }) => {
        const partitionResponses = partitionData.map(({ index }) => newPartitionProduceResponse({ index, errorCode, baseOffset: -1 }));
        return newTopicProduceResponse({ name, topicId, partitionResponses });
      }),
    }),
  Fetch: ({ topics }, errorCode, version) =>
    version >= ERROR_OF_ALL_FETCHED_FROM
      ? newFetchResponse({ errorCode })
      : newFetchResponse({
          responses: topics.map(({ topic, partitions }) =>
            newFetchableTopicResponse({
              topic,
              partitions: partitions.map(({ partition }) => newPartitionData({ partitionIndex: partition, errorCode, highWatermark: -1 })),
            }),
          ),
        }),
  ListOffsets: ({ topics }, errorCode) =>
    newListOffsetsResponse({
      topics: topics.map(({ name, partitions }) =>
        newListOffsetsTopicResponse({
          name,
          partitions: partitions.map(({ partitionIndex }) => newListOffsetsPartitionResponse({ partitionIndex, errorCode })),
        }),
      ),
    }),
  OffsetCommit: ({ topics }, errorCode) =>
    newOffsetCommitResponse({
      topics: topics.map(({ name, topicId, partitions }) =>
        newOffsetCommitResponseTopic({
          name,
          topicId,
          partitions: partitions.map(({ partitionIndex }) => newOffsetCommitResponsePartition({ partitionIndex, errorCode })),
        }),
      ),
    }),
  OffsetFetch: ({ groups, topics }, errorCode, version) =>
    version < SEVERAL_GROUPS_FROM
      ? newOffsetFetchResponse({
          errorCode, // version 1 has those of partitions only
          topics: (topics ?? []).map(({ name, partitionIndexes }) =>
            newOffsetFetchResponseTopic({
              name,
              partitions: partitionIndexes.map((partitionIndex) => newOffsetFetchResponsePartition({ partitionIndex, errorCode })),
            }),
          ),
        })
      : newOffsetFetchResponse({ groups: groups.map(({ groupId }) => newOffsetFetchResponseGroup({ groupId, errorCode })) }),
  FindCoordinator: ({ coordinatorKeys }, errorCode, version) =>
    version < SEVERAL_COORDINATORS_FROM
      ? newFindCoordinatorResponse({ errorCode, nodeId: -1, port: -1 })
      : newFindCoordinatorResponse({
          coordinators: coordinatorKeys.map((key) => newCoordinator({ key, errorCode, nodeId: -1, port: -1 })),
        }),
  JoinGroup: whole(newJoinGroupResponse),
  Heartbeat: whole(newHeartbeatResponse),
  LeaveGroup: whole(newLeaveGroupResponse),
  SyncGroup: whole(newSyncGroupResponse),
  ListGroups: whole(newListGroupsResponse),
  ApiVersions: whole(newApiVersionsResponse),
  CreateTopics: ({ topics }, errorCode) =>
    newCreateTopicsResponse({ topics: topics.map(({ name }) => newCreatableTopicResult({ name, errorCode })) }),
  DeleteTopics: ({ topics, topicNames }, errorCode) =>
    newDeleteTopicsResponse({
      responses: [...topics, ...topicNames.map((name) => ({ name }))].map((topic) => newDeletableTopicResult({ ...topic, errorCode })),
    }),
  InitProducerId: whole(newInitProducerIdResponse),
  AddPartitionsToTxn: ({ transactions, v3AndBelowTopics }, errorCode, version) =>
    version < SEVERAL_TRANSACTIONS_FROM
      ? newAddPartitionsToTxnResponse({ resultsByTopicV3AndBelow: addedTo(v3AndBelowTopics, errorCode) })
      : newAddPartitionsToTxnResponse({
          resultsByTransaction: transactions.map(({ transactionalId, topics }) =>
            newAddPartitionsToTxnResult({ transactionalId, topicResults: addedTo(topics, errorCode) }),
          ),
        }),
  AddOffsetsToTxn: whole(newAddOffsetsToTxnResponse),
  EndTxn: whole(newEndTxnResponse),
  TxnOffsetCommit: ({ topics }, errorCode) =>
    newTxnOffsetCommitResponse({
      topics: topics.map(({ name, partitions }) =>
        newTxnOffsetCommitResponseTopic({
          name,
          partitions: partitions.map(({ partitionIndex }) => newTxnOffsetCommitResponsePartition({ partitionIndex, errorCode })),
        }),
      ),
    }),
  OffsetDelete: whole(newOffsetDeleteResponse),
  DescribeCluster: whole(newDescribeClusterResponse),
  ConsumerGroupHeartbeat: whole(newConsumerGroupHeartbeatResponse),
};

function addedTo(topics: readonly AddPartitionsToTxnTopic[], partitionErrorCode: number) {
  return topics.map(({ name, partitions }) =>
    newAddPartitionsToTxnTopicResult({
      name,
      resultsByPartition: partitions.map((partitionIndex) => newAddPartitionsToTxnPartitionResult({ partitionIndex, partitionErrorCode })),
    }),
  );
}

const ALL: Refusals = { ...REFUSALS, ...ADMIN_REFUSALS };

const AMENDED = new Set<ApiName>(["Metadata", "DescribeTopicPartitions"]);

export function canRefuse(api: ApiName): boolean {
  return ALL[api] !== undefined || AMENDED.has(api);
}

/** Only for APIs that can be refused. undefined: the request is to be obeyed, and its answer goes through withRefusedTopics. */
export function refusalOf(api: ApiName, request: unknown, errorCode: number, version: number): unknown {
  return ALL[api]?.(request as never, errorCode, version);
}

/** The answer with an error for each of its topics. */
export function withRefusedTopics(answer: MetadataResponse | DescribeTopicPartitionsResponse, errorCode: number): unknown {
  for (const topic of answer.topics) Object.assign(topic, { errorCode, partitions: [] });
  return answer;
}
