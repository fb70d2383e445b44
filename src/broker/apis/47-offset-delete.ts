// OffsetDelete (47): version 0. Drops committed offsets of a group; not of topics its members may be reading. KIP-496.
import { ErrorCode } from "../../protocol/errors.ts";
import {
  newOffsetDeleteResponse,
  newOffsetDeleteResponsePartition,
  newOffsetDeleteResponseTopic,
} from "../../protocol/generated/offset-delete.gen.ts";
import { defineApi } from "../api.ts";
import { CONSUMER_PROTOCOL, readsTopic } from "../coordinators/group/subscription.ts";
import { partitionKey } from "../topics.ts";

export const offsetDelete = defineApi("OffsetDelete", {
  async handle(broker, request) {
    if (request.groupId === "") return newOffsetDeleteResponse({ errorCode: ErrorCode.INVALID_GROUP_ID });
    const state = broker.groups.describe(request.groupId);
    if (state === undefined) return newOffsetDeleteResponse({ errorCode: ErrorCode.GROUP_ID_NOT_FOUND });
    if (state.phase !== "Empty" && state.protocolType !== CONSUMER_PROTOCOL)
      return newOffsetDeleteResponse({ errorCode: ErrorCode.NON_EMPTY_GROUP });
    const subscribed = broker.groups.consumers.subscribedTopics(request.groupId);
    const keys: string[] = [];
    const topics = request.topics.map(({ name, partitions }) => {
      const answers = partitions.map(({ partitionIndex }) => {
        const exists = broker.topics.partition(name, partitionIndex) !== undefined;
        const isRead = subscribed?.has(name) ?? readsTopic(state, name);
        const error = isRead ? ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC : ErrorCode.NONE;
        const errorCode = exists ? error : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
        if (errorCode === ErrorCode.NONE) keys.push(partitionKey(name, partitionIndex));
        return newOffsetDeleteResponsePartition({ partitionIndex, errorCode });
      });
      return newOffsetDeleteResponseTopic({ name, partitions: answers });
    });
    const known = new Set(broker.groups.offsets.allKeys(request.groupId));
    const errorCode = await broker.groups.deleteOffsets(
      request.groupId,
      keys.filter((key) => known.has(key)),
    );
    return newOffsetDeleteResponse({ errorCode, topics: errorCode === ErrorCode.NONE ? topics : [] });
  },
});
