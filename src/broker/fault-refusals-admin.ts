// Answers that refuse a whole request of the administrators' APIs with one error: the second half of fault-refusals.ts.
import type { ApiName, RequestOf, ResponseOf } from "../protocol/apis.ts";
import { newAlterConfigsResourceResponse, newAlterConfigsResponse } from "../protocol/generated/alter-configs.gen.ts";
import {
  newAlterPartitionReassignmentsResponse,
  newReassignablePartitionResponse,
  newReassignableTopicResponse,
} from "../protocol/generated/alter-partition-reassignments.gen.ts";
import {
  newAlterReplicaLogDirPartitionResult,
  newAlterReplicaLogDirsResponse,
  newAlterReplicaLogDirTopicResult,
} from "../protocol/generated/alter-replica-log-dirs.gen.ts";
import {
  newConsumerGroupDescribeResponse,
  newDescribedGroup as newDescribedConsumerGroup,
} from "../protocol/generated/consumer-group-describe.gen.ts";
import { newCreatePartitionsResponse, newCreatePartitionsTopicResult } from "../protocol/generated/create-partitions.gen.ts";
import { newDeletableGroupResult, newDeleteGroupsResponse } from "../protocol/generated/delete-groups.gen.ts";
import {
  newDeleteRecordsPartitionResult,
  newDeleteRecordsResponse,
  newDeleteRecordsTopicResult,
} from "../protocol/generated/delete-records.gen.ts";
import { newDescribeConfigsResponse, newDescribeConfigsResult } from "../protocol/generated/describe-configs.gen.ts";
import { newDescribedGroup, newDescribeGroupsResponse } from "../protocol/generated/describe-groups.gen.ts";
import { newDescribeLogDirsResponse, newDescribeLogDirsResult } from "../protocol/generated/describe-log-dirs.gen.ts";
import { newDescribeProducersResponse, newPartitionResponse, newTopicResponse } from "../protocol/generated/describe-producers.gen.ts";
import { newDescribeQuorumResponse } from "../protocol/generated/describe-quorum.gen.ts";
import { newDescribeTransactionsResponse, newTransactionState } from "../protocol/generated/describe-transactions.gen.ts";
import { newElectLeadersResponse, newPartitionResult, newReplicaElectionResult } from "../protocol/generated/elect-leaders.gen.ts";
import {
  newAlterConfigsResourceResponse as newIncrementalResourceResponse,
  newIncrementalAlterConfigsResponse,
} from "../protocol/generated/incremental-alter-configs.gen.ts";
import { newListConfigResourcesResponse } from "../protocol/generated/list-config-resources.gen.ts";
import { newListPartitionReassignmentsResponse } from "../protocol/generated/list-partition-reassignments.gen.ts";
import { newListTransactionsResponse } from "../protocol/generated/list-transactions.gen.ts";
import {
  newEpochEndOffset,
  newOffsetForLeaderEpochResponse,
  newOffsetForLeaderTopicResult,
} from "../protocol/generated/offset-for-leader-epoch.gen.ts";
import { newUpdatableFeatureResult, newUpdateFeaturesResponse } from "../protocol/generated/update-features.gen.ts";
import {
  newWritableTxnMarkerPartitionResult,
  newWritableTxnMarkerResult,
  newWritableTxnMarkerTopicResult,
  newWriteTxnMarkersResponse,
} from "../protocol/generated/write-txn-markers.gen.ts";

export type Refusals = { readonly [N in ApiName]?: (request: RequestOf<N>, errorCode: number, version: number) => ResponseOf<N> };

/** From here on a log directory's error is the whole answer's. */
const ERROR_OF_ALL_LOG_DIRS_FROM = 3;
const ERROR_OF_ALL_ELECTIONS_FROM = 1;
/** From here on features have no errors of their own. */
const ONE_ERROR_OF_FEATURES_FROM = 2;

