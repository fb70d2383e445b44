// Partitions join a transaction. From version 4 a broker asks for several transactions, and may only verify (KIP-890).
import { api, type Fields, list } from "./table.ts";

const topic: Fields = {
  name: "string 0+",
  partitions: "[]int32 0+",
};

const topicResult: Fields = {
  name: "string 0+",
  resultsByPartition: list("AddPartitionsToTxnPartitionResult", "0+", {
    partitionIndex: "int32 0+",
    partitionErrorCode: "int16 0+",
  }),
};

export const addPartitionsToTxn = api(24, "AddPartitionsToTxn", {
  versions: "0-5",
  flexible: "3+",
  request: {
    transactions: list("AddPartitionsToTxnTransaction", "4+", {
      transactionalId: "string 4+",
      producerId: "int64 4+",
      producerEpoch: "int16 4+",
      verifyOnly: "bool 4+",
      topics: list("AddPartitionsToTxnTopic", "4+", topic),
    }),
    v3AndBelowTransactionalId: "string 0-3",
    v3AndBelowProducerId: "int64 0-3",
    v3AndBelowProducerEpoch: "int16 0-3",
    v3AndBelowTopics: list("AddPartitionsToTxnTopic", "0-3", topic),
  },
  response: {
    throttleTimeMs: "int32 0+",
    errorCode: "int16 4+ ignorable",
    resultsByTransaction: list("AddPartitionsToTxnResult", "4+", {
      transactionalId: "string 4+",
      topicResults: list("AddPartitionsToTxnTopicResult", "4+", topicResult),
    }),
    resultsByTopicV3AndBelow: list("AddPartitionsToTxnTopicResult", "0-3", topicResult),
  },
});
