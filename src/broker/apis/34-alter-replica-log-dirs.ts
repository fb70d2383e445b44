// AlterReplicaLogDirs (34): versions 1–2. There is one log directory: a move to where the partition already is succeeds, any other is
// refused with LOG_DIR_NOT_FOUND. KIP-113.
import { ErrorCode } from "../../protocol/errors.ts";
import {
  newAlterReplicaLogDirPartitionResult,
  newAlterReplicaLogDirsResponse,
  newAlterReplicaLogDirTopicResult,
} from "../../protocol/generated/alter-replica-log-dirs.gen.ts";
import { defineApi } from "../api.ts";

export const alterReplicaLogDirs = defineApi("AlterReplicaLogDirs", {
  handle(broker, request) {
    const answers = new Map<string, Map<number, number>>();
    for (const { path, topics } of request.dirs) {
      for (const { name, partitions } of topics) {
        if (partitions.length === 0) continue; // not answered, as on Apache Kafka
        const known = answers.get(name) ?? new Map<number, number>();
        answers.set(name, known);
        for (const partition of partitions) known.set(partition, path === broker.logs.path ? ErrorCode.NONE : ErrorCode.LOG_DIR_NOT_FOUND);
      }
    }
    const results = [...answers].map(([topicName, partitions]) =>
      newAlterReplicaLogDirTopicResult({
        topicName,
        partitions: [...partitions].map(([partitionIndex, code]) => {
          const known = broker.topics.partition(topicName, partitionIndex) !== undefined;
          const errorCode = known || code !== ErrorCode.NONE ? code : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
          return newAlterReplicaLogDirPartitionResult({ partitionIndex, errorCode });
        }),
      }),
    );
    return newAlterReplicaLogDirsResponse({ results });
  },
});
