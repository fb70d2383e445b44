// Well-formed requests of every API and version that the broker serves, and thirteen ways to spoil one. A frame is its bytes with the
// length prefix; what is true of the prefix is part of the mutation.
import fc from "fast-check";
import { ALL_APIS } from "../../src/broker/apis/all.ts";
import { ByteWriter } from "../../src/bytes/writer.ts";
import type { ApiHandler } from "../../src/broker/api.ts";
import { writeRequestHeader } from "../../src/protocol/headers.ts";
import {
  ATTRIBUTES_AT,
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_AT,
  BATCH_OVERHEAD_BYTES,
  putInt32At,
  renewCrc,
} from "../../src/protocol/records/batch-header.ts";
import { BatchWriter } from "../../src/protocol/records/batch-writer.ts";
import { newProduceRequest, newTopicProduceData, newPartitionProduceData } from "../../src/protocol/generated/produce.gen.ts";
import { apiByName } from "../../src/protocol/apis.ts";
import { APIS } from "../../src/protocol/tables/all.ts";
import { arbitraryMessage } from "../../src/protocol/fixtures/arbitrary-message.ts";

export interface Frame {
  readonly api: string;
  readonly bytes: Uint8Array;
}

export const MUTATIONS = [
  "size-minus-one",
  "size-zero",
  "size-largest",
  "size-too-long",
  "size-too-short",
  "truncated",
  "split",
  "unknown-api",
  "unknown-version",
  "huge-count",
  "bad-varint",
  "flipped-bytes",
  "records",
] as const;
export type Mutation = (typeof MUTATIONS)[number];

const SAMPLES = 4;
const PREFIX = 4;
const PRODUCE_VERSION = 9;
const HOSTILE_BYTES = [[0], [1], [0x7f], [0x80], [0xff], [0x7f, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0xff, 0xff], [0, 0, 0, 0]];
/** Requests that change what the broker is for everybody by right: their mutated bodies would be orders. */
const POWERFUL = new Set(["AlterConfigs", "IncrementalAlterConfigs", "CreateTopics", "CreatePartitions"]);

export function seedFrames(seed: number): Frame[] {
  return ALL_APIS.flatMap((handler) => framesOf(handler, seed)).concat(produceFrames());
}

function framesOf({ api, minVersion, maxVersion }: ApiHandler, seed: number): Frame[] {
  const table = APIS.find((each) => each.key === api.key);
  if (table === undefined || POWERFUL.has(api.name)) return [];
  const frames: Frame[] = [];
  for (let version = minVersion; version <= maxVersion; version++)
    for (const message of fc.sample(arbitraryMessage(table.request, version), { numRuns: SAMPLES, seed }))
      frames.push({ api: api.name, bytes: frameOf(api.key, version, (writer) => api.writeRequest(writer, message, version)) });
  return frames;
}

function frameOf(apiKey: number, apiVersion: number, write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  writer.int32(0);
  writeRequestHeader(writer, { apiKey, apiVersion, correlationId: 7, clientId: "hostile" });
  write(writer);
  writer.patchInt32(0, writer.length - PREFIX);
  return writer.finish().slice();
}

/** Batches to topics that are there; in the compacted one the broker reads every record. */
function produceFrames(): Frame[] {
  return Array.from({ length: 40 }, (_, count) => ({ api: "Produce", bytes: produceFrame(batchOf(count + 1), count % 2 === 0) }));
}

function produceFrame(records: Uint8Array, compacted: boolean): Uint8Array {
  const api = apiByName("Produce");
  const topicData = [
    newTopicProduceData({ name: compacted ? "compacted" : "target", partitionData: [newPartitionProduceData({ records })] }),
  ];
  const request = newProduceRequest({ acks: -1, timeoutMs: 1000, topicData });
  return frameOf(api.key, PRODUCE_VERSION, (writer) => api.writeRequest(writer, request, PRODUCE_VERSION));
}

function batchOf(count: number): Uint8Array {
  const batch = new BatchWriter();
  for (let at = 0; at < count; at++) batch.append(1_700_000_000_000 + at, Uint8Array.of(at), new Uint8Array(20).fill(at));
  return batch.finish({}).slice();
}

