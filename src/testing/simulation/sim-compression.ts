// Compression inside a simulation: computed on this thread, in an event of its own, with a delay by size.
import { compressBlocking, decompressBlocking } from "../../env-node/blocking-compression.ts";
import type { Compression } from "../../env/compression.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimProcess } from "./sim-process.ts";

const NANOSECONDS_PER_BYTE = 10;
const PIECE_BYTES = 64 * 1024;
/** The most that a simulated file may decompress to. */
const MAX_STREAM_BYTES = 2 ** 28;

export function createSimCompression(scheduler: Scheduler, process: SimProcess): Compression {
  const work = <T>(bytes: number, label: string, act: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      scheduler.after(0.02 + (bytes * NANOSECONDS_PER_BYTE) / 1e6, label, () => {
        if (process.state === "terminated") return;
        if (!process.running) return reject(process.crashError(label));
        try {
          resolve(act());
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  const compression: Compression = {
    compress: (kind, bytes, level) => work(bytes.length, `compress ${kind}`, () => compressBlocking(kind, bytes, level)),
    decompress: (kind, bytes, maxBytes) => work(bytes.length, `decompress ${kind}`, () => decompressBlocking(kind, bytes, maxBytes)),
    async *decompressStream(kind, chunks) {
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks) parts.push(chunk);
      const output = await compression.decompress(kind, Buffer.concat(parts), MAX_STREAM_BYTES);
      for (let at = 0; at < output.length; at += PIECE_BYTES) yield output.slice(at, at + PIECE_BYTES);
    },
  };
  return compression;
}
