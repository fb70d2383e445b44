// Random requests that write, read and find records: several partitions at once, batches of every wrong kind, idempotent producers, limits
// of bytes, topics whose settings change.
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { newFetchPartition, newFetchRequest, newFetchTopic } from "../../src/protocol/generated/fetch.gen.ts";
import {
  newAlterableConfig,
  newAlterConfigsResource,
  newIncrementalAlterConfigsRequest,
} from "../../src/protocol/generated/incremental-alter-configs.gen.ts";
import { newListOffsetsPartition, newListOffsetsRequest, newListOffsetsTopic } from "../../src/protocol/generated/list-offsets.gen.ts";
import {
  newOffsetForLeaderEpochRequest,
  newOffsetForLeaderPartition,
  newOffsetForLeaderTopic,
} from "../../src/protocol/generated/offset-for-leader-epoch.gen.ts";
import { newDescribeProducersRequest } from "../../src/protocol/generated/describe-producers.gen.ts";
import { newPartitionProduceData, newProduceRequest, newTopicProduceData } from "../../src/protocol/generated/produce.gen.ts";
import {
  ATTRIBUTES_AT,
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_AT,
  BATCH_OVERHEAD_BYTES,
  LAST_OFFSET_DELTA_AT,
  MAGIC_AT,
  putInt16At,
  putInt32At,
  RECORD_COUNT_AT,
  renewCrc,
} from "../../src/protocol/records/batch-header.ts";
import { BatchWriter } from "../../src/protocol/records/batch-writer.ts";
import { adminParts } from "./admin-requests.ts";
import { batch, byTopic, NO_ID, step, UNKNOWN_ID, type Learnt } from "./requests.ts";

const TIME = 1_700_000_000_000;
const FAR = 4_000_000_000_000;
const TOPIC = 2;
const GZIP = 1;

const places = fc.uniqueArray(fc.tuple(fc.constantFrom("t", "t", "u", "missing"), fc.constantFrom(0, 0, 1, 7)), {
  minLength: 1,
  maxLength: 3,
  selector: ([name, index]) => `${name}-${index}`,
});
/** One that answers in the order of the request, however it groups. */
const told = (of: readonly (readonly [string, number])[]): string => of.map(([name, index]) => `${name}-${index}`).join(" ");

function keyed(records: number, key: string | null, at: number): Uint8Array {
  const writer = new BatchWriter();
  const text = new TextEncoder();
  for (let i = 0; i < records; i++) writer.append(at + i, key === null ? null : text.encode(key), text.encode(`value ${i}`));
  return writer.finish().slice();
}

function patched(bytes: Uint8Array, patch: (bytes: Uint8Array) => void): Uint8Array {
  patch(bytes);
  renewCrc(bytes, 0);
  return bytes;
}

function emptied(bytes: Uint8Array): Uint8Array {
  return patched(bytes.slice(0, BATCH_HEADER_BYTES), (header) => {
    putInt32At(header, BATCH_LENGTH_AT, BATCH_HEADER_BYTES - BATCH_OVERHEAD_BYTES);
    putInt32At(header, RECORD_COUNT_AT, 0);
  });
}

function gzipped(bytes: Uint8Array): Uint8Array {
  const packed = gzipSync(bytes.subarray(BATCH_HEADER_BYTES));
  const all = new Uint8Array([...bytes.subarray(0, BATCH_HEADER_BYTES), ...packed]);
  putInt32At(all, BATCH_LENGTH_AT, all.length - BATCH_OVERHEAD_BYTES);
  putInt16At(all, ATTRIBUTES_AT, GZIP);
  renewCrc(all, 0);
  return all;
}

/**
 * What a client may send as records, by name. Not null, and not of a magic or a compression that nobody knows: Apache Kafka does not answer
 * the first, and on the others it fails (UNKNOWN_SERVER_ERROR) for all partitions of the request; here the one partition is refused.
 */
