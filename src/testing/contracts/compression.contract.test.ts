// What Compression promises, held against libuv's pool and the simulation.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Compression } from "../../env/compression.ts";
import { WORLDS } from "./worlds.ts";

const TEXT = new TextEncoder().encode("one line of text\n".repeat(10_000));

async function* inPieces(bytes: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return new Uint8Array(Buffer.concat(parts));
}

for (const world of WORLDS) {
  for (const kind of ["gzip", "zstd"] as const) {
    const contract = (sentence: string, body: (compression: Compression) => Promise<void>): void => {
      test(`${world.name}: ${kind} ${sentence}`, () => world.run((env) => body(env.compression)));
    };

    contract("gives back what it was given, down to nothing", async (compression) => {
      for (const bytes of [TEXT, new Uint8Array(0), Uint8Array.of(1)]) {
        const compressed = await compression.compress(kind, bytes);
        assert.deepEqual(new Uint8Array(await compression.decompress(kind, compressed, bytes.length)), bytes);
      }
      assert.ok((await compression.compress(kind, TEXT)).length < TEXT.length / 10);
    });

    contract("gives all members of data that were written one after the other", async (compression) => {
      const first = await compression.compress(kind, new Uint8Array(100_000));
      const rest = await compression.compress(kind, TEXT);
      for (const count of [1, 2, 40]) {
        const parts = Array.from({ length: count }, () => [first, rest]).flat();
        const whole = await compression.decompress(kind, new Uint8Array(Buffer.concat(parts)), 1e8);
        assert.equal(whole.length, count * (100_000 + TEXT.length));
        assert.deepEqual(new Uint8Array(whole.subarray(whole.length - TEXT.length)), TEXT);
        await assert.rejects(compression.decompress(kind, new Uint8Array(Buffer.concat(parts)), whole.length - 1), { code: "EOVERSIZE" });
      }
    });

    contract("stops at the limit with EOVERSIZE", async (compression) => {
      const bomb = await compression.compress(kind, new Uint8Array(50_000_000));
      assert.ok(bomb.length < 100_000);
      await assert.rejects(compression.decompress(kind, bomb, 1_000_000), { code: "EOVERSIZE" });
      await assert.rejects(compression.decompress(kind, await compression.compress(kind, TEXT), TEXT.length - 1), { code: "EOVERSIZE" });
      await assert.rejects(compression.decompress(kind, await compression.compress(kind, Uint8Array.of(1)), 0), { code: "EOVERSIZE" });
    });

    contract("answers damaged, cut and foreign data with EBADDATA", async (compression) => {
      const good = await compression.compress(kind, TEXT);
      await assert.rejects(compression.decompress(kind, good.subarray(0, good.length - 20), 1e7), { code: "EBADDATA" });
      await assert.rejects(compression.decompress(kind, TEXT, 1e7), { code: "EBADDATA" });
      await assert.rejects(compression.decompress(kind, new Uint8Array(0), 1e7), { code: "EBADDATA" });
      await assert.rejects(collect(compression.decompressStream(kind, inPieces(TEXT, 1000))), { code: "EBADDATA" });
      const cutSecond = new Uint8Array(Buffer.concat([good, good.subarray(0, good.length - 20)]));
      await assert.rejects(compression.decompress(kind, cutSecond, 1e7), { code: "EBADDATA" });
      await assert.rejects(collect(compression.decompressStream(kind, inPieces(cutSecond, 100))), { code: "EBADDATA" });
      await assert.rejects(collect(compression.decompressStream(kind, inPieces(good.subarray(0, good.length - 20), 100))), {
        code: "EBADDATA",
      });
    });

    contract("decompresses a stream cut anywhere, of one member or several", async (compression) => {
      const compressed = await compression.compress(kind, TEXT);
      const several = new Uint8Array(Buffer.concat([compressed, await compression.compress(kind, new Uint8Array(0)), compressed]));
      for (const size of [1, 7, 1_000_000]) {
        assert.deepEqual(await collect(compression.decompressStream(kind, inPieces(compressed, size))), TEXT);
        const whole = await collect(compression.decompressStream(kind, inPieces(several, size)));
        assert.deepEqual(whole, new Uint8Array(Buffer.concat([TEXT, TEXT])));
      }
    });
  }
}
