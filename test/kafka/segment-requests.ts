// Random requests about partitions of many segments: small ones that the records' own times end (segment.ms), or large batches that fill them
// (segment.bytes); reads and questions about times at every border of batches and segments, by limits of bytes that end between.
import fc from "fast-check";
import { newDeleteRecordsPartition, newDeleteRecordsRequest, newDeleteRecordsTopic } from "../../src/protocol/generated/delete-records.gen.ts"; // prettier-ignore
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
import { newPartitionProduceData, newProduceRequest, newTopicProduceData } from "../../src/protocol/generated/produce.gen.ts";
import { BatchWriter } from "../../src/protocol/records/batch-writer.ts";
import { batchesIn } from "./comparable.ts";
import { step, type Play, type Scene } from "./requests.ts";

const TIME = 1_700_000_000_000;
const TOPIC = 2;
/** Before and behind each other, within a segment and beyond. */
const TIMES = [0, 0, 1, 5, 9, 10, 11, 12, 25, 100, 5000, -20].map((ms) => TIME + ms);
const LARGE = 300_000;
/** The record with the largest timestamp. */
const LARGEST = -3;
/** One batch each, at the least. */
const MAX_ANSWERS = 400;
const offset = fc.constantFrom(0, 0, 1, 2, 3, 5, 8, 9, 10, 13, 17, 21, 40, 99);
const index = fc.constantFrom(0, 0, 0, 1);

/** "t" gets small segments by time, "u" such as three large batches fill. */
export const segmentsBegin = step<"IncrementalAlterConfigs">({
  name: "small segments",
  api: "IncrementalAlterConfigs",
  version: 1,
  request: ({ prefix }) => {
    const set = (topic: string, name: string, value: string) => {
      const configs = [newAlterableConfig({ name, configOperation: 0, value })];
      return newAlterConfigsResource({ resourceType: TOPIC, resourceName: prefix + topic, configs });
    };
    return newIncrementalAlterConfigsRequest({ resources: [set("t", "segment.ms", "10"), set("u", "segment.bytes", "1048576")] });
  },
  settles: "topics",
});

function records(times: readonly number[], size: number): Uint8Array {
  const writer = new BatchWriter({ maxBytes: 1_000_000 });
  for (const [i, time] of times.entries()) writer.append(time, null, new Uint8Array(size).fill(65 + i));
  return writer.finish().slice();
}

const produce = (topic: string, sizes: readonly number[]) =>
  fc
    .tuple(index, fc.array(fc.constantFrom(...TIMES), { minLength: 1, maxLength: 4 }), fc.constantFrom(...sizes))
    .map(([partition, times, size]) =>
      step<"Produce">({
        name: `produce to ${topic}-${partition} ${size} bytes of times ${times.map((time) => time - TIME).join()}`,
        api: "Produce",
        version: 12,
        request: ({ prefix }) => {
          const partitionData = [newPartitionProduceData({ index: partition, records: records(times.slice(0, size === LARGE ? 2 : 4), size) })]; // prettier-ignore
          return newProduceRequest({
            acks: -1,
            timeoutMs: 5000,
            topicData: [newTopicProduceData({ name: prefix + topic, partitionData })],
          });
        },
      }),
    );

