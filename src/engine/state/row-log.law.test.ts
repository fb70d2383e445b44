import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RowLog } from "./row-log.ts";

const seed = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1e9);
const lengths = fc.oneof({ weight: 8, arbitrary: fc.nat(300) }, { weight: 1, arbitrary: fc.integer({ min: 300, max: 200_000 }) });
const steps = fc.array(fc.record({ what: fc.constantFrom("put", "put", "free", "freeze", "thaw"), length: lengths, pick: fc.nat() }), {
  maxLength: 120,
});

/** Bytes that say which row they are of. */
const fill = (length: number, tag: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (at * 31 + tag) & 255);

test("rows keep their bytes until they are freed, and while a snapshot is open also after that", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const log = new RowLog();
      const rows = new Map<number, Uint8Array>();
      let frozen: Map<number, Uint8Array> | undefined;
      all.forEach(({ what, length, pick }, step) => {
        if (what === "put") {
          const bytes = fill(length, step);
          const row = log.put(bytes);
          assert.ok(row > 0 && !rows.has(row) && frozen?.has(row) !== true);
          rows.set(row, bytes);
        } else if (what === "free" && rows.size > 0) {
          const row = [...rows.keys()][pick % rows.size]!;
          log.free(row);
          rows.delete(row);
        } else if (what === "freeze" && frozen === undefined) {
          log.freeze();
          frozen = new Map(rows);
        } else if (what === "thaw" && frozen !== undefined) {
          for (const [row, bytes] of frozen) assert.deepEqual(log.bytesOf(row), bytes);
          log.thaw();
          frozen = undefined;
        }
      });
      for (const [row, bytes] of rows) assert.deepEqual(log.bytesOf(row), bytes);
    }),
    { seed, numRuns: 100 },
  );
});

test("a log that is emptied uses its pages again", () => {
  const log = new RowLog();
  const bytes = fill(40, 1);
  for (let round = 0; round < 50; round++) {
    for (let row = 0; row < 5000; row++) log.put(bytes);
    log.reset();
  }
  assert.ok(log.sizeBytes < 1024 * 1024);
});
