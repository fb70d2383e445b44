// Memory of received chunks: freed as soon as the receiver says that it holds on to nothing, and only then.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameAssembler } from "../broker/frame-assembler.ts";
import { FrameAssembler as AnswerAssembler } from "../client/frame-assembler.ts";
import { createNodeEnv } from "./node-env.ts";

const SENT = 512 * 1024;

async function received(answer: (bytes: Uint8Array) => unknown): Promise<{ bytes: Uint8Array; size: number }[]> {
  const { network } = createNodeEnv({ logger: { log: () => {} } });
  const chunks: { bytes: Uint8Array; size: number }[] = [];
  let total = 0;
  await using done = new AsyncDisposableStack();
  await new Promise<void>((resolve, reject) => {
    const accept = (bytes: Uint8Array): unknown => {
      chunks.push({ bytes, size: bytes.length });
      total += bytes.length;
      if (total === SENT) setImmediate(resolve);
      return answer(bytes);
    };
    network
      .listen({ host: "127.0.0.1", port: 0 }, (connection) => connection.handle({ data: accept, close: () => {} }))
      .then(async (listener) => {
        done.defer(() => listener.close());
        const peer = await network.connect({ host: "127.0.0.1", port: listener.address.port });
        peer.handle({ data: () => {}, close: () => {} });
        done.defer(() => peer.destroy());
        peer.write(new Uint8Array(SENT).fill(7));
      })
      .catch(reject);
  });
  return chunks;
}

test("a chunk whose receiver holds on to nothing is freed at once; any other stays", async () => {
  const freed = (await received(() => true)).filter(({ size }) => size >= 16 * 1024);
  assert.ok(freed.length > 0);
  for (const { bytes } of freed) assert.equal(bytes.length, 0);
  for (const { bytes, size } of await received((bytes) => bytes.length)) {
    assert.equal(bytes.length, size);
    assert.ok(bytes.every((byte) => byte === 7));
  }
});

for (const [name, assembler] of [
  ["requests", (frame: (bytes: Uint8Array) => void) => new FrameAssembler(1000, frame)],
  ["answers", (frame: (bytes: Uint8Array) => void) => new AnswerAssembler(1000, frame)],
] as const) {
  test(`the assembler of ${name} holds on to a chunk exactly when a frame is a view of it`, () => {
    const stream = Uint8Array.from([0, 0, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0, 5, 7, 8, 9, 10, 11, 0, 0, 0, 4, 12, 13, 14, 15]);
    for (let first = 1; first < stream.length; first++) {
      for (let second = first + 1; second <= stream.length; second++) {
        const frames: Uint8Array[] = [];
        const target = assembler((bytes) => frames.push(bytes));
        for (const chunk of [stream.slice(0, first), stream.slice(first, second), stream.slice(second)]) {
          const free = target.push(chunk);
          assert.equal(free, !frames.some(({ buffer }) => buffer === chunk.buffer));
        }
        assert.deepEqual(frames.map((frame) => [...frame]), [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11], [12, 13, 14, 15]]); // prettier-ignore
      }
    }
  });
}
