// ConsumerGroupHeartbeat (68): versions 0–1. Joining, staying in and leaving a group whose partitions the coordinator assigns. A classic
// group becomes one of these with its first such member, and back with the last one's going, as group.consumer.migration.policy allows.
// KIP-848, KIP-1082 (member ids).
import { ErrorCode } from "../../protocol/errors.ts";
import {
  newAssignment,
  newConsumerGroupHeartbeatResponse,
  newTopicPartitions,
  type ConsumerGroupHeartbeatRequest,
} from "../../protocol/generated/consumer-group-heartbeat.gen.ts";
import { defineApi } from "../api.ts";
import { ASSIGNORS } from "../coordinators/consumer-group/assignors.ts";
import { byTopic } from "../coordinators/consumer-group/records.ts";
import { LEAVE, LEFT_STATIC } from "../coordinators/consumer-group/state.ts";
import { randomUuid } from "../../log/uuid.ts";

const OWN_MEMBER_ID_FROM = 1;

export const consumerGroupHeartbeat = defineApi("ConsumerGroupHeartbeat", {
  async handle(broker, request, call) {
    if (broker.features.level("group.version") === 0)
      return newConsumerGroupHeartbeatResponse({ errorCode: ErrorCode.UNSUPPORTED_VERSION });
    const problem = problemOf(request, call.version);
    if (problem !== undefined) return newConsumerGroupHeartbeatResponse({ errorCode: ErrorCode.INVALID_REQUEST, errorMessage: problem });
    const { serverAssignor } = request;
    if (serverAssignor !== null && !ASSIGNORS.has(serverAssignor)) {
      const errorMessage = `ServerAssignor ${serverAssignor} is not supported. Supported assignors: ${[...ASSIGNORS.keys()].join(", ")}.`;
      return newConsumerGroupHeartbeatResponse({ errorCode: ErrorCode.UNSUPPORTED_ASSIGNOR, errorMessage });
    }
    const memberId = request.memberId === "" ? randomUuid(broker.env.random) : request.memberId;
    const owned = request.topicPartitions?.flatMap(({ topicId, partitions }) => partitions.map((partition) => `${topicId}:${partition}`));
    const reply = await broker.groups.consumerHeartbeat(request.groupId, {
      memberId,
      epoch: request.memberEpoch,
      instanceId: request.instanceId,
      rackId: request.rackId,
      clientId: call.clientId,
      clientHost: call.clientHost,
      rebalanceTimeoutMs: request.rebalanceTimeoutMs,
      topics: request.subscribedTopicNames,
      regex: request.subscribedTopicRegex,
      assignor: serverAssignor,
      owned: owned === undefined ? null : new Set(owned),
    });
    if (reply.error !== ErrorCode.NONE) return newConsumerGroupHeartbeatResponse({ errorCode: reply.error, errorMessage: reply.message });
    const topics = reply.assignment === null ? undefined : byTopic(reply.assignment);
    const topicPartitions = [...(topics ?? [])].map(([topicId, partitions]) => newTopicPartitions({ topicId, partitions }));
    return newConsumerGroupHeartbeatResponse({
      memberId,
      memberEpoch: reply.epoch,
      heartbeatIntervalMs: request.memberEpoch < 0 ? 0 : broker.groups.consumers.heartbeatIntervalMs(request.groupId),
      assignment: topics === undefined ? null : newAssignment({ topicPartitions }),
    });
  },
});

function problemOf(request: ConsumerGroupHeartbeatRequest, version: number): string | undefined {
  const { memberEpoch } = request;
  if (request.groupId === "") return "GroupId can't be empty.";
  if (request.instanceId === "") return "InstanceId can't be empty.";
  if (request.rackId === "") return "RackId can't be empty.";
  if (request.memberId === "" && (version >= OWN_MEMBER_ID_FROM || memberEpoch > 0 || memberEpoch === LEAVE))
    return "MemberId can't be empty.";
  if (memberEpoch === LEFT_STATIC && request.instanceId === null) return "InstanceId can't be null.";
  if (memberEpoch < LEFT_STATIC) return "MemberEpoch is invalid.";
  if (memberEpoch > 0 || memberEpoch === LEAVE || memberEpoch === LEFT_STATIC) return undefined;
  if (request.rebalanceTimeoutMs === -1) return "RebalanceTimeoutMs must be provided in first request.";
  if (request.topicPartitions === null || request.topicPartitions.length > 0) return "TopicPartitions must be empty when (re-)joining.";
  if (request.subscribedTopicNames === null && request.subscribedTopicRegex === null)
    return "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.";
  return undefined;
}
