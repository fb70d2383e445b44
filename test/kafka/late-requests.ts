// Random requests of a transactional producer that come late, twice, or from somebody else: of the epoch before, of the transaction that
// has ended, markers that a tool writes; and what readers, listings and descriptions tell of it.
import fc from "fast-check";
import { newDescribeProducersRequest } from "../../src/protocol/generated/describe-producers.gen.ts";
import { newEndTxnRequest } from "../../src/protocol/generated/end-txn.gen.ts";
import { newFetchPartition, newFetchRequest, newFetchTopic } from "../../src/protocol/generated/fetch.gen.ts";
import { newInitProducerIdRequest } from "../../src/protocol/generated/init-producer-id.gen.ts";
import { newListOffsetsPartition, newListOffsetsRequest, newListOffsetsTopic } from "../../src/protocol/generated/list-offsets.gen.ts";
import { newListTransactionsRequest } from "../../src/protocol/generated/list-transactions.gen.ts";
import { newPartitionProduceData, newProduceRequest, newTopicProduceData } from "../../src/protocol/generated/produce.gen.ts";
import {
  newTxnOffsetCommitRequest,
  newTxnOffsetCommitRequestPartition,
  newTxnOffsetCommitRequestTopic,
  type TxnOffsetCommitRequest,
} from "../../src/protocol/generated/txn-offset-commit.gen.ts";
import { newWriteTxnMarkersRequest } from "../../src/protocol/generated/write-txn-markers.gen.ts";
import { batch, step, type Learnt } from "./requests.ts";
import { addOffsets, epochOf, transactionSteps } from "./transaction-requests.ts";

const GROUP = "x";
const late = fc.constantFrom(0, 0, 0, 0, -1, -1, 1);
const index = fc.constantFrom(0, 0, 1);
const id = (learnt: Learnt): string => `${learnt.prefix}tx`;

/** In its own epoch only: of another one, Apache Kafka aborts what the present producer has begun, and here it is refused. */
const init = fc.tuple(fc.constantFrom(0, 0, 7), fc.integer({ min: 3, max: 5 })).map(([other, version]) =>
  step<"InitProducerId">({
    name: `init again, producer +${other} v${version}`,
    api: "InitProducerId",
    version,
    request: (learnt) =>
      newInitProducerIdRequest({
        transactionalId: id(learnt),
        transactionTimeoutMs: 60_000,
        producerId: learnt.producerId + other,
        producerEpoch: learnt.producerEpoch,
      }),
    learn: ({ errorCode, producerId, producerEpoch }, learnt) => {
      if (errorCode !== 0) return;
      Object.assign(learnt, { producerId, producerEpoch });
      learnt.sequences.clear();
    },
    settles: "transaction",
  }),
);

const produce = fc.tuple(late, index, fc.constantFrom(0, 0, 0, -2)).map(([ahead, partition, again]) =>
  step<"Produce">({
    name: `produce to t-${partition}, epoch +${ahead}${again === 0 ? "" : ", the last batch again"}`,
    api: "Produce",
    version: 12,
    request: (learnt) => {
      const next = learnt.sequences.get(String(partition)) ?? 0;
      const records = batch(2, false, {
        transactional: true,
        producerId: learnt.producerId,
        producerEpoch: epochOf(learnt, ahead),
        baseSequence: ahead === 0 ? Math.max(0, next + again) : 0,
      });
      const topicData = [newTopicProduceData({ name: `${learnt.prefix}t`, partitionData: [newPartitionProduceData({ index: partition, records })] })]; // prettier-ignore
      return newProduceRequest({ transactionalId: id(learnt), acks: -1, timeoutMs: 5000, topicData });
    },
    learn: (response, learnt) => {
      const of = String(partition);
      const isNew = ahead === 0 && (again === 0 || (learnt.sequences.get(of) ?? 0) === 0);
      if (isNew && response.responses[0]!.partitionResponses[0]!.errorCode === 0)
        learnt.sequences.set(of, (learnt.sequences.get(of) ?? 0) + 2);
    },
  }),
);

const commitOffsets = fc
  .record({
    ahead: late,
    name: fc.constantFrom("t", "t", "missing"),
    at: fc.array(fc.constantFrom(0, 0, 1, 7), { minLength: 1, maxLength: 3 }),
    size: fc.constantFrom(1, 4097),
    member: fc.constantFrom<Partial<TxnOffsetCommitRequest>>({}, {}, {}, { memberId: "somebody" }, { memberId: "somebody", generationId: 0 }, { groupInstanceId: "i" }), // prettier-ignore
    epoch: fc.constantFrom(-1, 0, 5),
    version: fc.constantFrom(5, 5, 5, 5, 4, 3),
  })
  .map(({ ahead, name, at, size, member, epoch, version }) =>
    step<"TxnOffsetCommit">({
      name: `commit offsets of ${name}-${at.join()}, epoch ${epoch}, metadata of ${size}, by ${JSON.stringify(member)}, epoch +${ahead} v${version}`,
      api: "TxnOffsetCommit",
      version,
      request: (learnt) => {
        const partitions = at.map((partitionIndex) =>
          newTxnOffsetCommitRequestPartition({
            partitionIndex,
            committedOffset: 3,
            committedLeaderEpoch: epoch,
            committedMetadata: "x".repeat(size),
          }),
        );
        return newTxnOffsetCommitRequest({
          transactionalId: id(learnt),
          groupId: learnt.prefix + GROUP,
          producerId: learnt.producerId,
          producerEpoch: epochOf(learnt, ahead),
          ...member,
          topics: [newTxnOffsetCommitRequestTopic({ name: learnt.prefix + name, partitions })],
        });
      },
    }),
  );

