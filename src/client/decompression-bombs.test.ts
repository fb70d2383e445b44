// Batches that decompress to far more than a reader takes: refused with an error that says so, before more than the limit was made, and soon.
// Time is the whole process's CPU, the best of some attempts, memory the most of them.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createNodeEnv } from "../env-node/node-env.ts";
import { BatchWriter } from "../protocol/records/batch-writer.ts";
import { compressBatch } from "../protocol/records/compress.ts";
import { cutRange } from "./fetched-batch.ts";

const MAX_BATCH_BYTES = 16 * 1024 * 1024;
const BOMB_BYTES = 32 * 1024 * 1024;
/** Beside the bytes themselves: buffers of the decoder, the error. */
const SLACK_BYTES = 1024 * 1024;
const MAX_CPU_MS = 50;
const ATTEMPTS = 5;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const { compression } = createNodeEnv({ logger: { log: () => {} } });

function plainBatch(): Uint8Array {
  const writer = new BatchWriter();
  writer.append(0, null, new Uint8Array(BOMB_BYTES));
  return writer.take();
}

const bufferBytes = (): number => process.memoryUsage().arrayBuffers;

describe("a decompression bomb", () => {
  const plain = plainBatch();
  for (const kind of ["gzip", "zstd", "lz4", "snappy"] as const) {
    it(`of ${kind} is refused within ${MAX_CPU_MS} ms and ${MAX_BATCH_BYTES >> 20} MB`, async () => {
      const bytes = await compressBatch(compression, kind, plain);
      assert.ok(bytes.length < BOMB_BYTES / 16);
      const range = { topic: "t", partition: 0, bytes, fetchOffset: 0, highWatermark: 1, lastStableOffset: 1, aborted: undefined };
      let [cpuMs, madeBytes] = [Infinity, 0];
      for (let i = 0; i < ATTEMPTS; i++) {
        collectGarbage();
        const [cpu, made] = [process.cpuUsage(), bufferBytes()];
        await assert.rejects(cutRange(compression, range, false, MAX_BATCH_BYTES), { code: "MESSAGE_TOO_LARGE" });
        const { user, system } = process.cpuUsage(cpu);
        cpuMs = Math.min(cpuMs, (user + system) / 1000);
        madeBytes = Math.max(madeBytes, bufferBytes() - made);
      }
      assert.ok(cpuMs < MAX_CPU_MS, `it took ${cpuMs} ms`);
      assert.ok(madeBytes < MAX_BATCH_BYTES + SLACK_BYTES, `it made ${madeBytes} bytes`);
    });
  }
});
