import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { t } from "../../schema/t.ts";
import type { StateSpec } from "../../stream/graph.ts";
import { hashOfKey } from "./key-hash.ts";
import { KeyedStore } from "./keyed-store.ts";
import { restoreChunk } from "./restore-chunk.ts";
import { StoreSnapshot } from "./store-snapshot.ts";
import type { TimeColumn } from "./time-column.ts";
import type { TimeHandle } from "./time-state.ts";

const seed = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1e9);
const Element = t.record("Element", { n: t.int(), text: t.string() });
interface Element {
  readonly n: number;
  readonly text: string;
}
const SPECS: StateSpec[] = [{ kind: "map", name: "side", key: { kind: "double" }, value: Element.type, ttl: undefined, byTime: true }];
const GROUPS = 2;

/** One key's elements, ordered by time and then by arrival. */
type Kept = { readonly time: number; readonly element: Element }[];
type Model = Map<string, Kept>;

class World {
  readonly store = new KeyedStore(SPECS, GROUPS);
  readonly model: Model = new Map();

  at<T>(key: string, work: (handle: TimeHandle) => T): T {
    this.store.select(key, hashOfKey(key));
    const result = work(this.store.handles[0] as TimeHandle);
    this.store.done();
    return result;
  }

  insert(key: string, time: number, element: Element): void {
    this.at(key, (handle) => handle.insert(time, element));
    const kept = this.model.get(key) ?? [];
    const behind = kept.findLastIndex((one) => one.time <= time);
    kept.splice(behind + 1, 0, { time, element });
    this.model.set(key, kept);
  }

  drop(key: string, time: number): void {
    this.at(key, (handle) => handle.dropUntil(time));
    const left = (this.model.get(key) ?? []).filter((one) => one.time > time);
    if (left.length === 0) this.model.delete(key);
    else this.model.set(key, left);
  }

  between(key: string, from: number, to: number): Kept {
    const found: Kept = [];
    this.at(key, (handle) => handle.between(from, to, (element, time) => found.push({ time, element: element as Element })));
    return found;
  }
}

/** What a snapshot holds, read back. */
function restored(snapshot: StoreSnapshot, meanwhile: () => void): World {
  const world = new World();
  for (let chunk = snapshot.next(); chunk !== undefined; chunk = snapshot.next()) {
    restoreChunk("op", world.store, (chunk.address as { group: number }).group, chunk.bytes, () => undefined);
    meanwhile();
  }
  return world;
}

const steps = fc.array(
  fc.record({
    what: fc.constantFrom("insert", "insert", "insert", "insert", "drop", "look", "freeze", "thaw"),
    key: fc.constantFrom("a", "b", "é", "another key"),
    time: fc.integer({ min: -20, max: 60 }),
    length: fc.constantFrom(0, 1, 2, 3, 4, 5, 30, 1500),
  }),
  { maxLength: 150 },
);

test("elements by time are those of a model, through disorder, drops and open snapshots, and a snapshot is what was there", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const world = new World();
      let open: { readonly snapshot: StoreSnapshot; readonly before: Model } | undefined;
      const close = (): void => {
        const copy = restored(open!.snapshot, () => undefined);
        open!.snapshot.release();
        for (const key of ["a", "b", "é", "another key"]) {
          assert.deepEqual(copy.between(key, -Infinity, Infinity), open!.before.get(key) ?? []);
        }
        open = undefined;
      };
      all.forEach(({ what, key, time, length }, n) => {
        // Mostly in order.
        if (what === "insert") world.insert(key, length % 2 === 0 ? n : time, { n, text: "x".repeat(length) });
        else if (what === "drop") world.drop(key, time);
        else if (what === "look") {
          const expected = (world.model.get(key) ?? []).filter((one) => one.time >= time && one.time <= time + length);
          assert.deepEqual(world.between(key, time, time + length), expected);
        } else if (what === "freeze" && open === undefined) {
          const before = new Map([...world.model].map(([each, kept]) => [each, [...kept]]));
          open = { snapshot: new StoreSnapshot("op", world.store, []), before };
        } else if (what === "thaw" && open !== undefined) close();
      });
      if (open !== undefined) close();
      for (const key of ["a", "b", "é", "another key"]) {
        assert.deepEqual(world.between(key, -Infinity, Infinity), world.model.get(key) ?? []);
      }
      const kept = world.store.tables.reduce((sum, table) => sum + (table?.kept ?? 0), 0);
      assert.equal(kept, world.model.size);
    }),
    { seed, numRuns: 150 },
  );
});

test("a key may have more elements than a page of the log, and elements larger than one", () => {
  const world = new World();
  for (let n = 0; n < 5000; n++) world.insert("hot", n - (n % 7 === 0 ? 3 : 0), { n, text: "some text" });
  for (const n of [1000, 4000]) world.insert("hot", n, { n, text: "y".repeat(100_000) });
  assert.deepEqual(world.between("hot", 900, 1100), world.model.get("hot")!.filter(({ time }) => time >= 900 && time <= 1100)); // prettier-ignore
  world.drop("hot", 3990);
  const snapshot = new StoreSnapshot("op", world.store, []);
  const then = [...world.model.get("hot")!];
  world.insert("hot", 3995, { n: 0, text: "in the middle, while the row is read" });
  world.insert("hot", 6000, { n: 1, text: "at the end" });
  assert.deepEqual(restored(snapshot, () => world.drop("hot", 5500)).between("hot", -Infinity, Infinity), then);
  snapshot.release();
  assert.deepEqual(world.between("hot", -Infinity, Infinity), world.model.get("hot"));
});

test("a steady stream of elements that come and go keeps memory flat", () => {
  const world = new World();
  for (let n = 0; n < 200_000; n++) {
    const key = `key ${n % 100}`;
    world.at(key, (handle) => {
      handle.dropUntil(n - 250);
      handle.insert(n, { n, text: "some text" });
    });
  }
  // At most three elements for each of 100 keys.
  assert.ok(world.store.log.sizeBytes <= 2 * 65536, `${world.store.log.sizeBytes} bytes`);
  for (const table of world.store.tables) for (let id = 0; id < table!.end; id++) (table!.columns[0] as TimeColumn).dropUntil(id, Infinity);
  assert.ok(world.store.log.usedBytes <= 100 * 24, `${world.store.log.usedBytes} bytes`);
});
