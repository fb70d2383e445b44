// Random requests of one transactional producer, rightly and wrongly: version 1 (partitions are added first) and version 2 (KIP-890).
import fc from "fast-check";
import { newAddOffsetsToTxnRequest } from "../../src/protocol/generated/add-offsets-to-txn.gen.ts";
import { newAddPartitionsToTxnRequest, newAddPartitionsToTxnTopic } from "../../src/protocol/generated/add-partitions-to-txn.gen.ts";
import { newDescribeTransactionsRequest } from "../../src/protocol/generated/describe-transactions.gen.ts";
import { newEndTxnRequest } from "../../src/protocol/generated/end-txn.gen.ts";
import { newInitProducerIdRequest } from "../../src/protocol/generated/init-producer-id.gen.ts";
import { newOffsetFetchRequest } from "../../src/protocol/generated/offset-fetch.gen.ts";
import { newPartitionProduceData, newProduceRequest, newTopicProduceData } from "../../src/protocol/generated/produce.gen.ts";
import {
  newTxnOffsetCommitRequest,
  newTxnOffsetCommitRequestPartition,
  newTxnOffsetCommitRequestTopic,
} from "../../src/protocol/generated/txn-offset-commit.gen.ts";
import { batch, step, type Learnt, type Step } from "./requests.ts";

const TIMEOUT_MS = 60_000;
const GROUP = "x";
/** A wrong epoch is one ahead: the epochs before the present one are told apart by history that a test cannot see. */
const epoch = fc.constantFrom(0, 0, 0, 0, 0, 1);
const index = fc.constantFrom(0, 0, 1);
const id = (learnt: Learnt): string => `${learnt.prefix}tx`;

export const init = fc.nat(5).map((version) =>
  step<"InitProducerId">({
    name: `init v${version}`,
    api: "InitProducerId",
    version,
    request: (learnt) => newInitProducerIdRequest({ transactionalId: id(learnt), transactionTimeoutMs: TIMEOUT_MS, producerId: -1, producerEpoch: -1 }), // prettier-ignore
    learn: ({ errorCode, producerId, producerEpoch }, learnt) => {
      if (errorCode !== 0) return;
      Object.assign(learnt, { producerId, producerEpoch });
      learnt.sequences.clear();
    },
    settles: "transaction",
  }),
);

const add = fc.tuple(epoch, fc.constantFrom(0, 0, 1, 9), fc.nat(3)).map(([ahead, partition, version]) =>
  step<"AddPartitionsToTxn">({
    name: `add t-${partition}, epoch +${ahead} v${version}`,
    api: "AddPartitionsToTxn",
    version,
    request: (learnt) =>
      newAddPartitionsToTxnRequest({
        v3AndBelowTransactionalId: id(learnt),
        v3AndBelowProducerId: learnt.producerId,
        v3AndBelowProducerEpoch: learnt.producerEpoch + ahead,
        v3AndBelowTopics: [newAddPartitionsToTxnTopic({ name: `${learnt.prefix}t`, partitions: [partition] })],
      }),
  }),
);

const produce = (version: number) =>
  fc.tuple(epoch, index, fc.constantFrom(0, 0, 0, 0, 3)).map(([ahead, partition, gap]) =>
    step<"Produce">({
      name: `produce in transaction to t-${partition} v${version}, epoch +${ahead}, sequence +${gap}`,
      api: "Produce",
      version,
      request: (learnt) => {
        const records = batch(2, false, {
          transactional: true,
          producerId: learnt.producerId,
          producerEpoch: learnt.producerEpoch + ahead,
          baseSequence: (learnt.sequences.get(String(partition)) ?? 0) + gap,
        });
        const topicData = [newTopicProduceData({ name: `${learnt.prefix}t`, partitionData: [newPartitionProduceData({ index: partition, records })] })]; // prettier-ignore
        return newProduceRequest({ transactionalId: id(learnt), acks: -1, timeoutMs: 5000, topicData });
      },
      learn: (response, learnt) => {
        const of = String(partition);
        if (response.responses[0]!.partitionResponses[0]!.errorCode === 0) learnt.sequences.set(of, (learnt.sequences.get(of) ?? 0) + 2);
      },
    }),
  );

