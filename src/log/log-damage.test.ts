// Flipped bits in segment files of an open log: whatever bit it is, no read returns a byte that was not written, the damaged batch is
// named, and all others are served.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Env } from "../env/env.ts";
import { KafkaError } from "../protocol/errors.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { LogDirectory } from "./log-directory.ts";
import type { LogOptions } from "./log-options.ts";
import type { PartitionLog } from "./partition-log.ts";
import { dataBatch, offsetsOf } from "./test-batches.ts";

const PATH = "/data/log";
const COUNTS = [3, 1, 4, 2, 5];
const END = 15;
const options: LogOptions = {
  durability: "disk",
  checkpointIntervalMs: 0,
  retentionIntervalMs: 0,
  presenceIntervalMs: 0,
  compactionIntervalMs: 0,
  hotTailBytes: 0,
  leaderEpoch: 0,
};

interface Damaged {
  readonly env: Env;
  readonly log: PartitionLog;
  readonly directory: LogDirectory;
  readonly path: string;
  readonly original: Uint8Array;
  readonly logLines: readonly string[];
  flip(position: number, bit: number): Promise<void>;
}

function inWorld(sealed: boolean, indexInterval: number, body: (world: Damaged) => Promise<void>): () => Promise<void> {
  return async () => {
    const simulation = createSimulation(11);
    simulation.files.provideDirectory("/data");
    await simulation.run(async () => {
      const env = simulation.env();
      const directory = await LogDirectory.open(env, PATH, options);
      const config = { "segment.bytes": "1048576", "index.interval.bytes": String(indexInterval) };
      const log = (await directory.createTopic("orders", { partitions: 1, config })).partitions[0]!;
      for (const [i, count] of COUNTS.entries()) await send(log, count, 1_000 + i * 10);
      if (sealed) {
        await directory.setTopicConfig("orders", { ...config, "segment.ms": "1" });
        await send(log, 1, 1_000_000);
      }
      const path = `${PATH}/orders-0/00000000000000000000.log`;
      const original = await env.files.readFile(path);
      const flip = async (position: number, bit: number): Promise<void> => {
        const handle = await env.files.open(path, "r+");
        const byte = new Uint8Array(1);
        await handle.read(byte, 0, 1, position);
        byte[0]! ^= 1 << bit;
        await handle.write([byte], position);
        await handle.close();
      };
      await body({ env, log, directory, path, original, logLines: simulation.logLines, flip });
    });
  };
}

function send(log: PartitionLog, count: number, timestamp: number): Promise<unknown> {
  const batch = dataBatch({ count, timestamp, valueBytes: 30, tag: `t${timestamp}` });
  return log.append(batch, { leaderEpoch: 0, origin: "client", now: 2_000_000 });
}

/** What each offset gives: "ok" if exactly the batches that were written, from the one that holds it on, or the error's code. */
async function outcomes(log: PartitionLog, original: Uint8Array, maxBytes: number, label = ""): Promise<string[]> {
  const found: string[] = [];
  for (let offset = 0; offset < END; offset++) {
    try {
      const { bytes } = await log.read(offset, { maxBytes, minOneBatch: true, isolation: "read_uncommitted" });
      assert.ok(offsetsOf(bytes).includes(offset), `offset ${offset} is in what it was answered with`);
      const at = Buffer.from(original.buffer, original.byteOffset, original.length).indexOf(bytes);
      const inNext = offsetsOf(bytes)[0]! >= END;
      assert.ok(at >= 0 || inNext || offsetsOf(bytes).at(-1)! >= END, `offset ${offset}: bytes that were written${label}`);
      found.push("ok");
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      found.push(error.code);
    }
  }
  return found;
}

const ALL_SOUND = Array.from({ length: END }, () => "ok");

/** Positions and first offsets of the batches of the original. */
function batchPlaces(original: Uint8Array): { position: number; size: number; offset: number; count: number }[] {
  const places = [];
  const view = new DataView(original.buffer, original.byteOffset);
  let offset = 0;
  let position = 0;
  for (const count of COUNTS) {
    const size = view.getInt32(position + 8) + 12;
    places.push({ position, size, offset, count });
    offset += count;
    position += size;
  }
  return places;
}

for (const sealed of [false, true]) {
  for (const indexInterval of [0, 4096]) {
    const where = `${sealed ? "a sealed" : "the active"} segment with an index entry ${indexInterval === 0 ? "per batch" : "far away"}`;
    test(
      `any flipped bit of ${where} costs its batch and nothing else`,
      inWorld(sealed, indexInterval, async (world) => {
        const { log, original, flip } = world;
        assert.deepEqual(await outcomes(log, original, 1), ALL_SOUND);
        for (const { position, size, offset, count } of batchPlaces(original)) {
          const healthy = ALL_SOUND.map((ok, i) => (i >= offset && i < offset + count ? "CORRUPT_MESSAGE" : ok));
          for (let at = 0; at < size; at += at < 61 ? 1 : 11) {
            const bit = (at * 5 + offset) % 8;
            const inEpoch = at >= 12 && at < 16;
            await flip(position + at, bit);
            log.segmentsRemoved();
            const label = `, bit ${bit} of byte ${at} of the batch at offset ${offset}`;
            assert.deepEqual(await outcomes(log, original, at % 3 === 0 ? 400 : 1, label), inEpoch ? ALL_SOUND : healthy, label);
            await flip(position + at, bit);
          }
        }
        log.segmentsRemoved();
        assert.deepEqual(await outcomes(log, original, 1), ALL_SOUND, "what was restored is served again");
      }),
    );
  }
}

test(
  "damage is told once, with its file, bytes and offsets, and counted",
  inWorld(true, 4096, async ({ log, directory, original, logLines, flip }) => {
    const { position, size } = batchPlaces(original)[2]!;
    await flip(position + 70, 4);
    for (let i = 0; i < 3; i++) {
      await assert.rejects(
        log.read(5, { maxBytes: 1_000, minOneBatch: true, isolation: "read_uncommitted" }),
        (error) =>
          error instanceof KafkaError && error.code === "CORRUPT_MESSAGE" && /offsets 4 to 7 .*Read on from offset 8/.test(error.message),
      );
    }
    const lines = logLines.filter((line) => line.includes("log-damage-found"));
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, new RegExp(`${position}.*${position + size}`));
    assert.equal(directory.metrics.damagedRanges, 1);
  }),
);

test(
  "a read that begins before the damage returns what is before it",
  inWorld(false, 4096, async ({ log, original, flip }) => {
    const { position } = batchPlaces(original)[3]!;
    await flip(position + 65, 1);
    const { bytes } = await log.read(1, { maxBytes: 100_000, minOneBatch: true, isolation: "read_uncommitted" });
    assert.deepEqual(offsetsOf(bytes), [0, 1, 2, 3, 4, 5, 6, 7]);
  }),
);

test(
  "a lookup by time does not answer from a damaged batch",
  inWorld(true, 4096, async ({ log, original, flip }) => {
    const { position } = batchPlaces(original)[2]!;
    await flip(position + 38, 2);
    await assert.rejects(log.offsetForTimestamp(1_020), (error) => error instanceof KafkaError && error.code === "CORRUPT_MESSAGE");
    assert.equal((await log.offsetForTimestamp(1_000_000))?.offset, END, "a lookup in another segment does not meet it");
  }),
);
