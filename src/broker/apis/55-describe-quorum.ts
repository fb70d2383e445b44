// DescribeQuorum (55): versions 0–2. This broker is the only voter and the leader. Its metadata is not a Kafka log: the offsets of
// __cluster_metadata are 0; any other partition asked for beside its one, or it twice, refuses all. KIP-595, KIP-836, KIP-853.
import { ErrorCode, ERRORS } from "../../protocol/errors.ts";
import {
  newDescribeQuorumResponse,
  newListener,
  newNode,
  newPartitionData,
  newReplicaState,
  newTopicData,
} from "../../protocol/generated/describe-quorum.gen.ts";
import { defineApi } from "../api.ts";
import { LEADER_EPOCH } from "../leader-epoch.ts";

const METADATA_TOPIC = "__cluster_metadata";
const CONTROLLER_LISTENER = "CONTROLLER";
const NODES_FROM = 2;

export const describeQuorum = defineApi("DescribeQuorum", {
  handle(broker, request, call) {
    const now = broker.env.clock.now();
    const [only] = request.topics.length === 1 ? request.topics : [];
    const valid = only?.topicName === METADATA_TOPIC && only.partitions.length === 1 && only.partitions[0]!.partitionIndex === 0;
    const topics = request.topics.map(({ topicName, partitions }) =>
      newTopicData({
        topicName,
        partitions: partitions.map(({ partitionIndex }) => {
          if (!valid) {
            const errorMessage = ERRORS.UNKNOWN_TOPIC_OR_PARTITION[2];
            return newPartitionData({ partitionIndex, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage });
          }
          const voter = newReplicaState({ replicaId: broker.nodeId, lastFetchTimestamp: now, lastCaughtUpTimestamp: now });
          const leader = { leaderId: broker.nodeId, leaderEpoch: LEADER_EPOCH };
          return newPartitionData({ partitionIndex, errorMessage: null, ...leader, currentVoters: [voter] });
        }),
      }),
    );
    const listeners = [newListener({ name: CONTROLLER_LISTENER, ...call.advertised })];
    return newDescribeQuorumResponse({
      errorMessage: null,
      topics,
      nodes: valid && call.version >= NODES_FROM ? [newNode({ nodeId: broker.nodeId, listeners })] : [],
    });
  },
});
