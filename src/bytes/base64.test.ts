import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fromBase64, toBase64, toBase64Url } from "./base64.ts";

test("base64 is that of Node, also of more bytes than a call may have arguments, and comes back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), fc.constantFrom(1, 700, 9000), (some, times) => {
      const bytes = new Uint8Array(some.length * times);
      for (let at = 0; at < bytes.length; at += some.length) bytes.set(some, at);
      const buffer = Buffer.from(bytes);
      assert.equal(toBase64(bytes), buffer.toString("base64"));
      assert.equal(toBase64Url(bytes), buffer.toString("base64url"));
      assert.deepEqual(fromBase64(toBase64(bytes)), bytes);
    }),
    { seed: Number(process.env["MILLRACE_SEED"] ?? Date.now()), numRuns: 60 },
  );
  assert.throws(() => fromBase64("no base64!"));
});