const end = fc.tuple(late, fc.boolean(), fc.constantFrom(5, 5, 5, 5, 5, 4, 3, 1)).map(([ahead, committed, version]) =>
  step<"EndTxn">({
    name: `${committed ? "commit" : "abort"} v${version}, epoch +${ahead}`,
    api: "EndTxn",
    version,
    request: (learnt) =>
      newEndTxnRequest({
        transactionalId: id(learnt),
        producerId: learnt.producerId,
        producerEpoch: epochOf(learnt, ahead),
        committed,
      }),
    learn: (response, learnt) => {
      if (response.errorCode !== 0 || version < 5 || response.producerEpoch < 0) return;
      if (response.producerEpoch !== learnt.producerEpoch) learnt.sequences.clear();
      Object.assign(learnt, { producerId: response.producerId, producerEpoch: response.producerEpoch });
    },
    settles: "transaction",
  }),
);

/** Not of an epoch to come: behind one, Apache Kafka tries to write its own marker for ever, and every answer is CONCURRENT_TRANSACTIONS. */
const markers = fc
  .record({
    ahead: fc.constantFrom(0, 0, -1),
    at: index,
    transactionResult: fc.boolean(),
    coordinatorEpoch: fc.constantFrom(0, 0, -1),
    transactionVersion: fc.constantFrom(0, 1, 2),
    version: fc.constantFrom(1, 2),
  })
  .map(({ ahead, at, transactionResult, coordinatorEpoch, transactionVersion, version }) =>
    step<"WriteTxnMarkers">({
      name: `marker (${transactionResult ? "commit" : "abort"}) to t-${at}, epoch +${ahead}, coordinator ${coordinatorEpoch}, transactions of ${transactionVersion} v${version}`,
      api: "WriteTxnMarkers",
      version,
      request: (learnt) =>
        newWriteTxnMarkersRequest({
          markers: [
            {
              producerId: learnt.producerId,
              producerEpoch: epochOf(learnt, ahead),
              transactionResult,
              coordinatorEpoch,
              transactionVersion: version >= 2 ? transactionVersion : 0,
              topics: [{ name: `${learnt.prefix}t`, partitionIndexes: [at] }],
            },
          ],
        }),
    }),
  );

const producers = index.map((at) =>
  step<"DescribeProducers">({
    name: `producers of t-${at}`,
    api: "DescribeProducers",
    version: 0,
    request: ({ prefix }) => newDescribeProducersRequest({ topics: [{ name: `${prefix}t`, partitionIndexes: [at] }] }),
  }),
);

const list = fc
  .record({
    stateFilters: fc.constantFrom<string[]>([], ["Ongoing"], ["Empty", "CompleteAbort"], ["ongoing"], ["nonsense"]),
    ofProducer: fc.constantFrom("any", "ours", "another"),
    durationFilter: fc.constantFrom(-1, -1, 3_600_000),
    pattern: fc.constantFrom(null, ".*tx", "tx"),
    version: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ stateFilters, ofProducer, durationFilter, pattern, version }) =>
    step<"ListTransactions">({
      name: `transactions ${stateFilters.join()} of ${ofProducer} producer, older than ${durationFilter}, called ${pattern} v${version}`,
      api: "ListTransactions",
      version,
      request: ({ producerId }) =>
        newListTransactionsRequest({
          stateFilters,
          producerIdFilters: { any: [], ours: [producerId], another: [producerId + 7] }[ofProducer]!,
          durationFilter: version >= 1 ? durationFilter : -1,
          transactionalIdPattern: version >= 2 ? pattern : null,
        }),
      ours: ({ transactionalId }: { transactionalId: string }, { prefix }) => transactionalId.startsWith(prefix),
    }),
  );

const fetch = fc.tuple(index, fc.constantFrom(0, 0, 1, 3, 4), fc.constantFrom(0, 1, 1)).map(([at, fetchOffset, isolationLevel]) =>
  step<"Fetch">({
    name: `fetch t-${at} from ${fetchOffset}, isolation ${isolationLevel}`,
    api: "Fetch",
    version: 12,
    request: ({ prefix }) => {
      const partitions = [newFetchPartition({ partition: at, fetchOffset, partitionMaxBytes: 10_000 })];
      const topics = [newFetchTopic({ topic: `${prefix}t`, partitions })];
      return newFetchRequest({ maxWaitMs: 0, minBytes: 1, maxBytes: 10_000, isolationLevel, topics });
    },
  }),
);

/** Not of the largest timestamp: markers have the broker's, and two of them may have the same. */
const listOffsets = fc.tuple(index, fc.constantFrom(-1, -1, 1_700_000_000_001), fc.constantFrom(0, 1)).map(([at, timestamp, isolationLevel]) =>
  step<"ListOffsets">({
    name: `offset of ${timestamp} in t-${at}, isolation ${isolationLevel}`,
    api: "ListOffsets",
    version: 8,
    request: ({ prefix }) => {
      const partitions = [newListOffsetsPartition({ partitionIndex: at, timestamp })];
      return newListOffsetsRequest({ replicaId: -1, isolationLevel, topics: [newListOffsetsTopic({ name: `${prefix}t`, partitions })] });
    },
  }),
); // prettier-ignore

export const lateSteps = fc.oneof(
  { weight: 1, arbitrary: transactionSteps.v2 },
  { weight: 1, arbitrary: init },
  { weight: 4, arbitrary: produce },
  { weight: 1, arbitrary: addOffsets(late) },
  { weight: 2, arbitrary: commitOffsets },
  { weight: 4, arbitrary: end },
  { weight: 1, arbitrary: markers },
  { weight: 1, arbitrary: producers },
  { weight: 1, arbitrary: list },
  { weight: 2, arbitrary: fetch },
  { weight: 1, arbitrary: listOffsets },
);