const RECORDS: Readonly<Record<string, (count: number) => Uint8Array>> = {
  plain: (count) => batch(count, false),
  keyed: (count) => keyed(count, "k", TIME + count),
  older: (count) => keyed(count, "k", TIME - 100),
  "of no time": (count) => keyed(count, "k", -1),
  "of the far future": (count) => keyed(count, "k", FAR),
  gzipped: (count) => gzipped(batch(count, false)),
  broken: (count) => batch(count, true),
  empty: () => new Uint8Array(0),
  "a few bytes": () => new Uint8Array(9),
  "cut short": (count) => batch(count, false).subarray(0, -3),
  "two batches": (count) => new Uint8Array([...batch(count, false), ...batch(1, false)]),
  "a batch and a bit": (count) => new Uint8Array([...batch(count, false), 0, 0, 0]),
  "without records": () => emptied(batch(1, false)),
  control: (count) => batch(count, false, { control: true }),
  transactional: (count) => batch(count, false, { transactional: true, producerId: 7, producerEpoch: 0, baseSequence: 0 }),
  "of a producer without sequence": (count) => batch(count, false, { producerId: 7, producerEpoch: 0, baseSequence: -1 }),
  "from offset 9": (count) => batch(count, false, { baseOffset: 9 }),
  "of magic 1": (count) => patched(batch(count, false), (bytes) => void (bytes[MAGIC_AT] = 1)),
  "that count wrong": (count) => patched(batch(count, false), (bytes) => putInt32At(bytes, RECORD_COUNT_AT, count + 1)),
  "with a gap of offsets": (count) => patched(batch(count, false), (bytes) => putInt32At(bytes, LAST_OFFSET_DELTA_AT, count + 1)),
};
const RIGHT = ["plain", "plain", "keyed", "older", "gzipped"];

const produce = fc
  .record({
    to: places,
    kinds: fc.array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...RIGHT) }, fc.constantFrom(...Object.keys(RECORDS))), {
      minLength: 3,
      maxLength: 3,
    }),
    count: fc.integer({ min: 1, max: 3 }),
    acks: fc.constantFrom(-1, -1, -1, 1, 2, -2),
    version: fc.integer({ min: 3, max: 13 }),
    transactionalId: fc.constantFrom(null, null, null, null, "tx", ""),
  })
  .map(({ to, kinds, count, acks, version, transactionalId }) => {
    const of = new Map(to.map(([name, index], i) => [`${name}-${index}`, kinds[i]!]));
    return step<"Produce">({
      name: `produce ${count} × ${[...of].map(([place, kind]) => `${kind} to ${place}`).join(", ")} v${version}, acks ${acks}, transaction ${transactionalId}`,
      api: "Produce",
      version,
      request: ({ prefix, topicIds }) => {
        const topicData = [...byTopic(to, (index) => index)].map(([name, indexes]) => {
          const called = version >= 13 ? { topicId: topicIds.get(name) ?? UNKNOWN_ID } : { name: prefix + name };
          const partitionData = indexes.map((index) =>
            newPartitionProduceData({ index, records: RECORDS[of.get(`${name}-${index}`)!]!(count) }),
          );
          return newTopicProduceData({ ...called, partitionData });
        });
        return newProduceRequest({
          acks,
          timeoutMs: 5000,
          transactionalId: transactionalId && prefix + transactionalId,
          topicData,
        });
      },
    });
  });

/** Of a producer that nobody gave out an id to: Apache Kafka takes it, too. */
const idempotent = fc
  .tuple(
    fc.constantFrom(0, 1),
    fc.constantFrom(5, 6),
    fc.constantFrom(0, 0, 0, 1, 2),
    fc.constantFrom(0, 0, 1, 2, 3, 4, 6, 2_147_483_646),
    fc.integer({ min: 3, max: 12 }),
  )
  .map(([index, producerId, producerEpoch, baseSequence, version]) =>
    step<"Produce">({
      name: `producer ${producerId}, epoch ${producerEpoch} writes 2 from sequence ${baseSequence} to t-${index} v${version}`,
      api: "Produce",
      version,
      request: ({ prefix }) => {
        const records = batch(2, false, { producerId, producerEpoch, baseSequence });
        const topicData = [newTopicProduceData({ name: `${prefix}t`, partitionData: [newPartitionProduceData({ index, records })] })];
        return newProduceRequest({ acks: -1, timeoutMs: 5000, topicData });
      },
    }),
  );

