// ElectLeaders (43): versions 0–2. This broker leads every partition for ever: no election is ever needed. Asked for all partitions, the
// answer lists the topics without partitions, as it lists only those that changed. KIP-183, KIP-460.
import { ErrorCode, ERRORS } from "../../protocol/errors.ts";
import { newElectLeadersResponse, newPartitionResult, newReplicaElectionResult } from "../../protocol/generated/elect-leaders.gen.ts";
import { defineApi } from "../api.ts";

const PREFERRED = 0;
const UNCLEAN = 1;

export const electLeaders = defineApi("ElectLeaders", {
  handle(broker, request) {
    const wrongType = request.electionType !== PREFERRED && request.electionType !== UNCLEAN;
    const everything = wrongType ? [] : [...broker.topics.all()].map(({ name }) => ({ topic: name, partitions: [] }));
    const replicaElectionResults = (request.topicPartitions ?? everything).map(({ topic, partitions }) =>
      newReplicaElectionResult({
        topic,
        partitionResult: partitions.map((partitionId) => {
          const isThere = broker.topics.partition(topic, partitionId) !== undefined;
          const name = wrongType ? "INVALID_REQUEST" : isThere ? "ELECTION_NOT_NEEDED" : "UNKNOWN_TOPIC_OR_PARTITION";
          return newPartitionResult({ partitionId, errorCode: ErrorCode[name], errorMessage: ERRORS[name][2] });
        }),
      }),
    );
    return newElectLeadersResponse({ errorCode: wrongType ? ErrorCode.INVALID_REQUEST : ErrorCode.NONE, replicaElectionResults });
  },
});
