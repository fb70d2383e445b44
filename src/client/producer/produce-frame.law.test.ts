// The hand-written pieces of a Produce request are, put together, what the generated codec writes.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ByteWriter } from "../../bytes/writer.ts";
import { apiByName } from "../../protocol/apis.ts";
import { produceFrame } from "./produce-frame.ts";

const SEED = process.env["MILLRACE_SEED"];

test("the pieces are the codec's bytes, in every version", () => {
  const api = apiByName("Produce");
  const partition = fc.record({ index: fc.nat(), records: fc.option(fc.uint8Array({ maxLength: 300 })) });
  const topic = fc.record({
    name: fc.string({ maxLength: 10 }),
    topicId: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString("base64url")),
    partitionData: fc.array(partition, { maxLength: 4 }),
  });
  const request = fc.record({
    transactionalId: fc.option(fc.string()),
    acks: fc.integer({ min: -1, max: 1 }),
    timeoutMs: fc.nat(),
    topicData: fc.array(topic, { maxLength: 4 }),
  });
  fc.assert(
    fc.property(request, fc.integer({ min: api.minVersion, max: api.maxVersion }), (message, version) => {
      const expected = new ByteWriter();
      expected.int32(42);
      api.writeRequest(expected, message, version);
      const w = new ByteWriter();
      w.int32(42);
      assert.deepEqual(Buffer.concat(produceFrame(w, message, version)), Buffer.from(expected.finish()));
    }),
    SEED === undefined ? {} : { seed: Number(SEED) },
  );
});
