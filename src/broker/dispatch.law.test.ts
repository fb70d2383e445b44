// Whatever bytes come as a request, decoding ends with a request, an answer, or an error that is the sender's: never anything else.
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { ALL_APIS } from "./apis/all.ts";
import { Dispatcher, isMalformed } from "./dispatch.ts";

const seed = process.env["MILLRACE_SEED"];
const dispatcher = new Dispatcher(ALL_APIS);

const header = fc
  .constantFrom(...ALL_APIS)
  .chain(({ api, minVersion, maxVersion }) =>
    fc.record({ key: fc.constant(api.key), version: fc.integer({ min: minVersion, max: maxVersion }) }),
  );
/** Random bytes are mostly refused at once: small numbers, which are plausible lengths, get further. */
const body = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 200 }).map((bytes) => Uint8Array.from(bytes)),
);

it("takes random bytes behind a valid header for a request or refuses them", () => {
  let decoded = 0;
  fc.assert(
    fc.property(header, body, ({ key, version }, rest) => {
      const frame = Uint8Array.of(key >> 8, key & 0xff, version >> 8, version & 0xff, 0, 0, 0, 1, 0xff, 0xff, 0, ...rest);
      try {
        dispatcher.decode(frame);
        decoded++;
      } catch (error) {
        assert.ok(isMalformed(error), `${String(error)} for ${Buffer.from(frame).toString("hex")}`);
      }
    }),
    { numRuns: 5000, ...(seed === undefined ? {} : { seed: Number(seed) }) },
  );
  assert.ok(decoded > 0, "nothing was ever decoded: the bytes are too random");
});

it("serves each API in versions whose codecs exist, in the order of their keys, and advertises Produce from 0", () => {
  const keys = ALL_APIS.map(({ api }) => api.key);
  assert.deepEqual(
    keys,
    keys.toSorted((a, b) => a - b),
  );
  for (const { api, minVersion, maxVersion } of ALL_APIS) assert.ok(minVersion >= api.minVersion && maxVersion <= api.maxVersion, api.name);
  assert.deepEqual([ALL_APIS[0]?.api.name, ALL_APIS[0]?.advertisedMinVersion, ALL_APIS[0]?.minVersion], ["Produce", 0, 3]);
});
