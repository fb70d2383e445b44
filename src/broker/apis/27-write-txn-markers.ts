// WriteTxnMarkers (27): versions 1–2. Markers another coordinator asks for, or a tool that ends a hanging transaction: our own
// coordinator writes its markers without it. Where version 2 says that the transaction is of version 2, its marker's epoch must be later
// than its records'. KIP-98, KIP-664, KIP-1228.
import { ErrorCode, KafkaError } from "../../protocol/errors.ts";
import {
  newWritableTxnMarkerPartitionResult,
  newWritableTxnMarkerResult,
  newWritableTxnMarkerTopicResult,
  newWriteTxnMarkersResponse,
  type WritableTxnMarker,
} from "../../protocol/generated/write-txn-markers.gen.ts";
import type { PartitionLog } from "../../log/partition-log.ts";
import { defineApi, type BrokerContext } from "../api.ts";
import { OFFSETS_TOPIC } from "../topics.ts";

const EPOCH_PER_TRANSACTION = 2;

export const writeTxnMarkers = defineApi("WriteTxnMarkers", {
  async handle(broker, request) {
    const markers = [];
    for (const marker of request.markers) {
      if (marker.topics.every(({ partitionIndexes }) => partitionIndexes.length === 0)) continue; // Apache Kafka leaves them out, too
      const topics = [];
      for (const { name, partitionIndexes } of marker.topics) {
        const writing = partitionIndexes.map(async (partitionIndex) =>
          newWritableTxnMarkerPartitionResult({ partitionIndex, errorCode: await write(broker, marker, name, partitionIndex) }),
        );
        topics.push(newWritableTxnMarkerTopicResult({ name, partitions: await Promise.all(writing) }));
      }
      markers.push(newWritableTxnMarkerResult({ producerId: marker.producerId, topics }));
    }
    return newWriteTxnMarkersResponse({ markers });
  },
});

/** Whether the marker has the epoch of records that it would end: of version 2, it is of the transaction before, and late. */
function isOfItsData(log: PartitionLog, producerId: number, producerEpoch: number): boolean {
  for (const producer of log.activeProducers())
    if (producer.producerId === producerId) return producer.producerEpoch === producerEpoch && producer.transactionFirstOffset >= 0;
  return false;
}

async function write(broker: BrokerContext, marker: WritableTxnMarker, topic: string, partition: number): Promise<number> {
  const log = broker.topics.partition(topic, partition);
  if (log === undefined) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  const { producerId, producerEpoch, transactionResult: commit, coordinatorEpoch } = marker;
  if (marker.transactionVersion >= EPOCH_PER_TRANSACTION && isOfItsData(log, producerId, producerEpoch))
    return ErrorCode.INVALID_PRODUCER_EPOCH;
  try {
    await log.appendMarker({ producerId, producerEpoch, commit, coordinatorEpoch, now: broker.env.clock.now() });
  } catch (error) {
    if (error instanceof KafkaError) return error.errorCode;
    throw error;
  }
  if (topic === OFFSETS_TOPIC) broker.groups.transactionEnded(producerId, commit);
  return ErrorCode.NONE;
}
