// Test help: a broker that answers as the test says, over any Env's network. It speaks the real protocol and keeps what it was asked.
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import type { Env } from "../../env/env.ts";
import type { Address, Connection } from "../../env/network.ts";
import { ALL_APIS, apiByKey, type ApiName, type RequestOf, type ResponseOf } from "../../protocol/apis.ts";
import { newApiVersionsResponse } from "../../protocol/generated/api-versions.gen.ts";
import { newMetadataResponse, newMetadataResponsePartition, newMetadataResponseTopic } from "../../protocol/generated/metadata.gen.ts";
import {
  newPartitionProduceResponse,
  newProduceResponse,
  newTopicProduceResponse,
  type ProduceRequest,
} from "../../protocol/generated/produce.gen.ts";
import { readRequestHeader, writeResponseHeader } from "../../protocol/headers.ts";
import { readBatchHeader } from "../../protocol/records/batch-header.ts";
import { FrameAssembler } from "../frame-assembler.ts";

export type Answer<N extends ApiName> = ResponseOf<N> | "silence" | "close" | Uint8Array;
type Handlers = { [N in ApiName]?: (request: RequestOf<N>, version: number) => Answer<N> | Promise<Answer<N>> };

export interface ProducedBatch {
  readonly partition: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly count: number;
}

export interface ScriptOptions {
  readonly topic: string;
  readonly topicId: string;
  readonly partitions: number;
  readonly transactionVersion: number;
}

export class ScriptedBroker {
  address: Address = { host: "localhost", port: 0 };
  /** "Name vN" of every request but ApiVersions and Metadata, in order. */
  readonly asked: string[] = [];
  readonly produced: ProducedBatch[] = [];
  readonly handlers: Handlers;
  /** What a partition's produce is answered with; 0 unless the test says otherwise. */
  produceError: (batch: ProducedBatch, index: number) => number = () => 0;
  readonly #env: Env;
  readonly #options: ScriptOptions;
  #nextOffset = 0;

  constructor(env: Env, options: Partial<ScriptOptions> = {}) {
    this.#env = env;
    this.#options = { topic: "t", topicId: "AAAAAAAAAAAAAAAAAAAAAQ", partitions: 1, transactionVersion: 0, ...options };
    this.handlers = {
      ApiVersions: () => this.#versions(),
      Metadata: () => this.#metadata(),
      Produce: (request, version) => this.#produce(request, version),
    };
  }

  async start(): Promise<void> {
    const listener = await this.#env.network.listen(this.address, (connection) => this.#serve(connection));
    this.address = { host: "localhost", port: listener.address.port };
  }

  #serve(connection: Connection): void {
    let turn = Promise.resolve();
    const frames = new FrameAssembler(1 << 24, (bytes) => {
      const frame = Uint8Array.from(bytes);
      turn = turn.then(() => this.#answer(connection, frame));
    });
    connection.handle({ data: (bytes) => frames.push(bytes), close: () => {} });
  }

  async #answer(connection: Connection, frame: Uint8Array): Promise<void> {
    const r = new ByteReader(frame);
    const { apiKey, apiVersion, correlationId } = readRequestHeader(r);
    const api = apiByKey(apiKey)!;
    if (api.name !== "ApiVersions" && api.name !== "Metadata") this.asked.push(`${api.name} v${apiVersion}`);
    const handler = this.handlers[api.name] as ((request: unknown, version: number) => unknown) | undefined;
    if (handler === undefined) throw new Error(`The script says nothing of ${api.name}.`);
    const answer = await handler(api.readRequest(r, apiVersion), apiVersion);
    if (answer === "silence") return;
    if (answer === "close") return connection.destroy();
    const w = new ByteWriter();
    w.int32(0);
    writeResponseHeader(w, correlationId, apiKey, apiVersion);
    if (answer instanceof Uint8Array) w.bytes(answer);
    else api.writeResponse(w, answer, apiVersion);
    w.patchInt32(0, w.length - 4);
    connection.write(w.finish());
  }

  #versions(): ResponseOf<"ApiVersions"> {
    const level = this.#options.transactionVersion;
    return newApiVersionsResponse({
      apiKeys: ALL_APIS.map((api) => ({ apiKey: api.key, minVersion: api.minVersion, maxVersion: api.maxVersion })),
      finalizedFeaturesEpoch: 1,
      finalizedFeatures: level === 0 ? [] : [{ name: "transaction.version", maxVersionLevel: level, minVersionLevel: level }],
    });
  }

  #metadata(): ResponseOf<"Metadata"> {
    const { topic, topicId, partitions } = this.#options;
    const leaders = Array.from({ length: partitions }, (_, partitionIndex) =>
      newMetadataResponsePartition({ partitionIndex, leaderId: 1, leaderEpoch: 0 }),
    );
    return newMetadataResponse({
      brokers: [{ nodeId: 1, ...this.address, rack: null }],
      controllerId: 1,
      topics: [newMetadataResponseTopic({ name: topic, topicId, partitions: leaders })],
    });
  }

  #produce(request: ProduceRequest, version: number): ResponseOf<"Produce"> {
    const responses = request.topicData.map(({ name, topicId, partitionData }) =>
      newTopicProduceResponse({
        name: version < 13 ? name : "",
        topicId,
        partitionResponses: partitionData.map(({ index, records }) => {
          const { producerId, producerEpoch, baseSequence, recordCount } = readBatchHeader(records!, 0);
          const batch = { partition: index, producerId, producerEpoch, baseSequence, count: recordCount };
          this.produced.push(batch);
          const errorCode = this.produceError(batch, this.produced.length - 1);
          const baseOffset = errorCode === 0 ? (this.#nextOffset += recordCount) - recordCount : -1;
          return newPartitionProduceResponse({ index, errorCode, baseOffset });
        }),
      }),
    );
    return newProduceResponse({ responses });
  }
}
