// DescribeTopicPartitions (75): version 0. Topics in the order of their names, at most so many partitions in one answer; the cursor says
// where the next one goes on. KIP-966.
import type { TopicInfo } from "../../log/log-directory.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import {
  newCursor,
  newDescribeTopicPartitionsResponse,
  newDescribeTopicPartitionsResponsePartition,
  newDescribeTopicPartitionsResponseTopic,
  type Cursor,
  type DescribeTopicPartitionsRequest,
  type DescribeTopicPartitionsResponseTopic,
} from "../../protocol/generated/describe-topic-partitions.gen.ts";
import { defineApi, type BrokerContext } from "../api.ts";
import { TOPIC_OPERATIONS } from "../authorized-operations.ts";
import { LEADER_EPOCH } from "../leader-epoch.ts";
import { invalidTopicName, isInternalTopic } from "../topics.ts";

export const describeTopicPartitions = defineApi("DescribeTopicPartitions", {
  handle(broker, request) {
    const { cursor } = request;
    const isAsked = cursor === null || request.topics.length === 0 || request.topics.some(({ name }) => name === cursor.topicName);
    if (!isAsked || (cursor !== null && cursor.partitionIndex < 0)) {
      const refused = request.topics.map(({ name }) =>
        newDescribeTopicPartitionsResponseTopic({ errorCode: ErrorCode.INVALID_REQUEST, name }),
      );
      return newDescribeTopicPartitionsResponse({ topics: refused });
    }
    const limit = Math.max(1, Math.min(request.responsePartitionLimit, broker.settings.number("max.request.partition.size.limit")));
    const topics: DescribeTopicPartitionsResponseTopic[] = [];
    let room = limit;
    let nextCursor: Cursor | null = null;
    for (const name of names(broker, request)) {
      const first = name === cursor?.topicName ? cursor.partitionIndex : 0;
      if (room === 0) {
        nextCursor = newCursor({ topicName: name, partitionIndex: first });
        break;
      }
      const topic = broker.topics.byName(name);
      if (topic === undefined) {
        topics.push(unknown(name));
        continue;
      }
      const described = describe(broker, topic, first, room);
      topics.push(described);
      room -= described.partitions.length;
      const reached = first + described.partitions.length;
      if (reached < topic.partitions.length) {
        nextCursor = newCursor({ topicName: name, partitionIndex: reached });
        break;
      }
    }
    return newDescribeTopicPartitionsResponse({ topics, nextCursor });
  },
});

/** Sorted as Java sorts strings: by UTF-16 code units. */
function names(broker: BrokerContext, { topics, cursor }: DescribeTopicPartitionsRequest): string[] {
  const asked = topics.length > 0 ? topics.map(({ name }) => name) : [...broker.topics.all()].map(({ name }) => name);
  return [...new Set(asked)].filter((name) => cursor === null || name >= cursor.topicName).sort();
}

function describe(broker: BrokerContext, topic: TopicInfo, first: number, room: number): DescribeTopicPartitionsResponseTopic {
  const end = Math.min(topic.partitions.length, first + room);
  const partitions = [];
  for (let partitionIndex = first; partitionIndex < end; partitionIndex++) {
    partitions.push(
      newDescribeTopicPartitionsResponsePartition({
        partitionIndex,
        leaderId: broker.nodeId,
        leaderEpoch: LEADER_EPOCH,
        replicaNodes: [broker.nodeId],
        isrNodes: [broker.nodeId],
        eligibleLeaderReplicas: [],
        lastKnownElr: [],
      }),
    );
  }
  const { name, id: topicId } = topic;
  const isInternal = isInternalTopic(name);
  return newDescribeTopicPartitionsResponseTopic({ name, topicId, isInternal, partitions, topicAuthorizedOperations: TOPIC_OPERATIONS });
}

function unknown(name: string): DescribeTopicPartitionsResponseTopic {
  const errorCode = invalidTopicName(name) === undefined ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.INVALID_TOPIC_EXCEPTION;
  return newDescribeTopicPartitionsResponseTopic({
    errorCode,
    name,
    isInternal: isInternalTopic(name),
    topicAuthorizedOperations: TOPIC_OPERATIONS,
  });
}