export const ADMIN_REFUSALS: Refusals = {
  DescribeGroups: ({ groups }, errorCode) =>
    newDescribeGroupsResponse({ groups: groups.map((groupId) => newDescribedGroup({ groupId, errorCode })) }),
  ConsumerGroupDescribe: ({ groupIds }, errorCode) =>
    newConsumerGroupDescribeResponse({ groups: groupIds.map((groupId) => newDescribedConsumerGroup({ groupId, errorCode })) }),
  DeleteGroups: ({ groupsNames }, errorCode) =>
    newDeleteGroupsResponse({ results: groupsNames.map((groupId) => newDeletableGroupResult({ groupId, errorCode })) }),
  DeleteRecords: ({ topics }, errorCode) =>
    newDeleteRecordsResponse({
      topics: topics.map(({ name, partitions }) =>
        newDeleteRecordsTopicResult({
          name,
          partitions: partitions.map(({ partitionIndex }) =>
            newDeleteRecordsPartitionResult({ partitionIndex, errorCode, lowWatermark: -1 }),
          ),
        }),
      ),
    }),
  OffsetForLeaderEpoch: ({ topics }, errorCode) =>
    newOffsetForLeaderEpochResponse({
      topics: topics.map(({ topic, partitions }) =>
        newOffsetForLeaderTopicResult({
          topic,
          partitions: partitions.map(({ partition }) => newEpochEndOffset({ partition, errorCode })),
        }),
      ),
    }),
  WriteTxnMarkers: ({ markers }, errorCode) =>
    newWriteTxnMarkersResponse({
      markers: markers.map(({ producerId, topics }) =>
        newWritableTxnMarkerResult({
          producerId,
          topics: topics.map(({ name, partitionIndexes }) =>
            newWritableTxnMarkerTopicResult({
              name,
              partitions: partitionIndexes.map((partitionIndex) => newWritableTxnMarkerPartitionResult({ partitionIndex, errorCode })),
            }),
          ),
        }),
      ),
    }),
  DescribeConfigs: ({ resources }, errorCode) =>
    newDescribeConfigsResponse({
      results: resources.map(({ resourceType, resourceName }) => newDescribeConfigsResult({ resourceType, resourceName, errorCode })),
    }),
  AlterConfigs: ({ resources }, errorCode) =>
    newAlterConfigsResponse({
      responses: resources.map(({ resourceType, resourceName }) =>
        newAlterConfigsResourceResponse({ resourceType, resourceName, errorCode }),
      ),
    }),
  IncrementalAlterConfigs: ({ resources }, errorCode) =>
    newIncrementalAlterConfigsResponse({
      responses: resources.map(({ resourceType, resourceName }) =>
        newIncrementalResourceResponse({ resourceType, resourceName, errorCode }),
      ),
    }),
  AlterReplicaLogDirs: ({ dirs }, errorCode) =>
    newAlterReplicaLogDirsResponse({
      results: dirs
        .flatMap(({ topics }) => topics)
        .map(({ name, partitions }) =>
          newAlterReplicaLogDirTopicResult({
            topicName: name,
            partitions: partitions.map((partitionIndex) => newAlterReplicaLogDirPartitionResult({ partitionIndex, errorCode })),
          }),
        ),
    }),
  DescribeLogDirs: (_request, errorCode, version) =>
    version < ERROR_OF_ALL_LOG_DIRS_FROM
      ? newDescribeLogDirsResponse({ results: [newDescribeLogDirsResult({ errorCode })] })
      : newDescribeLogDirsResponse({ errorCode }),
  CreatePartitions: ({ topics }, errorCode) =>
    newCreatePartitionsResponse({ results: topics.map(({ name }) => newCreatePartitionsTopicResult({ name, errorCode })) }),
  ElectLeaders: ({ topicPartitions }, errorCode, version) =>
    newElectLeadersResponse({
      ...(version < ERROR_OF_ALL_ELECTIONS_FROM ? {} : { errorCode }),
      replicaElectionResults: (topicPartitions ?? []).map(({ topic, partitions }) =>
        newReplicaElectionResult({
          topic,
          partitionResult: partitions.map((partitionId) => newPartitionResult({ partitionId, errorCode })),
        }),
      ),
    }),
  AlterPartitionReassignments: ({ topics }, errorCode) =>
    newAlterPartitionReassignmentsResponse({
      errorCode,
      responses: topics.map(({ name, partitions }) =>
        newReassignableTopicResponse({
          name,
          partitions: partitions.map(({ partitionIndex }) => newReassignablePartitionResponse({ partitionIndex, errorCode })),
        }),
      ),
    }),
  ListPartitionReassignments: (_request, errorCode) => newListPartitionReassignmentsResponse({ errorCode }),
  DescribeQuorum: (_request, errorCode) => newDescribeQuorumResponse({ errorCode }),
  UpdateFeatures: ({ featureUpdates }, errorCode, version) =>
    newUpdateFeaturesResponse({
      errorCode,
      results:
        version < ONE_ERROR_OF_FEATURES_FROM ? featureUpdates.map(({ feature }) => newUpdatableFeatureResult({ feature, errorCode })) : [],
    }),
  DescribeProducers: ({ topics }, errorCode) =>
    newDescribeProducersResponse({
      topics: topics.map(({ name, partitionIndexes }) =>
        newTopicResponse({
          name,
          partitions: partitionIndexes.map((partitionIndex) => newPartitionResponse({ partitionIndex, errorCode })),
        }),
      ),
    }),
  DescribeTransactions: ({ transactionalIds }, errorCode) =>
    newDescribeTransactionsResponse({
      transactionStates: transactionalIds.map((transactionalId) => newTransactionState({ transactionalId, errorCode })),
    }),
  ListTransactions: (_request, errorCode) => newListTransactionsResponse({ errorCode }),
  ListConfigResources: (_request, errorCode) => newListConfigResourcesResponse({ errorCode }),
};
