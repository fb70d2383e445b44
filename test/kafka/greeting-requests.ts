// Random first words of a client: ApiVersions in every version, with every kind of name, and in versions that nobody knows, on a connection of
// its own that goes on behind them (KIP-35, KIP-511); and records that a reader waits for while another connection brings them.
import fc from "fast-check";
import { requestFrame } from "../../src/broker/e2e/wire.ts";
import { API_KEYS } from "../../src/protocol/apis.ts";
import { newApiVersionsRequest, type ApiVersionsResponse } from "../../src/protocol/generated/api-versions.gen.ts";
import { newFetchPartition, newFetchRequest, newFetchTopic } from "../../src/protocol/generated/fetch.gen.ts";
import { newFindCoordinatorRequest } from "../../src/protocol/generated/find-coordinator.gen.ts";
import { newListOffsetsPartition, newListOffsetsRequest, newListOffsetsTopic } from "../../src/protocol/generated/list-offsets.gen.ts";
import { newPartitionProduceData, newProduceRequest, newTopicProduceData } from "../../src/protocol/generated/produce.gen.ts";
import { FEATURES } from "../../src/broker/features.ts";
import { batchesIn, type Batch } from "./comparable.ts";
import { freshConnection } from "./pipelined-requests.ts";
import { batch, plainSteps, step, type Play, type Scene, type Stage, type Step } from "./requests.ts";

const KEYS: ReadonlySet<number> = new Set(Object.values(API_KEYS));
const NAMES = ["wire", "a", "apache-kafka-java", "4.3.1", "a..b", "-a", "a-", ".", "", "a b", "a_b", "ü", "a\n", "x".repeat(300)];
const name = fc.oneof({ weight: 2, arbitrary: fc.constant("wire") }, { weight: 1, arbitrary: fc.constantFrom(...NAMES) });

/** Of what both serve: ours has fewer APIs and features. */
export function toldVersions(response: ApiVersionsResponse): object {
  const isKnown = (feature: { readonly name: string }): boolean => FEATURES.some((known) => known.name === feature.name);
  return {
    ...response,
    apiKeys: response.apiKeys.filter(({ apiKey }) => KEYS.has(apiKey)),
    supportedFeatures: response.supportedFeatures.filter(isKnown),
    finalizedFeatures: response.finalizedFeatures.filter(isKnown),
  };
}

export const greet: fc.Arbitrary<Step> = fc.tuple(name, name, fc.nat(4)).map(([clientSoftwareName, clientSoftwareVersion, version]) =>
  step<"ApiVersions">({
    name: `versions v${version} for ${JSON.stringify(clientSoftwareName.slice(0, 20))} ${JSON.stringify(clientSoftwareVersion.slice(0, 20))}`,
    api: "ApiVersions",
    version,
    request: () => newApiVersionsRequest(version >= 3 ? { clientSoftwareName, clientSoftwareVersion } : {}),
    told: toldVersions,
  }),
);

/** The answer is one of version 0, and the client may choose again. */
const unknownVersion = fc
  .tuple(fc.constantFrom(5, 6, 99, 32_767, -1, -32_768), fc.constantFrom([], [0], [1, 2, 3], [255, 255, 255, 255, 255, 255]), fc.nat(4))
  .map(([version, body, next]): Play => ({
    name: `versions v${version} with ${body.length} bytes, then v${next}`,
    play: async (stage) => {
      const wire = await freshConnection(stage);
      const headerEnd = version >= 3 ? [0] : [];
      const rest = [0, API_KEYS.ApiVersions, (version >> 8) & 0xff, version & 0xff, 0, 0, 0, 9, 0, 1, 119, ...headerEnd, ...body];
      wire.write(new Uint8Array([0, 0, 0, rest.length, ...rest]));
      const first = await wire.read("ApiVersions", 0);
      const request = newApiVersionsRequest(next >= 3 ? { clientSoftwareName: "wire", clientSoftwareVersion: "1" } : {});
      const second = await wire.call("ApiVersions", next, request);
      return { correlationId: first.correlationId, first: toldVersions(first.response), second: toldVersions(second) };
    },
  }));