/** To the end: where an answer ends is each broker's choice, Apache Kafka's at the end of a segment; clients read on. */
const read = fc
  .record({
    topic: fc.constantFrom("t", "t", "t", "u"),
    at: fc.tuple(offset, offset),
    isolationLevel: fc.constantFrom(0, 1),
    limit: fc.constantFrom(1, 69, 70, 100, 150, 210, 300, 1000, 300_000, 700_000, 2_000_000),
    maxBytes: fc.constantFrom(1, 140, 280, 1000, 700_000, 10_000_000, 10_000_000),
    version: fc.integer({ min: 4, max: 12 }),
  })
  .map(({ topic, at, isolationLevel, limit, maxBytes, version }): Play => ({
    name: `read ${topic} from ${at.join(" and ")}, ≤ ${limit} of ${maxBytes} bytes, isolation ${isolationLevel} v${version}`,
    play: async ({ wire, learnt }) => {
      const positions: number[] = [...at];
      const batches: unknown[][] = [[], []];
      for (let answers = 0; answers < MAX_ANSWERS; answers++) {
        const partitions = positions.map((fetchOffset, partition) =>
          newFetchPartition({ partition, fetchOffset, partitionMaxBytes: limit }),
        );
        const topics = [newFetchTopic({ topic: learnt.prefix + topic, partitions })];
        const request = newFetchRequest({ maxWaitMs: 0, minBytes: 0, maxBytes, isolationLevel, topics });
        const told = (await wire.call("Fetch", version, request)).responses[0]!.partitions;
        let moved = false;
        for (const { partitionIndex, records } of told) {
          for (const batch of batchesIn(records ?? new Uint8Array(0))) {
            if (batch.lastOffset < positions[partitionIndex]!) continue;
            batches[partitionIndex]!.push(batch);
            positions[partitionIndex] = batch.lastOffset + 1;
            moved = true;
          }
        }
        if (!moved) return { batches, ends: told.map(({ records: _records, ...rest }) => rest) };
      }
      return { batches, ends: "not reached" };
    },
  }));

const listOffsets = fc
  .tuple(
    fc.constantFrom("t", "t", "t", "u"),
    fc.constantFrom(-1, -2, -3, -3, -4, -5, ...TIMES, ...TIMES.map((time) => time + 1)),
    fc.constantFrom(4, 7, 8, 10, 11),
  )
  .map(([topic, timestamp, version]) =>
    step<"ListOffsets">({
      name: `offsets of ${timestamp < 0 ? timestamp : `+${timestamp - TIME}`} in ${topic} v${version}`,
      api: "ListOffsets",
      version,
      request: ({ prefix }) => {
        const partitions = [0, 1].map((partitionIndex) => newListOffsetsPartition({ partitionIndex, timestamp }));
        return newListOffsetsRequest({ replicaId: -1, topics: [newListOffsetsTopic({ name: prefix + topic, partitions })], timeoutMs: 1000 }); // prettier-ignore
      },
      // Behind a deletion, Apache Kafka looks for a time in the segment of the deleted records only, until that is gone: it may find none;
      // and the largest time that it tells may be that of a deleted record.
      told: (response, { trimmed }) => (trimmed && (timestamp >= 0 || timestamp === LARGEST) ? {} : response),
    }),
  );

const trim = fc.tuple(fc.constantFrom("t", "t", "u"), index, offset).map(([topic, partitionIndex, to]) =>
  step<"DeleteRecords">({
    name: `trim ${topic}-${partitionIndex} to ${to}`,
    api: "DeleteRecords",
    version: 2,
    learn: (_response, learnt) => void (learnt.trimmed = true),
    request: ({ prefix }) => {
      const partitions = [newDeleteRecordsPartition({ partitionIndex, offset: to })];
      return newDeleteRecordsRequest({ topics: [newDeleteRecordsTopic({ name: prefix + topic, partitions })], timeoutMs: 10_000 });
    },
  }),
);

const epochEnd = index.map((partition) =>
  step<"OffsetForLeaderEpoch">({
    name: `end of epoch 0 of t-${partition}`,
    api: "OffsetForLeaderEpoch",
    version: 4,
    request: ({ prefix }) => {
      const partitions = [newOffsetForLeaderPartition({ partition, currentLeaderEpoch: -1, leaderEpoch: 0 })];
      return newOffsetForLeaderEpochRequest({ replicaId: -1, topics: [newOffsetForLeaderTopic({ topic: `${prefix}t`, partitions })] });
    },
  }),
);

export const segmentScenes: fc.Arbitrary<Scene> = fc.oneof(
  { weight: 12, arbitrary: produce("t", [1, 1, 10, 200]) },
  { weight: 1, arbitrary: produce("u", [1, LARGE, LARGE]) },
  { weight: 8, arbitrary: read },
  { weight: 5, arbitrary: listOffsets },
  { weight: 1, arbitrary: trim },
  { weight: 1, arbitrary: epochEnd },
);
