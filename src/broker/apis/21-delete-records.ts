// DeleteRecords (21): versions 0–2. Moves a partition's log start offset forward; −1 means up to the high watermark. Topics that are
// only compacted, and internal ones, are refused (POLICY_VIOLATION). KIP-107.
import { ErrorCode, KafkaError } from "../../protocol/errors.ts";
import {
  newDeleteRecordsPartitionResult,
  newDeleteRecordsResponse,
  newDeleteRecordsTopicResult,
  type DeleteRecordsPartitionResult,
} from "../../protocol/generated/delete-records.gen.ts";
import { defineApi, type BrokerContext } from "../api.ts";
import { isInternalTopic } from "../topics.ts";

const UP_TO_HIGH_WATERMARK = -1;

export const deleteRecords = defineApi("DeleteRecords", {
  async handle(broker, request) {
    const topics = [];
    for (const { name, partitions: asked } of request.topics) {
      const partitions = [...new Map(asked.map((each) => [each.partitionIndex, each])).values()];
      const answers = await Promise.all(partitions.map(({ partitionIndex, offset }) => answer(broker, name, partitionIndex, offset)));
      topics.push(newDeleteRecordsTopicResult({ name, partitions: answers }));
    }
    return newDeleteRecordsResponse({ topics });
  },
});

async function answer(broker: BrokerContext, topic: string, partitionIndex: number, offset: number): Promise<DeleteRecordsPartitionResult> {
  const refuse = (errorCode: number): DeleteRecordsPartitionResult =>
    newDeleteRecordsPartitionResult({ partitionIndex, errorCode, lowWatermark: -1 });
  const log = broker.topics.partition(topic, partitionIndex);
  if (log === undefined) return refuse(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  const { compacts, deletes } = log.settings;
  if (isInternalTopic(topic) || (compacts && !deletes)) return refuse(ErrorCode.POLICY_VIOLATION);
  const before = offset === UP_TO_HIGH_WATERMARK ? log.highWatermark : offset;
  if (before < 0 || before > log.highWatermark) return refuse(ErrorCode.OFFSET_OUT_OF_RANGE);
  try {
    await log.deleteRecordsBefore(before);
    return newDeleteRecordsPartitionResult({ partitionIndex, lowWatermark: log.logStartOffset });
  } catch (error) {
    broker.env.logger.log("error", "records-not-deleted", { topic, partition: partitionIndex, error });
    return refuse(error instanceof KafkaError ? error.errorCode : ErrorCode.KAFKA_STORAGE_ERROR);
  }
}