type Random = () => number;
const below = (random: Random, bound: number): number => Math.floor(random() * bound);

/** The chunks to send one after the other; `isWhole`: the frame ends where its prefix says, so that the broker goes on behind it. */
export interface Attack {
  readonly mutation: Mutation;
  readonly chunks: readonly Uint8Array[];
  readonly isWhole: boolean;
}

export function mutate(mutation: Mutation, frame: Frame, random: Random): Attack {
  const bytes = frame.bytes.slice();
  const view = new DataView(bytes.buffer);
  const size = bytes.length - PREFIX;
  const whole = (): Attack => ({ mutation, chunks: [bytes], isWhole: true });
  const body = (): number => PREFIX + 8 + below(random, Math.max(1, size - 8));
  switch (mutation) {
    case "size-minus-one":
    case "size-zero":
    case "size-largest":
      view.setInt32(0, mutation === "size-zero" ? 0 : mutation === "size-largest" ? 0x7fffffff : -1);
      return whole();
    case "size-too-long":
      view.setInt32(0, size + 1 + below(random, 90_000_000));
      return { mutation, chunks: [bytes], isWhole: false };
    case "size-too-short":
      view.setInt32(0, Math.max(1, below(random, size)));
      return whole();
    case "truncated":
      return { mutation, chunks: [bytes.subarray(0, 1 + below(random, bytes.length - 1))], isWhole: false };
    case "split":
      return {
        mutation,
        chunks: Array.from(bytes.subarray(0, 64), (byte) => Uint8Array.of(byte)).concat(bytes.subarray(64)),
        isWhole: true,
      };
    case "unknown-api":
      view.setInt16(PREFIX, below(random, 0x10000));
      return whole();
    case "unknown-version":
      view.setInt16(PREFIX + 2, below(random, 0x10000));
      return whole();
    case "huge-count":
      putAtMost(bytes, body(), [0x7f, 0xff, 0xff, 0xff]);
      return whole();
    case "bad-varint":
      putAtMost(
        bytes,
        body(),
        Array.from({ length: 1 + below(random, 10) }, () => 0xff),
      );
      return whole();
    case "flipped-bytes":
      for (let flips = 1 + below(random, 4); flips > 0; flips--) bytes[body()]! ^= 1 << below(random, 8);
      return whole();
    case "records":
      return { mutation, chunks: [produceFrame(spoiledBatch(random), random() < 0.5)], isWhole: true };
  }
}

function putAtMost(bytes: Uint8Array, at: number, values: readonly number[]): void {
  for (let i = 0; i < values.length && at + i < bytes.length; i++) bytes[at + i] = values[i]!;
}

/** A batch whose header or records are wrong, half of the time with a checksum that is right: lengths, counts, compression, nested batches. */
function spoiledBatch(random: Random): Uint8Array {
  const batch = random() < 0.2 ? nestedBatch() : batchOf(1 + below(random, 20));
  const isHeader = random() < 0.6;
  const at = isHeader ? 8 + below(random, BATCH_HEADER_BYTES - 8) : BATCH_HEADER_BYTES + below(random, batch.length - BATCH_HEADER_BYTES);
  if (random() < 0.2) batch[ATTRIBUTES_AT + 1] = 1 + below(random, 7);
  putAtMost(batch, at, HOSTILE_BYTES[below(random, HOSTILE_BYTES.length)]!);
  if (random() < 0.5) renewCrc(batch, 0);
  return batch;
}

/** Records that say they are compressed, and are batches. */
function nestedBatch(): Uint8Array {
  const inner = batchOf(3);
  const batch = new Uint8Array(BATCH_HEADER_BYTES + inner.length);
  batch.set(inner.subarray(0, BATCH_HEADER_BYTES));
  batch.set(inner, BATCH_HEADER_BYTES);
  putInt32At(batch, BATCH_LENGTH_AT, batch.length - BATCH_OVERHEAD_BYTES);
  batch[ATTRIBUTES_AT + 1] = 1;
  renewCrc(batch, 0);
  return batch;
}
