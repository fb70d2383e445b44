// Produce (0): versions 3–13; 0–2 are advertised and refused, as Apache Kafka does (older librdkafka looks at version 0 for compression).
// Batches are checked (magic 2, lengths, CRC, counts) and appended as they came. Requests of one connection overlap: their appends
// start in order, their acknowledgements wait for the flush together.
// KIP-98 (idempotence, transactions), KIP-467 (error messages, which records), KIP-516 (topic ids, v13), KIP-724 (0–2 gone), KIP-890 (v11, v12), KIP-951.
import type { TopicInfo } from "../../log/log-directory.ts";
import type { PartitionLog } from "../../log/partition-log.ts";
import { RefusedRecordsError } from "../../log/refused-records-error.ts";
import { ErrorCode, errorByCode, KafkaError } from "../../protocol/errors.ts";
import {
  newBatchIndexAndErrorMessage,
  newPartitionProduceResponse,
  newProduceResponse,
  newTopicProduceResponse,
} from "../../protocol/generated/produce.gen.ts";
import type {
  BatchIndexAndErrorMessage,
  PartitionProduceData,
  PartitionProduceResponse,
  ProduceRequest,
  ProduceResponse,
  TopicProduceData,
} from "../../protocol/generated/produce.gen.ts";
import {
  ATTRIBUTES_AT,
  BATCH_HEADER_BYTES,
  int16At,
  isControl,
  isTransactional,
  MAGIC,
  MAGIC_AT,
  wholeBatchSizeAt,
  type BatchHeader,
} from "../../protocol/records/batch-header.ts";
import { validateBatch } from "../../protocol/records/validate-batch.ts";
import { defineApi, type BrokerContext, type Call } from "../api.ts";
import { LEADER_EPOCH } from "../leader-epoch.ts";
import { isInternalTopic, partitionKey } from "../topics.ts";

const TOPIC_IDS_FROM = 13;
/** From here on a producer may leave AddPartitionsToTxn to the broker. */
const IMPLICIT_ADD_FROM = 12;
/** From here on TRANSACTION_ABORTABLE is understood. */
const ABORTABLE_FROM = 11;
const ZSTD_FROM = 7;
const ZSTD = 4;
/** Errors of an append that do not tell the log's start. */
const STARTLESS: ReadonlySet<string> = new Set([
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "KAFKA_STORAGE_ERROR",
  "UNKNOWN_TOPIC_OR_PARTITION",
]);
const TOO_LARGE: ReadonlySet<string> = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"]);
/** The only client that may write to internal topics, by Apache Kafka's rule. */
const ADMIN_CLIENT_ID = "__admin_client";

interface Target {
  readonly log: PartitionLog;
  readonly records: Uint8Array;
  readonly header: BatchHeader;
}

export const produce = defineApi("Produce", {
  advertisedMinVersion: 0,
  overlaps: true,
  handle(broker, request, call) {
    if (request.transactionalId === null && request.topicData.some(hasTransaction)) return refuseAll(broker, request, call);
    if (request.transactionalId === null || call.version < IMPLICIT_ADD_FROM) return append(broker, request, call);
    call.exclusive = true; // partitions may have to be added first: the next batches must not overtake
    const checked: CheckedBatches = new Map();
    return addPartitions(broker, request, call, checked).then((error) => append(broker, request, call, error, checked));
  },
});

function hasTransaction({ partitionData }: TopicProduceData): boolean {
  return partitionData.some(
    ({ records }) => records !== null && records.length >= BATCH_HEADER_BYTES && isTransactional(int16At(records, ATTRIBUTES_AT)),
  );
}

/** Nothing of the request is written: parts of it are in a transaction that it does not name. */
function refuseAll(broker: BrokerContext, request: ProduceRequest, call: Call): ProduceResponse | undefined {
  const error = new KafkaError("TRANSACTIONAL_ID_AUTHORIZATION_FAILED");
  const responses = request.topicData.map((topicData) => {
    countRefused(broker, topicData, call);
    const partitionResponses = topicData.partitionData.map(({ index }) => refused(broker, index, error));
    return newTopicProduceResponse({ name: topicData.name, topicId: topicData.topicId, partitionResponses });
  });
  if (request.acks !== 0) return newProduceResponse({ responses });
  call.close = true;
  return undefined;
}

/** Headers of batches whose checksums were found right. */
type CheckedBatches = Map<PartitionProduceData, BatchHeader>;

