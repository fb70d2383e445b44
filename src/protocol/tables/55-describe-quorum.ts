// The replicas of the metadata log (KIP-595, KIP-836, KIP-853).
import { api, list, type Fields } from "./table.ts";

const replicaState: Fields = {
  replicaId: "int32 0+",
  replicaDirectoryId: "uuid 2+",
  logEndOffset: "int64 0+",
  lastFetchTimestamp: "int64 1+ default=-1 ignorable",
  lastCaughtUpTimestamp: "int64 1+ default=-1 ignorable",
};

export const describeQuorum = api(55, "DescribeQuorum", {
  versions: "0-2",
  flexible: "0+",
  request: {
    topics: list("TopicRequest", "0+", {
      topicName: "string 0+",
      partitions: list("PartitionRequest", "0+", {
        partitionIndex: "int32 0+",
      }),
    }),
  },
  response: {
    errorCode: "int16 0+",
    errorMessage: "string? 2+ ignorable",
    topics: list("TopicData", "0+", {
      topicName: "string 0+",
      partitions: list("PartitionData", "0+", {
        partitionIndex: "int32 0+",
        errorCode: "int16 0+",
        errorMessage: "string? 2+ ignorable",
        leaderId: "int32 0+",
        leaderEpoch: "int32 0+",
        highWatermark: "int64 0+",
        currentVoters: list("ReplicaState", "0+", replicaState),
        observers: list("ReplicaState", "0+", replicaState),
      }),
    }),
    nodes: list("Node", "2+", {
      nodeId: "int32 2+",
      listeners: list("Listener", "2+", {
        name: "string 2+",
        host: "string 2+",
        port: "uint16 2+",
      }),
    }),
  },
});
