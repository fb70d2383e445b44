// What is measured of every codec, as loops over documents, records or rows. What comes out is kept, so that nothing is optimised away.
import { BatchBuilder } from "../../src/schema/batch-builder.ts";
import type { Batch } from "../../src/schema/batch.ts";
import { EncodeBuffer } from "../../src/schema/encode-buffer.ts";
import type { TypeInfo } from "../../src/schema/type-info.ts";

const SLAB = 32 * 1024;
const kept: unknown[] = [];

export function objectsIn<B extends Uint8Array>(documents: readonly B[], decode: (bytes: B) => unknown): () => void {
  return () => {
    for (let index = 0; index < documents.length; index++) kept[index] = decode(documents[index]!);
  };
}

/** `encode` returns bytes of their own, or writes into a buffer: a slab whose bytes stay, too. */
export function objectsOut<T>(records: readonly T[], encode: (record: T, out: EncodeBuffer) => unknown): () => void {
  let out = new EncodeBuffer(2 * SLAB);
  return () => {
    for (let index = 0; index < records.length; index++) {
      if (out.at > SLAB) out = new EncodeBuffer(2 * SLAB);
      const from = out.at;
      const bytes = encode(records[index]!, out);
      kept[index] = bytes ?? out.bytes.subarray(from, out.at);
    }
  };
}

interface Decoder {
  decodeInto(builder: BatchBuilder, bytes: Uint8Array, start: number, end: number, timestamp: number): void;
}

/** Documents that lie in one array, as they come from a log. */
export function columnsIn(type: TypeInfo, documents: readonly Uint8Array[], decoder: Decoder): { run: () => void; batch: () => Batch } {
  const chunk = Buffer.concat(documents);
  const ends: number[] = [];
  for (const { length } of documents) ends.push((ends.at(-1) ?? 0) + length);
  const builder = new BatchBuilder(type, documents.length, "bytes");
  const run = (): void => {
    builder.reset();
    let at = 0;
    for (const end of ends) {
      decoder.decodeInto(builder, chunk, at, end, 0);
      at = end;
    }
  };
  return {
    run,
    batch: () => {
      run();
      return builder.finish();
    },
  };
}

export function columnsOut(batch: Batch, encode: (batch: Batch, row: number, out: EncodeBuffer) => void): () => void {
  const out = new EncodeBuffer(2 * SLAB);
  return () => {
    for (let row = 0; row < batch.rows; row++) {
      out.at = 0;
      encode(batch, row, out);
    }
  };
}