const producers = fc.constantFrom(0, 1).map((index) =>
  step<"DescribeProducers">({
    name: `producers of t-${index}`,
    api: "DescribeProducers",
    version: 0,
    request: ({ prefix }) => newDescribeProducersRequest({ topics: [{ name: `${prefix}t`, partitionIndexes: [index] }] }),
  }),
);

const fetch = fc
  .record({
    from: places,
    offsets: fc.array(fc.constantFrom(0, 0, 0, 1, 2, 3, 4, 7, -1, -2, 99), { minLength: 3, maxLength: 3 }),
    limits: fc.array(fc.constantFrom(10_000, 10_000, 0, 1, 70, 100, 250), { minLength: 3, maxLength: 3 }),
    maxBytes: fc.constantFrom(10_000, 10_000, 0, 1, 100, 200, 300),
    minBytes: fc.constantFrom(0, 1, 1, 10_000_000),
    isolationLevel: fc.constantFrom(0, 0, 1),
    epoch: fc.constantFrom(-1, -1, -1, 0, 5),
    lastEpoch: fc.constantFrom(-1, -1, -1, 5),
    version: fc.integer({ min: 4, max: 18 }),
    maxWaitMs: fc.constantFrom(0, 0, 0, 0, 5, -1),
    /** What a client may say, too, and nobody heeds. */
    rest: fc.record({
      rackId: fc.constantFrom("", "r"),
      clusterId: fc.constantFrom(null, "another"),
      replicaId: fc.constantFrom(-1, -1, -2),
      logStartOffset: fc.constantFrom(-1, 5),
      highWatermark: fc.constantFrom(Number.MAX_SAFE_INTEGER, 0, -1),
    }),
  })
  .map(({ from, offsets, limits, maxBytes, minBytes, isolationLevel, epoch, lastEpoch, version, maxWaitMs, rest }) =>
    step<"Fetch">({
      name: `fetch ${told(from)} from ${offsets.slice(0, from.length).join()}, ≤ ${limits.slice(0, from.length).join()} of ${minBytes} to ${maxBytes} bytes, isolation ${isolationLevel}, epochs ${epoch}/${lastEpoch}, ≤ ${maxWaitMs} ms, ${JSON.stringify(rest)} v${version}`,
      api: "Fetch",
      version,
      request: ({ prefix, topicIds }: Learnt) => {
        const at = new Map(from.map(([name, index], i) => [`${name}-${index}`, i]));
        const topics = [...byTopic(from, (index) => index)].map(([name, indexes]) => {
          const called =
            version >= 13 ? { topic: "", topicId: topicIds.get(name) ?? UNKNOWN_ID } : { topic: prefix + name, topicId: NO_ID };
          const partitions = indexes.map((partition) => {
            const i = at.get(`${name}-${partition}`)!;
            const lastFetchedEpoch = version >= 12 ? lastEpoch : -1;
            const currentLeaderEpoch = version >= 9 ? epoch : -1;
            return newFetchPartition({
              partition,
              fetchOffset: offsets[i]!,
              partitionMaxBytes: limits[i]!,
              currentLeaderEpoch,
              lastFetchedEpoch,
              logStartOffset: rest.logStartOffset,
              highWatermark: rest.highWatermark,
            });
          });
          return newFetchTopic({ ...called, partitions });
        });
        const told = { clusterId: rest.clusterId, rackId: rest.rackId, replicaId: version <= 14 ? rest.replicaId : -1 };
        return newFetchRequest({ maxWaitMs, minBytes, maxBytes, isolationLevel, topics, ...told });
      },
    }),
  );

