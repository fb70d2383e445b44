// DescribeTransactions (65): version 0. State, producer, start and partitions of transactional ids. KIP-664.
import { ErrorCode } from "../../protocol/errors.ts";
import { newDescribeTransactionsResponse, newTopicData, newTransactionState } from "../../protocol/generated/describe-transactions.gen.ts";
import { defineApi } from "../api.ts";
import { parsePartitionKey } from "../topics.ts";

export const describeTransactions = defineApi("DescribeTransactions", {
  handle(broker, request) {
    const transactionStates = request.transactionalIds.map((transactionalId) => {
      const state = broker.transactions.state(transactionalId);
      if (transactionalId === "") return newTransactionState({ transactionalId, errorCode: ErrorCode.INVALID_REQUEST });
      if (state === undefined) return newTransactionState({ transactionalId, errorCode: ErrorCode.TRANSACTIONAL_ID_NOT_FOUND });
      const { data } = state;
      return newTransactionState({
        transactionalId,
        transactionState: data.status,
        transactionTimeoutMs: data.timeoutMs,
        transactionStartTimeMs: data.startedAt,
        producerId: data.producerId,
        producerEpoch: data.producerEpoch,
        topics: topicsOf(data.partitions),
      });
    });
    return newDescribeTransactionsResponse({ transactionStates });
  },
});

function topicsOf(keys: Iterable<string>) {
  const topics = new Map<string, number[]>();
  for (const key of keys) {
    const { topic, partition } = parsePartitionKey(key);
    const partitions = topics.get(topic);
    if (partitions === undefined) topics.set(topic, [partition]);
    else partitions.push(partition);
  }
  return [...topics].map(([topic, partitions]) => newTopicData({ topic, partitions }));
}