const coordinators = fc
  .tuple(
    fc.array(fc.constantFrom("g", "h", "", "g:t:0"), { maxLength: 4 }),
    fc.constantFrom(0, 0, 1, 3, -1),
    fc.integer({ min: 4, max: 6 }),
  )
  .map(([of, keyType, version]) =>
    step<"FindCoordinator">({
      name: `coordinators of ${JSON.stringify(of)}, type ${keyType} v${version}`,
      api: "FindCoordinator",
      version,
      request: ({ prefix }) => newFindCoordinatorRequest({ keyType, coordinatorKeys: of.map((key) => (key === "" ? "" : prefix + key)) }),
    }),
  );

const WAIT_MS = 10_000;
const MAX_ANSWERS = 10;
/** Every batch of these has more. */
const MIN_BATCH_BYTES = 70;

async function endOf({ learnt, wire }: Stage, partitionIndex: number): Promise<number> {
  const partitions = [newListOffsetsPartition({ partitionIndex, timestamp: -1 })];
  const { topics } = await wire.call("ListOffsets", 7, newListOffsetsRequest({ topics: [newListOffsetsTopic({ name: `${learnt.prefix}t`, partitions })] })); // prettier-ignore
  return topics[0]!.partitions[0]!.offset;
}

/**
 * From the end, until all is there. The first answer may come before or behind the last of the writes, and then the reader asks on: what all
 * answers have together, and what is told behind them, are compared.
 */
const waits = fc
  .record({
    index: fc.constantFrom(0, 1),
    writes: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
    minBytes: fc.constantFrom(1, 1, 2, MIN_BATCH_BYTES, 2 * MIN_BATCH_BYTES),
    isolationLevel: fc.constantFrom(0, 1),
    version: fc.integer({ min: 4, max: 12 }),
    behind: fc.boolean(),
  })
  .map(({ index, writes, minBytes, isolationLevel, version, behind }): Play => ({
    name: `wait for ${minBytes} bytes of t-${index}, isolation ${isolationLevel} v${version}, while ${writes.join()} records come${behind ? "; a question behind it" : ""}`,
    play: async (stage) => {
      const { learnt, wire } = stage;
      const reader = await stage.connection("reader");
      let position = await endOf(stage, index);
      const end = position + writes.reduce((sum, count) => sum + count, 0);
      const request = () => {
        const partitions = [newFetchPartition({ partition: index, fetchOffset: position, partitionMaxBytes: 100_000 })];
        const topics = [newFetchTopic({ topic: `${learnt.prefix}t`, partitions })];
        const enough = Math.min(minBytes, writes.length * MIN_BATCH_BYTES);
        return newFetchRequest({ maxWaitMs: WAIT_MS, minBytes: enough, maxBytes: 100_000, isolationLevel, topics });
      };
      reader.write(requestFrame("Fetch", version, request(), 1));
      if (behind) reader.write(requestFrame("ApiVersions", 0, newApiVersionsRequest(), 2));
      for (const count of writes) {
        const topicData = [newTopicProduceData({ name: `${learnt.prefix}t`, partitionData: [newPartitionProduceData({ index, records: batch(count, false) })] })]; // prettier-ignore
        await wire.call("Produce", 9, newProduceRequest({ acks: -1, timeoutMs: 5000, topicData }));
      }
      const batches: Batch[] = [];
      let answer = (await reader.read("Fetch", version)).response;
      const question = behind ? (await reader.read("ApiVersions", 0)).response.errorCode : 0;
      for (let answers = 1; answers <= MAX_ANSWERS; answers++) {
        const came = batchesIn(answer.responses[0]?.partitions[0]?.records ?? new Uint8Array(0));
        batches.push(...came);
        if (came.length > 0) position = came.at(-1)!.lastOffset + 1;
        if (position >= end) break;
        answer = await reader.call("Fetch", version, { ...request(), minBytes: 1 });
      }
      const ends = await reader.call("Fetch", version, { ...request(), maxWaitMs: 0 }); // an answer that just came may tell an older end on Apache Kafka
      return { batches, errorCode: answer.errorCode, ends, question };
    },
  }));

export const greetingScenes: fc.Arbitrary<Scene> = fc.oneof(
  { weight: 4, arbitrary: greet },
  { weight: 2, arbitrary: unknownVersion },
  { weight: 2, arbitrary: coordinators },
  { weight: 4, arbitrary: waits },
  { weight: 2, arbitrary: plainSteps },
);