/** Starts all appends in this turn. `refusal`: an error code for every batch of a transaction. */
async function append(
  broker: BrokerContext,
  request: ProduceRequest,
  call: Call,
  refusal: number = ErrorCode.NONE,
  checked?: CheckedBatches,
) {
  const now = broker.env.clock.now();
  const fromZero = request.transactionalId !== null && call.version >= IMPLICIT_ADD_FROM;
  const answers = request.topicData.map((topicData) => {
    const partitions = topicData.partitionData.map((data) => {
      try {
        const target = check(broker, request, topicData, data, call, refusal, checked);
        const { header } = target;
        const traffic = broker.counters.topic(target.log.topic);
        traffic.produceRequests++;
        traffic.messagesIn += header.recordCount;
        traffic.bytesIn += target.records.length;
        const appending = target.log.append(target.records, { leaderEpoch: LEADER_EPOCH, origin: "client", fromZero, header, now });
        return appending.then(
          ({ baseOffset, logAppendTime, logStartOffset }) =>
            newPartitionProduceResponse({ index: data.index, baseOffset, logAppendTimeMs: logAppendTime, logStartOffset }),
          (error: unknown) => refused(broker, data.index, error, target),
        );
      } catch (error) {
        countRefused(broker, topicData, call);
        return refused(broker, data.index, error, undefined, logThatRefused(broker, topicData, data, call, error));
      }
    });
    return { topicData, partitions };
  });
  // Without acknowledgements, what is refused ends the connection: nothing that came behind it is begun.
  if (request.acks === 0)
    call.exclusive = answers.some(({ partitions }) => partitions.some((partition) => !(partition instanceof Promise)));
  const responses = [];
  for (const { topicData, partitions } of answers) {
    const { name, topicId } = topicData;
    responses.push(newTopicProduceResponse({ name, topicId, partitionResponses: await Promise.all(partitions) }));
  }
  const failed = responses.some(({ partitionResponses }) => partitionResponses.some(({ errorCode }) => errorCode !== ErrorCode.NONE));
  // What was appended is written; of what was refused, a write may be under way still.
  call.requestIsFree = !failed;
  if (request.acks !== 0) return newProduceResponse({ responses });
  call.close = failed;
  return undefined;
}

/** Throws a KafkaError if the data cannot go into the partition. */
function check(
  broker: BrokerContext,
  { acks, transactionalId }: ProduceRequest,
  topicData: TopicProduceData,
  data: PartitionProduceData,
  call: Call,
  refusal: number,
  checked?: CheckedBatches,
): Target {
  const { index, records } = data;
  const topic = findTopic(broker, topicData, call);
  const log = topic.partitions[index];
  if (log === undefined) throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION");
  if (isInternalTopic(topic.name) && call.clientId !== ADMIN_CLIENT_ID) throw new KafkaError("INVALID_TOPIC_EXCEPTION");
  if (records === null || records.length === 0)
    throw new KafkaError("INVALID_RECORD", "A produce request needs one record batch per partition.");
  const size = wholeBatchSizeAt(records, 0);
  if (size === 0) throw new KafkaError("INVALID_RECORD", "The records end before their batch does.");
  const isOne = records[MAGIC_AT] === MAGIC && wholeBatchSizeAt(records, size) === 0;
  const isAcks = acks >= -1 && acks <= 1;
  if (!isAcks && isOne && !isTransactional(int16At(records, ATTRIBUTES_AT))) throw new KafkaError("INVALID_REQUIRED_ACKS");
  const header = checked?.get(data) ?? validateBatch(records);
  checkBatch(header, records, call);
  const isAll = size === records.length;
  const inTransaction = transactionalId !== null && isTransactional(header.attributes);
  if (inTransaction) log.verify(header, call.version >= IMPLICIT_ADD_FROM, broker.env.clock.now());
  if (inTransaction && refusal !== ErrorCode.NONE) throw new KafkaError(errorByCode(refusal).name);
  if (inTransaction) checkTransaction(broker, transactionalId, topic, index, header, call);
  if (!isAcks) throw new KafkaError("INVALID_REQUIRED_ACKS");
  checkOrigin(header);
  return { log, records: isAll ? records : records.subarray(0, size), header };
}

function findTopic(broker: BrokerContext, { name, topicId }: TopicProduceData, call: Call): TopicInfo {
  const byId = call.version >= TOPIC_IDS_FROM;
  const topic = byId ? broker.topics.byId(topicId) : broker.topics.byName(name);
  if (topic === undefined) throw new KafkaError(byId ? "UNKNOWN_TOPIC_ID" : "UNKNOWN_TOPIC_OR_PARTITION");
  return topic;
}

/** What the log does not check: sizes, timestamps and sequences are its own. */
function checkBatch(header: BatchHeader, records: Uint8Array, call: Call): void {
  if (wholeBatchSizeAt(records, header.sizeBytes) !== 0) {
    throw new KafkaError("INVALID_RECORD", "A produce request may carry only one record batch per partition.");
  }
  if ((header.attributes & 0x07) === ZSTD && call.version < ZSTD_FROM) throw new KafkaError("UNSUPPORTED_COMPRESSION_TYPE");
}

/** What only brokers may write. */
function checkOrigin({ baseOffset, attributes, producerId, baseSequence }: BatchHeader): void {
  if (baseOffset !== 0) throw new KafkaError("INVALID_RECORD", `A batch for the log begins with offset 0, this one with ${baseOffset}.`);
  if (isControl(attributes)) throw new KafkaError("INVALID_RECORD", "Clients may not write control batches.");
  if (producerId >= 0 && baseSequence < 0)
    throw new KafkaError("INVALID_RECORD", `A batch of producer ${producerId} needs a sequence number, ${baseSequence} is none.`);
}

