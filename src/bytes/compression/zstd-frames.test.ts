import assert from "node:assert/strict";
import { test } from "node:test";
import { constants, zstdCompressSync } from "node:zlib";
import { MAX_ZSTD_FRAMES, zstdFrames } from "./zstd-frames.ts";

const { ZSTD_c_checksumFlag: CHECKSUM, ZSTD_c_contentSizeFlag: CONTENT_SIZE, ZSTD_c_windowLog: WINDOW_LOG } = constants;
const skippable = Uint8Array.of(0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3);

function frame(size: number, params: Record<number, number | boolean> = {}): Uint8Array {
  const bytes = Uint8Array.from({ length: size }, (_, at) => (Math.imul(at, 0x9e3779b1) >>> 24) & (at % 3000 < 1000 ? 255 : 1));
  return zstdCompressSync(bytes, { params: params as Record<number, number> });
}

test("frames of every size and header end where the next begins", () => {
  const frames = [0, 1, 255, 256, 70_000, 400_000].flatMap((size) => [
    frame(size),
    frame(size, { [CHECKSUM]: 1 }),
    frame(size, { [CONTENT_SIZE]: 0, [WINDOW_LOG]: 12 }),
  ]);
  const all = Buffer.concat(frames.flatMap((each) => [skippable, each]));
  assert.deepEqual(zstdFrames(all)!.map(({ bytes }) => Buffer.from(bytes)), frames.map((each) => Buffer.from(each))); // prettier-ignore
});

test("a header tells the size of the contents, unless it was not known", () => {
  for (const size of [0, 1, 255, 256, 65_791, 65_792, 400_000]) assert.equal(zstdFrames(frame(size))![0]!.contentBytes, size);
  assert.equal(zstdFrames(frame(1000, { [CONTENT_SIZE]: 0, [WINDOW_LOG]: 12 }))![0]!.contentBytes, undefined);
});

test("what is cut or foreign comes back as the last frame, for the decoder to refuse; too many are not taken", () => {
  const one = frame(1000);
  for (let length = 1; length < one.length; length++)
    assert.deepEqual(
      zstdFrames(Buffer.concat([one, one.subarray(0, length)]))!.map(({ bytes }) => bytes.length),
      [one.length, length],
    );
  assert.deepEqual(zstdFrames(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9))!.map(({ bytes }) => bytes.length), [9]); // prettier-ignore
  const tiny = frame(0);
  assert.equal(zstdFrames(Buffer.concat(Array.from({ length: MAX_ZSTD_FRAMES }, () => tiny)))!.length, MAX_ZSTD_FRAMES);
  assert.equal(zstdFrames(Buffer.concat(Array.from({ length: MAX_ZSTD_FRAMES + 1 }, () => tiny))), undefined);
});