const listOffsets = fc
  .record({
    of: places,
    times: fc.array(fc.constantFrom(-5, -4, -3, -3, -2, -1, 0, TIME - 100, TIME - 99, TIME, TIME + 1, TIME + 2, TIME + 3, FAR), { minLength: 3, maxLength: 3 }), // prettier-ignore
    isolationLevel: fc.constantFrom(0, 1),
    replicaId: fc.constantFrom(-1, -1, -1, -2, 0),
    version: fc.integer({ min: 2, max: 11 }),
  })
  .map(({ of, times, isolationLevel, replicaId, version }) =>
    step<"ListOffsets">({
      name: `offsets of ${times.slice(0, of.length).join()} in ${told(of)}, isolation ${isolationLevel} v${version}`,
      api: "ListOffsets",
      version,
      request: ({ prefix }) => {
        const at = new Map(of.map(([name, index], i) => [`${name}-${index}`, times[i]!]));
        const topics = [...byTopic(of, (index) => index)].map(([name, indexes]) => {
          const partitions = indexes.map((partitionIndex) =>
            newListOffsetsPartition({ partitionIndex, timestamp: at.get(`${name}-${partitionIndex}`)! }),
          );
          return newListOffsetsTopic({ name: prefix + name, partitions });
        });
        return newListOffsetsRequest({ replicaId, isolationLevel, topics, timeoutMs: 1000 });
      },
    }),
  );

const epochEnd = fc
  .tuple(places, fc.constantFrom(-1, -1, 0, 5), fc.constantFrom(0, 0, -1, 3), fc.constantFrom(2, 3, 4))
  .map(([of, currentLeaderEpoch, leaderEpoch, version]) =>
    step<"OffsetForLeaderEpoch">({
      name: `end of epoch ${leaderEpoch} in ${told(of)}, epoch ${currentLeaderEpoch} v${version}`,
      api: "OffsetForLeaderEpoch",
      version,
      request: ({ prefix }) => {
        const topics = [...byTopic(of, (partition) => newOffsetForLeaderPartition({ partition, currentLeaderEpoch, leaderEpoch }))];
        return newOffsetForLeaderEpochRequest({
          replicaId: -1,
          topics: topics.map(([name, partitions]) => newOffsetForLeaderTopic({ topic: prefix + name, partitions })),
        });
      },
    }),
  );

const SETTINGS = [
  ["cleanup.policy", "compact"],
  ["cleanup.policy", "delete"],
  ["max.message.bytes", "90"],
  ["max.message.bytes", "1048588"],
  ["message.timestamp.before.max.ms", "1000"],
  ["message.timestamp.before.max.ms", "9223372036854775807"],
  ["message.timestamp.after.max.ms", "9223372036854775807"],
  ["message.timestamp.type", "LogAppendTime"],
  ["message.timestamp.type", "CreateTime"],
] as const;
const setting = fc.tuple(fc.constantFrom("t", "u"), fc.constantFrom(...SETTINGS)).map(([of, [name, value]]) =>
  step<"IncrementalAlterConfigs">({
    name: `set ${name}=${value} of ${of}`,
    api: "IncrementalAlterConfigs",
    version: 1,
    request: ({ prefix }) => {
      const configs = [newAlterableConfig({ name, configOperation: 0, value })];
      const resources = [newAlterConfigsResource({ resourceType: TOPIC, resourceName: prefix + of, configs })];
      return newIncrementalAlterConfigsRequest({ resources });
    },
    settles: "topics",
  }),
);

/** For other families. */
export const recordParts = { produce, idempotent, fetch, listOffsets };
export const recordSteps = fc.oneof(
  { weight: 5, arbitrary: produce },
  { weight: 2, arbitrary: idempotent },
  { weight: 4, arbitrary: fetch },
  { weight: 3, arbitrary: listOffsets },
  { weight: 1, arbitrary: epochEnd },
  { weight: 1, arbitrary: producers },
  { weight: 1, arbitrary: setting },
  { weight: 1, arbitrary: adminParts.trim },
);
