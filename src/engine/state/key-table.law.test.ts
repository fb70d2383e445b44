import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { hashOfKey } from "./key-hash.ts";
import { KeyTable } from "./key-table.ts";
import { RowLog } from "./row-log.ts";
import { NumberColumn } from "./state-column.ts";

const seed = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1e9);

/** Few keys, so that they come and go; hashes cut short, so that they collide. */
const keys = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.constantFrom(0.5, -0, 2 ** 60, true, false, 3n, "é", "\u{1f600}"),
  // Integers that share one of their two words.
  fc.constantFrom(2 ** 31, -(2 ** 31), 5 + 2 ** 32, 5 - 2 ** 32, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 32 - 1),
  // Texts that differ in their last characters only, around the lengths at which their bytes are taken in another way.
  fc.tuple(fc.constantFrom(4, 15, 16, 31, 32, 33), fc.constantFrom("a", "b", "é")).map(([length, end]) => "x".repeat(length - 1) + end),
  fc.string({ maxLength: 2 }),
  fc.tuple(fc.nat(3), fc.string({ maxLength: 1 })),
);
const steps = fc.array(fc.record({ what: fc.constantFrom("add", "add", "release", "freeze", "thaw"), key: keys }), { maxLength: 300 });

const normal = (key: unknown): unknown => (typeof key === "number" ? key + 0 : key);

test("a key table holds the keys that a Map would, with their columns, through releases and snapshots", () => {
  fc.assert(
    fc.property(steps, fc.constantFrom(-1, 3), (all, hashMask) => {
      const log = new RowLog();
      const table = new KeyTable(log);
      const column = new NumberColumn(table.capacity);
      table.columns.push(column);
      const model = new Map<string, { id: number; value: number; key: unknown }>();
      let frozen: { tags: Uint8Array; keys: Map<number, unknown> } | undefined;
      const text = (key: unknown): string =>
        // "3n" and 3n are different keys.
        typeof key + JSON.stringify(key, (_, v: unknown) => (typeof v === "bigint" ? `${v}n` : v));
      all.forEach(({ what, key }, step) => {
        if (what === "add") {
          const id = table.upsert(key, hashOfKey(key) & hashMask);
          const known = model.get(text(key));
          if (known === undefined) model.set(text(key), { id, value: step, key });
          else assert.equal(id, known.id);
          if (known === undefined) column.values[id] = step;
          else assert.equal(column.values[id], known.value);
        } else if (what === "release") {
          const known = model.get(text(key));
          if (known !== undefined) table.release(known.id);
          model.delete(text(key));
        } else if (what === "freeze" && frozen === undefined) {
          log.freeze();
          table.freeze();
          frozen = { tags: table.tags.slice(0, table.end), keys: new Map([...model.values()].map((entry) => [entry.id, entry.key])) };
        } else if (what === "thaw" && frozen !== undefined) {
          for (const [id, frozenKey] of frozen.keys) assert.deepEqual(table.keyOf(id, frozen.tags[id]!), normal(frozenKey));
          log.thaw();
          table.thaw();
          frozen = undefined;
        }
        assert.equal(table.size, model.size);
      });
      assert.equal(new Set([...model.values()].map(({ id }) => id)).size, model.size);
      for (const { id, key } of model.values()) assert.deepEqual(table.keyAt(id), normal(key));
    }),
    { seed, numRuns: 200 },
  );
});

test("ids and rows of released keys are used again: memory does not grow with the number of keys that passed", () => {
  const log = new RowLog();
  const table = new KeyTable(log);
  for (let round = 0; round < 100_000; round++) {
    const key = `key number ${round}`;
    const id = table.upsert(key, hashOfKey(key));
    if (round >= 100) {
      const old = `key number ${round - 100}`;
      table.release(table.upsert(old, hashOfKey(old)));
    }
    assert.ok(id < 101);
  }
  assert.equal(table.size, 100);
  assert.equal(table.capacity, 128);
  assert.equal(log.sizeBytes, 64 * 1024);
});

test("a table that forgets keeps what something keeps, and takes out the rest when it needs the room", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ key: fc.nat(60), work: fc.nat(3) }), { maxLength: 400 }), (all) => {
      const log = new RowLog();
      const table = new KeyTable(log, true);
      const kept = new Map<string, { readonly id: number; count: number }>();
      let isFrozen = false;
      for (const { key, work } of all) {
        const name = `key ${key}`;
        const id = table.upsert(name, hashOfKey(name) & 7);
        const known = kept.get(name);
        if (known !== undefined) assert.equal(id, known.id);
        if (work === 0 || work === 1) {
          table.hold(id);
          kept.set(name, { id, count: (known?.count ?? 0) + 1 });
        } else if (work === 2 && known !== undefined) {
          table.letGo(id);
          if (--known.count === 0) kept.delete(name);
        } else if (work === 3 && key % 8 === 0) {
          if (isFrozen) table.thaw();
          else table.freeze();
          isFrozen = !isFrozen;
        }
        assert.equal(table.kept, kept.size);
        for (const [at, { id: held }] of kept) assert.equal(table.keyAt(held), at);
      }
    }),
    { seed, numRuns: 200 },
  );
  const table = new KeyTable(new RowLog(), true);
  for (let key = 0; key < 100_000; key++) {
    const id = table.upsert(key, hashOfKey(key));
    if (key % 1000 === 0) table.hold(id);
  }
  assert.equal(table.kept, 100);
  assert.equal(table.capacity, 256, "twice what is kept, and the same again for what may come again");
});
