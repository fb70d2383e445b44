// AddPartitionsToTxn (24): versions 0–5. Up to v3 one producer adds its partitions; from v4 several transactions, which may only be
// verified (KIP-890). All partitions of a transaction are added or none.
import { ErrorCode } from "../../protocol/errors.ts";
import {
  newAddPartitionsToTxnPartitionResult,
  newAddPartitionsToTxnResponse,
  newAddPartitionsToTxnResult,
  newAddPartitionsToTxnTopicResult,
} from "../../protocol/generated/add-partitions-to-txn.gen.ts";
import type {
  AddPartitionsToTxnTopic,
  AddPartitionsToTxnTopicResult,
  AddPartitionsToTxnTransaction,
} from "../../protocol/generated/add-partitions-to-txn.gen.ts";
import { defineApi, type BrokerContext } from "../api.ts";
import { fencedBefore } from "../fenced-producer.ts";
import { partitionKey } from "../topics.ts";

const SEVERAL_FROM = 4;
const FENCED_FROM = 2;
const ABORTABLE_FROM = 5;

export const addPartitionsToTxn = defineApi("AddPartitionsToTxn", {
  async handle(broker, request, call) {
    if (call.version >= SEVERAL_FROM) {
      const results = request.transactions.map(async (transaction) =>
        newAddPartitionsToTxnResult({
          transactionalId: transaction.transactionalId,
          topicResults: await addOrVerify(broker, transaction, call.version),
        }),
      );
      return newAddPartitionsToTxnResponse({ resultsByTransaction: await Promise.all(results) });
    }
    const transaction = {
      transactionalId: request.v3AndBelowTransactionalId,
      producerId: request.v3AndBelowProducerId,
      producerEpoch: request.v3AndBelowProducerEpoch,
      verifyOnly: false,
      topics: request.v3AndBelowTopics,
    };
    return newAddPartitionsToTxnResponse({ resultsByTopicV3AndBelow: await addOrVerify(broker, transaction, call.version) });
  },
});

async function addOrVerify(
  broker: BrokerContext,
  transaction: AddPartitionsToTxnTransaction,
  version: number,
): Promise<AddPartitionsToTxnTopicResult[]> {
  const unknown = new Set<string>();
  const keys: string[] = [];
  for (const { name, partitions } of transaction.topics) {
    for (const partition of partitions) {
      const key = partitionKey(name, partition);
      if (broker.topics.partition(name, partition) === undefined) unknown.add(key);
      else keys.push(key);
    }
  }
  if (unknown.size > 0) {
    return results(transaction.topics, (key) =>
      unknown.has(key) ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.OPERATION_NOT_ATTEMPTED,
    );
  }
  if (transaction.verifyOnly) return verify(broker, transaction, version);
  const error = await broker.transactions.addPartitions(transaction.transactionalId, transaction, keys, 0);
  return results(transaction.topics, () => fencedBefore(FENCED_FROM, version, error));
}

function verify(broker: BrokerContext, transaction: AddPartitionsToTxnTransaction, version: number): AddPartitionsToTxnTopicResult[] {
  return results(transaction.topics, (key) => {
    const error = broker.transactions.verify(transaction.transactionalId, transaction, key);
    return error === ErrorCode.TRANSACTION_ABORTABLE && version < ABORTABLE_FROM ? ErrorCode.INVALID_TXN_STATE : error;
  });
}

function results(topics: readonly AddPartitionsToTxnTopic[], errorOf: (key: string) => number): AddPartitionsToTxnTopicResult[] {
  return topics.map(({ name, partitions }) =>
    newAddPartitionsToTxnTopicResult({
      name,
      resultsByPartition: partitions.map((partitionIndex) =>
        newAddPartitionsToTxnPartitionResult({ partitionIndex, partitionErrorCode: errorOf(partitionKey(name, partitionIndex)) }),
      ),
    }),
  );
}
