// OffsetDelete (47): version 0. Drops committed offsets of a group; not of topics its members may be reading. KIP-496.
import { ByteReader } from "../../bytes/reader.ts";
import { FrameError } from "../../bytes/frame-error.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { readConsumerProtocolSubscription } from "../../protocol/generated/consumer-protocol-subscription.gen.ts";
import {
  newOffsetDeleteResponse,
  newOffsetDeleteResponsePartition,
  newOffsetDeleteResponseTopic,
} from "../../protocol/generated/offset-delete.gen.ts";
import { defineApi } from "../api.ts";
import type { GroupState } from "../coordinators/group/state.ts";
import { partitionKey } from "../topics.ts";

export const offsetDelete = defineApi("OffsetDelete", {
  async handle(broker, request) {
    const state = broker.groups.describe(request.groupId);
    if (state === undefined) return newOffsetDeleteResponse({ errorCode: ErrorCode.GROUP_ID_NOT_FOUND });
    if (state.phase !== "Empty" && state.protocolType !== "consumer")
      return newOffsetDeleteResponse({ errorCode: ErrorCode.NON_EMPTY_GROUP });
    const subscribed = broker.groups.consumers.subscribedTopics(request.groupId) ?? subscriptions(state);
    const keys: string[] = [];
    const topics = request.topics.map(({ name, partitions }) => {
      const answers = partitions.map(({ partitionIndex }) => {
        const exists = broker.topics.partition(name, partitionIndex) !== undefined;
        const error = subscribed.has(name) ? ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC : ErrorCode.NONE;
        const errorCode = exists ? error : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
        if (errorCode === ErrorCode.NONE) keys.push(partitionKey(name, partitionIndex));
        return newOffsetDeleteResponsePartition({ partitionIndex, errorCode });
      });
      return newOffsetDeleteResponseTopic({ name, partitions: answers });
    });
    const known = new Set(broker.groups.offsets.keys(request.groupId));
    const errorCode = await broker.groups.deleteOffsets(
      request.groupId,
      keys.filter((key) => known.has(key)),
    );
    return newOffsetDeleteResponse({ errorCode, topics: errorCode === ErrorCode.NONE ? topics : [] });
  },
});

function subscriptions(state: GroupState): Set<string> {
  const topics = new Set<string>();
  for (const { protocols } of state.members.values()) {
    for (const { metadata } of protocols) {
      try {
        const reader = new ByteReader(metadata);
        for (const topic of readConsumerProtocolSubscription(reader, Math.min(reader.int16(), 3)).topics) topics.add(topic);
      } catch (error) {
        if (!(error instanceof FrameError)) throw error; // a member's own format: it names no topics we could protect
      }
    }
  }
  return topics;
}
