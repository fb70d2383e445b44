// Batches of less than a megabyte that would become hundreds: each is refused in little time and memory, by what a consumer and a compactor
// call. And a consumer that meets one says so and can go on behind it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { startBroker } from "millrace/broker";
import { createClient } from "millrace/client";
import { compressLz4 } from "../../src/bytes/compression/lz4-frame.ts";
import { compressSnappy } from "../../src/bytes/compression/snappy.ts";
import { MAX_DECOMPRESSED_BYTES } from "../../src/log/limits.ts";
import {
  ATTRIBUTES_AT,
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_AT,
  BATCH_OVERHEAD_BYTES,
  putInt32At,
  renewCrc,
} from "../../src/protocol/records/batch-header.ts";
import { BatchWriter } from "../../src/protocol/records/batch-writer.ts";
import type { Refusal } from "./refuse-bomb.ts";

const REFUSE = fileURLToPath(new URL("./refuse-bomb.ts", import.meta.url));
const MB = 1024 * 1024;
const MAX_CPU_MS = 50;
/** What the output may take, and what Node needs to run at all. */
const MAX_GROWTH_MB = 16;
const NODE_MB = 8;
const CODES = { gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;
type Codec = keyof typeof CODES;

/** As a stream is compressed: its length is not known when the header is written. */
const UNTOLD = { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } };
const zeros = new Uint8Array(128 * MB);
const BOMBS: Readonly<Record<string, readonly [Codec, () => Uint8Array]>> = {
  "gzip of 128 MB": ["gzip", () => gzipSync(zeros, { level: 1 })],
  "zstd of 128 MB": ["zstd", () => zstdCompressSync(zeros)],
  "zstd frames one after the other": [
    "zstd",
    () => Buffer.concat(Array.from({ length: 64 }, () => zstdCompressSync(zeros.subarray(0, 4 * MB)))),
  ],
  "zstd of 128 MB that does not tell its size": ["zstd", () => zstdCompressSync(zeros, UNTOLD)],
  "zstd frames that do not tell their sizes": [
    "zstd",
    () => Buffer.concat(Array.from({ length: 64 }, () => zstdCompressSync(zeros.subarray(0, 4 * MB), UNTOLD))),
  ],
  "lz4 of 128 MB": ["lz4", () => compressLz4(zeros)],
  "snappy of 17 MB": ["snappy", () => compressSnappy(zeros.subarray(0, 17 * MB))],
  "snappy that claims 4 GB": ["snappy", () => Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0, 1)],
};
const COMPRESSORS: Readonly<Record<Codec, (bytes: Uint8Array) => Uint8Array>> = {
  gzip: (bytes) => gzipSync(bytes),
  zstd: (bytes) => zstdCompressSync(bytes),
  lz4: compressLz4,
  snappy: compressSnappy,
};

function batchWith(codec: Codec, records: Uint8Array): Uint8Array {
  const writer = new BatchWriter();
  writer.append(1_700_000_000_000, Uint8Array.of(1), Uint8Array.of(2));
  const head = writer.finish({}).subarray(0, BATCH_HEADER_BYTES);
  const batch = new Uint8Array(BATCH_HEADER_BYTES + records.length);
  batch.set(head);
  batch.set(records, BATCH_HEADER_BYTES);
  batch[ATTRIBUTES_AT + 1] = CODES[codec];
  putInt32At(batch, BATCH_LENGTH_AT, batch.length - BATCH_OVERHEAD_BYTES);
  renewCrc(batch, 0);
  return batch;
}

describe("decompression bombs", () => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-bombs-"));
  after(() => rmSync(directory, { recursive: true, force: true }));

  for (const [name, [codec, make]] of Object.entries(BOMBS))
    it(`refuses ${name} in ${MAX_CPU_MS} ms of CPU and ${MAX_GROWTH_MB} MB`, () => {
      const [bomb, small] = [join(directory, "bomb"), join(directory, "small")];
      writeFileSync(bomb, batchWith(codec, make()));
      writeFileSync(small, batchWith(codec, COMPRESSORS[codec](zeros.subarray(0, 256))));
      const args = ["--conditions=source", REFUSE, bomb, small, String(MAX_DECOMPRESSED_BYTES)];
      const { code, cpuMs, growthMb } = JSON.parse(execFileSync(process.execPath, args).toString()) as Refusal;
      assert.ok(code === "MESSAGE_TOO_LARGE" || code === "CORRUPT_MESSAGE", String(code));
      assert.ok(cpuMs < MAX_CPU_MS, `${cpuMs} ms of CPU`);
      assert.ok(growthMb < MAX_GROWTH_MB + NODE_MB, `memory grew by ${growthMb} MB`);
    });

  it("a consumer that meets one says so, and goes on behind it", async () => {
    const broker = await startBroker({ port: 0, memory: true });
    const client = createClient({ brokers: broker.bootstrapServers });
    try {
      await client.admin().createTopics([{ name: "bombed", partitions: 1 }]);
      const producer = client.producer({ compression: "zstd" });
      await producer.send({ topic: "bombed", partition: 0, value: "before" });
      const { partitions } = broker.logs.topic("bombed")!;
      const bomb = batchWith("zstd", zstdCompressSync(zeros));
      await partitions[0]!.append(bomb, { leaderEpoch: 0, origin: "client", now: Date.now() });
      await producer.send({ topic: "bombed", partition: 0, value: "after" });
      assert.deepEqual(await valuesFrom(client, 0), ["before", "MESSAGE_TOO_LARGE"]);
      assert.deepEqual(await valuesFrom(client, 2), ["after"]);
    } finally {
      await client.close();
      await broker.close();
    }
  });
});

/** What a consumer gets from an offset on, and the code of the error that ends it. */
async function valuesFrom(client: ReturnType<typeof createClient>, offset: number): Promise<string[]> {
  const consumer = client.consumer();
  const values: string[] = [];
  await consumer.assign([{ topic: "bombed", partition: 0, offset }]);
  try {
    for await (const batch of consumer.batches({ until: "end" }))
      for (const { value } of batch.records) values.push(new TextDecoder().decode(value!));
  } catch (error) {
    values.push((error as { code: string }).code);
  }
  await consumer.close();
  return values;
}
