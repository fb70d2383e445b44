// However a stream of frames is cut into chunks, the same frames come out, whole and in order; a length that is no request's ends it.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { FrameAssembler, FrameLengthError } from "./frame-assembler.ts";

const seed = process.env["MILLRACE_SEED"];
const options = { numRuns: 300, ...(seed === undefined ? {} : { seed: Number(seed) }) };

function prefixed(frames: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(frames.reduce((size, frame) => size + 4 + frame.length, 0));
  let at = 0;
  for (const frame of frames) {
    new DataView(bytes.buffer).setInt32(at, frame.length);
    bytes.set(frame, at + 4);
    at += 4 + frame.length;
  }
  return bytes;
}

describe("FrameAssembler", () => {
  it("finds the same frames however the bytes are cut", () => {
    const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 10 });
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sent, cuts) => {
        const stream = prefixed(sent);
        const got: number[][] = [];
        const assembler = new FrameAssembler(1000, (frame) => got.push([...frame]));
        for (let at = 0, i = 0; at < stream.length; i++) {
          const end = Math.min(stream.length, at + cuts[i % cuts.length]!);
          assembler.push(stream.slice(at, end));
          at = end;
        }
        assert.deepEqual(
          got,
          sent.map((frame) => [...frame]),
        );
      }),
      options,
    );
  });

  it("assembles a frame of many megabytes from small chunks in linear time", () => {
    const body = new Uint8Array(24 * 1024 * 1024).fill(7);
    const stream = prefixed([body]);
    let size = 0;
    const assembler = new FrameAssembler(body.length, (frame) => (size = frame.length));
    for (let at = 0; at < stream.length; at += 1500) assembler.push(stream.subarray(at, at + 1500));
    assert.equal(size, body.length);
  });

  it("refuses negative, empty and oversized lengths, also when the prefix comes byte by byte", () => {
    for (const length of [-1, 0, 1001, 0x7fffffff, -0x80000000]) {
      const prefix = new Uint8Array(4);
      new DataView(prefix.buffer).setInt32(0, length);
      const whole = new FrameAssembler(1000, () => assert.fail("a frame"));
      assert.throws(() => whole.push(prefix), FrameLengthError);
      const piecemeal = new FrameAssembler(1000, () => assert.fail("a frame"));
      assert.throws(() => prefix.forEach((byte) => piecemeal.push(Uint8Array.of(byte))), FrameLengthError);
    }
  });
});
