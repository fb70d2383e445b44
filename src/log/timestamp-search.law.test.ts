// Lookups by time find the record itself, in compressed batches too: the first one in the log at or after a time, and the first one with the
// largest time, whatever order times come in, over segments, after a trim and after a restart.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BatchWriter } from "../protocol/records/batch-writer.ts";
import { compressBatch } from "../protocol/records/compress.ts";
import { COMPRESSION_NAMES } from "../protocol/records/compression-type.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { LogDirectory } from "./log-directory.ts";
import type { PartitionLog } from "./partition-log.ts";

const seed = process.env["MILLRACE_SEED"];
const parameters = { numRuns: 40, ...(seed === undefined ? {} : { seed: Number(seed) }) };
const NOW = 1_000_000;
const config = { "segment.bytes": "600", "index.interval.bytes": "150" };

const batch = fc.record({
  kind: fc.constantFrom(...COMPRESSION_NAMES),
  times: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 5 }),
});

test("a lookup by time agrees with a search record by record", async () => {
  const law = fc.asyncProperty(
    fc.array(batch, { minLength: 1, maxLength: 25 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    async (batches, share) => {
      const simulation = createSimulation(1);
      simulation.files.provideDirectory("/data");
      await simulation.run(async () => {
        const env = simulation.env();
        const options = { durability: "disk", checkpointIntervalMs: 0, retentionIntervalMs: 0, presenceIntervalMs: 0 } as const;
        const directory = await LogDirectory.open(env, "/data/log", options);
        const log = (await directory.createTopic("t", { partitions: 1, config })).partitions[0]!;
        const times: number[] = [];
        for (const { kind, times: own } of batches) {
          const writer = new BatchWriter({});
          for (const time of own) writer.append(time, null, new Uint8Array(20));
          const plain = writer.finish({}).slice();
          const bytes = kind === "none" ? plain : await compressBatch(env.compression, kind, plain);
          await log.append(bytes, { leaderEpoch: 0, origin: "client", now: NOW });
          times.push(...own);
        }
        const start = Math.floor(share * times.length);
        await agree(log, times, 0);
        await log.deleteRecordsBefore(start);
        await agree(log, times, start);
        await directory.close();
        const again = await LogDirectory.open(simulation.env(), "/data/log", options);
        await agree(again.topic("t")!.partitions[0]!, times, start);
        await again.close();
      });
    },
  );
  await fc.assert(law, parameters);
});

async function agree(log: PartitionLog, times: readonly number[], start: number): Promise<void> {
  const first = (wanted: number) => {
    const offset = times.findIndex((time, i) => i >= start && time >= wanted);
    return offset < 0 ? undefined : { offset, timestamp: times[offset]! };
  };
  for (const wanted of [0, 1, 15, 30, 45, 59, 60, 61])
    assert.deepEqual(await log.offsetForTimestamp(wanted), first(wanted), `at ${wanted} from ${start}`);
  const largest = times.slice(start).reduce((max, time) => Math.max(max, time), -1);
  assert.deepEqual(await log.offsetOfMaxTimestamp(), largest < 0 ? undefined : first(largest), `the largest from ${start}`);
}