/** A batch of a transaction must belong to one that is going on and knows this partition (KIP-890). */
function checkTransaction(
  broker: BrokerContext,
  transactionalId: string,
  topic: TopicInfo,
  partition: number,
  { producerId, producerEpoch }: BatchHeader,
  call: Call,
): void {
  const key = partitionKey(topic.name, partition);
  const error = broker.transactions.verify(transactionalId, { producerId, producerEpoch }, key);
  if (error === ErrorCode.NONE) return;
  if (error === ErrorCode.CONCURRENT_TRANSACTIONS) {
    throw new KafkaError(call.version >= IMPLICIT_ADD_FROM ? "CONCURRENT_TRANSACTIONS" : "NOT_ENOUGH_REPLICAS");
  }
  if (error === ErrorCode.PRODUCER_FENCED) throw new KafkaError("INVALID_PRODUCER_EPOCH");
  if (error === ErrorCode.TRANSACTION_ABORTABLE && call.version < ABORTABLE_FROM) throw new KafkaError("INVALID_TXN_STATE");
  throw new KafkaError(errorByCode(error).name);
}

/** KIP-890: adds what the request writes to, unless it is there already. */
async function addPartitions(broker: BrokerContext, request: ProduceRequest, call: Call, checked: CheckedBatches): Promise<number> {
  const keys: string[] = [];
  let producer: { producerId: number; producerEpoch: number } | undefined;
  for (const topicData of request.topicData) {
    for (const data of topicData.partitionData) {
      try {
        const topic = findTopic(broker, topicData, call);
        const log = topic.partitions[data.index];
        if (log === undefined || data.records === null) continue;
        const header = validateBatch(data.records);
        checked.set(data, header);
        if (!isTransactional(header.attributes)) continue;
        log.verify(header, true, broker.env.clock.now());
        producer = header;
        keys.push(partitionKey(topic.name, data.index));
      } catch {
        continue; // refused with its own error when it is checked
      }
    }
  }
  if (producer === undefined) return ErrorCode.NONE;
  const error = await broker.transactions.addPartitions(request.transactionalId!, producer, keys, 2);
  return error === ErrorCode.PRODUCER_FENCED ? ErrorCode.INVALID_PRODUCER_EPOCH : error;
}

/** Of topics that are there only: names that somebody makes up are not counted. */
function countRefused(broker: BrokerContext, { name, topicId }: TopicProduceData, call: Call): void {
  const topic = call.version >= TOPIC_IDS_FROM ? broker.topics.byId(topicId) : broker.topics.byName(name);
  if (topic === undefined) return;
  const traffic = broker.counters.topic(topic.name);
  traffic.produceRequests++;
  traffic.failedProduceRequests++;
}

/** What is wrong inside a batch is what Apache Kafka's log finds: such an answer tells the log's start. */
function logThatRefused(
  broker: BrokerContext,
  topicData: TopicProduceData,
  { index, records }: PartitionProduceData,
  call: Call,
  error: unknown,
): PartitionLog | undefined {
  const isInside = error instanceof KafkaError && error.code === "INVALID_RECORD" && records !== null && wholeBatchSizeAt(records, 0) === records.length; // prettier-ignore
  if (!isInside || records[MAGIC_AT] !== MAGIC) return undefined;
  return findTopic(broker, topicData, call).partitions[index];
}

/** `log`: the one that refused; its start is told unless the batch never reached its checks. */
function refused(
  broker: BrokerContext,
  index: number,
  error: unknown,
  target?: Target,
  log: PartitionLog | undefined = target?.log,
): PartitionProduceResponse {
  if (target !== undefined) {
    const traffic = broker.counters.topic(target.log.topic);
    traffic.failedProduceRequests++;
    if (error instanceof KafkaError && TOO_LARGE.has(error.code)) traffic.bytesRejected += target.records.length;
  }
  if (error instanceof KafkaError) {
    const logStartOffset = log === undefined || STARTLESS.has(error.code) ? -1 : log.logStartOffset;
    const recordErrors = error instanceof RefusedRecordsError ? recordErrorsOf(error) : [];
    const errorMessage = error.text;
    return newPartitionProduceResponse({ index, errorCode: error.errorCode, baseOffset: -1, logStartOffset, recordErrors, errorMessage });
  }
  broker.env.logger.log("error", "produce-failed", { partition: index, error });
  return newPartitionProduceResponse({ index, errorCode: ErrorCode.UNKNOWN_SERVER_ERROR, baseOffset: -1 });
}

function recordErrorsOf({ positions, reason }: RefusedRecordsError): BatchIndexAndErrorMessage[] {
  return positions.map((batchIndex) => newBatchIndexAndErrorMessage({ batchIndex, batchIndexErrorMessage: reason }));
}
