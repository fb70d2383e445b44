// OffsetForLeaderEpoch (23): versions 2–4. There is one leader epoch, so it ends where the log ends. KIP-101, KIP-279, KIP-320.
import { ErrorCode } from "../../protocol/errors.ts";
import {
  newEpochEndOffset,
  newOffsetForLeaderEpochResponse,
  newOffsetForLeaderTopicResult,
  type EpochEndOffset,
  type OffsetForLeaderPartition,
} from "../../protocol/generated/offset-for-leader-epoch.gen.ts";
import { defineApi, type BrokerContext } from "../api.ts";
import { LEADER_EPOCH } from "../leader-epoch.ts";

export const offsetForLeaderEpoch = defineApi("OffsetForLeaderEpoch", {
  handle(broker, request) {
    const topics = request.topics.map(({ topic, partitions }) =>
      newOffsetForLeaderTopicResult({ topic, partitions: partitions.map((partition) => answer(broker, topic, partition)) }),
    );
    return newOffsetForLeaderEpochResponse({ topics });
  },
});

function answer(
  broker: BrokerContext,
  topic: string,
  { partition, currentLeaderEpoch, leaderEpoch }: OffsetForLeaderPartition,
): EpochEndOffset {
  const refuse = (errorCode: number): EpochEndOffset => newEpochEndOffset({ partition, errorCode, leaderEpoch: -1, endOffset: -1 });
  const log = broker.topics.partition(topic, partition);
  if (log === undefined) return refuse(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  if (currentLeaderEpoch > LEADER_EPOCH) return refuse(ErrorCode.UNKNOWN_LEADER_EPOCH);
  if (leaderEpoch > LEADER_EPOCH || leaderEpoch < 0) return refuse(ErrorCode.NONE);
  return newEpochEndOffset({ partition, leaderEpoch: LEADER_EPOCH, endOffset: log.highWatermark });
}
