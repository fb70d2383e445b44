// Every byte of a log of 64 KB is changed in its turn, on a real file: the batch that holds it is refused, its neighbours are served as they
// were written, and what is restored is served again. Only the leader epoch may change unseen: it is not taken from the disk.
import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createNodeEnv } from "../../src/env-node/node-env.ts";
import { LogDirectory } from "../../src/log/log-directory.ts";
import type { PartitionLog } from "../../src/log/partition-log.ts";
import { readBatchHeader } from "../../src/protocol/records/batch-header.ts";
import { BatchWriter } from "../../src/protocol/records/batch-writer.ts";

const SIZE = 64 * 1024;
const VALUE_BYTES = 1900;
const EPOCH_AT = 12;
const EPOCH_END = 16;

interface Place {
  readonly position: number;
  readonly size: number;
  readonly offset: number;
}

function placesOf(bytes: Uint8Array): Place[] {
  const places: Place[] = [];
  for (let position = 0; position < bytes.length;) {
    const { sizeBytes, baseOffset } = readBatchHeader(bytes, position);
    places.push({ position, size: sizeBytes, offset: baseOffset });
    position += sizeBytes;
  }
  return places;
}

/** The batch that a reader at its offset gets, or the error's code. */
async function served(log: PartitionLog, { offset }: Place): Promise<Uint8Array | string> {
  try {
    return (await log.read(offset, { maxBytes: 1, minOneBatch: true, isolation: "read_uncommitted" })).bytes;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

async function flipAll(log: PartitionLog, path: string): Promise<{ bytes: number; refused: number }> {
  const original = new Uint8Array(readFileSync(path));
  const places = placesOf(original);
  const file = openSync(path, "r+");
  const isWhole = async (place: Place, label: string): Promise<void> => {
    const bytes = await served(log, place);
    const written = original.subarray(place.position, place.position + place.size);
    assert.ok(typeof bytes !== "string" && Buffer.compare(bytes, written) === 0, `${label}: the batch at offset ${place.offset}`);
  };
  let refused = 0;
  for (const [index, place] of places.entries())
    for (let at = 0; at < place.size; at++) {
      const position = place.position + at;
      const label = `byte ${at} of the batch at offset ${place.offset}`;
      writeSync(file, Uint8Array.of(original[position]! ^ (1 << (position % 8))), 0, 1, position);
      log.segmentsRemoved();
      if (at >= EPOCH_AT && at < EPOCH_END) await isWhole(place, label);
      else {
        assert.equal(await served(log, place), "CORRUPT_MESSAGE", label);
        refused++;
      }
      const neighbour = places[at % 2 === 0 ? index - 1 : index + 1];
      if (neighbour !== undefined) await isWhole(neighbour, label);
      writeSync(file, original, position, 1, position);
    }
  log.segmentsRemoved();
  for (const place of places) await isWhole(place, "restored");
  closeSync(file);
  return { bytes: original.length, refused };
}

test("every changed byte of 64 KB costs its batch, and is never served", async () => {
  const parent = mkdtempSync(join(tmpdir(), "millrace-flips-"));
  const logger = { log: () => {} };
  const log = await LogDirectory.open({ ...createNodeEnv(), logger }, parent, {
    durability: "page-cache",
    checkpointIntervalMs: 0,
    retentionIntervalMs: 0,
    compactionIntervalMs: 0,
    hotTailBytes: 0,
    leaderEpoch: 0,
  });
  try {
    const partition = (await log.createTopic("flipped", { partitions: 1, config: {} })).partitions[0]!;
    while (partition.sizeBytes < SIZE) {
      const batch = new BatchWriter();
      batch.append(Date.now(), null, new Uint8Array(VALUE_BYTES).fill(partition.logEndOffset));
      await partition.append(batch.finish({}).slice(), { leaderEpoch: 0, origin: "client", now: Date.now() });
    }
    const { bytes, refused } = await flipAll(partition, join(parent, "flipped-0", "00000000000000000000.log"));
    console.log(`${bytes} bytes changed one by one, ${refused} refused, the others in leader epochs`);
    assert.ok(bytes >= SIZE);
  } finally {
    await log.close();
    rmSync(parent, { recursive: true, force: true });
  }
});
