// Random numbers of the operating system's generator, drawn in blocks.
import { randomFillSync } from "node:crypto";
import type { Random } from "../env/clock.ts";

const block = new Uint32Array(256);
let next = block.length;

export const nodeRandom: Random = {
  uint32() {
    if (next === block.length) {
      randomFillSync(block);
      next = 0;
    }
    const value = block[next]!;
    block[next++] = 0; // not readable twice
    return value;
  },
  float() {
    return ((nodeRandom.uint32() >>> 5) * 0x4000000 + (nodeRandom.uint32() >>> 6)) / 2 ** 53;
  },
  bytes(length) {
    return randomFillSync(new Uint8Array(length));
  },
};