export const epochOf = ({ producerEpoch }: Learnt, ahead: number): number => Math.max(0, producerEpoch + ahead);

/** `aheads`: of the producer's own epoch. */
export const addOffsets = (aheads: fc.Arbitrary<number>) =>
  fc.tuple(aheads, fc.nat(4)).map(([ahead, version]) =>
    step<"AddOffsetsToTxn">({
      name: `add offsets, epoch +${ahead} v${version}`,
      api: "AddOffsetsToTxn",
      version,
      request: (learnt) =>
        newAddOffsetsToTxnRequest({
          transactionalId: id(learnt),
          producerId: learnt.producerId,
          producerEpoch: epochOf(learnt, ahead),
          groupId: learnt.prefix + GROUP,
        }),
    }),
  );

const commitOffsets = (version: number) =>
  fc.tuple(epoch, fc.nat(9), fc.constantFrom(-1, -1, -1, version >= 3 ? 4 : -1)).map(([ahead, committedOffset, generationId]) =>
    step<"TxnOffsetCommit">({
      name: `commit offset ${committedOffset} in transaction v${version}, epoch +${ahead}, generation ${generationId}`,
      api: "TxnOffsetCommit",
      version,
      request: (learnt) => {
        const partitions = [newTxnOffsetCommitRequestPartition({ partitionIndex: 0, committedOffset, committedMetadata: "m" })];
        return newTxnOffsetCommitRequest({
          transactionalId: id(learnt),
          groupId: learnt.prefix + GROUP,
          producerId: learnt.producerId,
          producerEpoch: learnt.producerEpoch + ahead,
          generationId,
          memberId: generationId === -1 ? "" : "somebody",
          topics: [newTxnOffsetCommitRequestTopic({ name: `${learnt.prefix}t`, partitions })],
        });
      },
    }),
  );

const end = (version: number) =>
  fc.tuple(epoch, fc.boolean()).map(([ahead, committed]) =>
    step<"EndTxn">({
      name: `${committed ? "commit" : "abort"} v${version}, epoch +${ahead}`,
      api: "EndTxn",
      version,
      request: (learnt) =>
        newEndTxnRequest({
          transactionalId: id(learnt),
          producerId: learnt.producerId,
          producerEpoch: learnt.producerEpoch + ahead,
          committed,
        }),
      learn: (response, learnt) => {
        if (response.errorCode !== 0 || version < 5 || response.producerEpoch < 0) return;
        Object.assign(learnt, { producerId: response.producerId, producerEpoch: response.producerEpoch });
        learnt.sequences.clear();
      },
      settles: "transaction",
    }),
  );

export const describeTransaction = (): Step =>
  step<"DescribeTransactions">({
    name: "describe the transaction",
    api: "DescribeTransactions",
    version: 0,
    request: (learnt) => newDescribeTransactionsRequest({ transactionalIds: [id(learnt)] }),
  });

const describe = fc.constant(0).map(describeTransaction);

const offsets = fc.boolean().map((requireStable) =>
  step<"OffsetFetch">({
    name: `offsets of the transaction's group${requireStable ? ", stable" : ""}`,
    api: "OffsetFetch",
    version: 8,
    request: ({ prefix }) =>
      newOffsetFetchRequest({
        requireStable,
        groups: [{ groupId: prefix + GROUP, memberId: null, memberEpoch: -1, topics: [{ name: `${prefix}t`, topicId: "", partitionIndexes: [0, 1] }] }], // prettier-ignore
      }),
  }),
);

const common = [init, describe, offsets];
export const transactionSteps = {
  v1: fc.oneof(
    ...common,
    add,
    add,
    add,
    produce(9),
    produce(9),
    produce(9),
    addOffsets(epoch),
    commitOffsets(3),
    commitOffsets(1),
    commitOffsets(0),
    end(3),
    end(2),
    end(0),
  ),
  /** Without produce requests of version 1: what they leave behind decides on Apache Kafka if a gap in a later one's sequence is seen. */
  mixed: fc.oneof(...common, add, add, addOffsets(epoch), commitOffsets(3), commitOffsets(5), end(3), end(5), end(5), produce(12), produce(12), produce(12)), // prettier-ignore
  v2: fc.oneof(...common, produce(12), produce(12), produce(12), commitOffsets(5), end(5), end(5)),
};
