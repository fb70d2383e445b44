// A snapshot holds the state of its barrier, whatever happens while it is open, and copies only what changes meanwhile.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { TypeInfo } from "../../schema/type-info.ts";
import type { StateSpec } from "../../stream/graph.ts";
import { Timers } from "../time/timers.ts";
import { hashOfKey } from "./key-hash.ts";
import { KeyedStore } from "./keyed-store.ts";
import type { ListHandle } from "./list-state.ts";
import type { MapHandle } from "./map-state.ts";
import { restoreChunk } from "./restore-chunk.ts";
import { StoreSnapshot } from "./store-snapshot.ts";
import type { NumberState, RowState } from "./value-states.ts";

const seed = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1e9);
const GROUPS = 2;
const double: TypeInfo = { kind: "double" };
const string: TypeInfo = { kind: "string" };
const SPECS: readonly StateSpec[] = [
  { kind: "value", name: "number", value: double, ttl: undefined },
  { kind: "value", name: "text", value: string, ttl: undefined },
  { kind: "list", name: "list", value: double, ttl: undefined },
  { kind: "map", name: "numbers", key: double, value: double, ttl: undefined },
  { kind: "map", name: "texts", key: string, value: string, ttl: undefined },
];

class Held {
  readonly store = new KeyedStore(SPECS, GROUPS);
  readonly timers = new Timers(GROUPS);

  /** Does something with a key: what, is a matter of `pick`. */
  touch(key: number, pick: number): void {
    const { store, timers } = this;
    store.select(key, hashOfKey(key));
    const [number, text, list, numbers, texts] = store.handles as [NumberState, RowState, ListHandle, MapHandle, MapHandle];
    const at = pick % 97;
    const work = [
      () => number.set(pick),
      () => number.clear(),
      () => text.set(`text ${pick}`),
      () => text.clear(),
      () => list.add(pick),
      () => list.clear(),
      () => numbers.set(at % 7, pick),
      () => numbers.delete(at % 7),
      () => texts.set(`k${at % 5}`, `v${pick}`),
      () => texts.delete(`k${at % 5}`),
      () => timers.set(store.group, store.table, store.id, at),
      () => timers.delete(store.group, store.table, store.id, at),
      () => timers.set(store.group, store.table, store.id, 2 ** 40 + at),
      () => store.handles.forEach((handle) => handle.clear()),
    ];
    work[(pick >>> 8) % work.length]!();
    store.done();
  }

  advance(time: number): void {
    this.timers.advance(time, (group, id) => {
      const table = this.store.tables[group]!;
      this.store.point(group, table, id);
      table.letGo(id);
      this.store.done();
    });
  }

  /** Everything by key, as text. */
  content(): Map<unknown, string> {
    const { store } = this;
    const timersOf = new Map<unknown, number[]>();
    const snapshot = new StoreSnapshot("op", store, [this.timers]);
    const copy = restored(
      drain(snapshot, () => undefined),
      (key, at) => timersOf.set(key, [...(timersOf.get(key) ?? []), at]),
    );
    snapshot.release();
    const content = new Map<unknown, string>();
    copy.tables.forEach((table, group) => {
      for (let id = 0; id < (table?.end ?? 0); id++) {
        if (table!.tags[id] === 0) continue;
        copy.point(group, table!, id);
        const [number, text, list, numbers, texts] = copy.handles as [NumberState, RowState, ListHandle, MapHandle, MapHandle];
        const key = table!.keyAt(id);
        const timers = (timersOf.get(key) ?? []).toSorted((a, b) => a - b);
        content.set(key, JSON.stringify([number.get(), text.get(), list.get(), [...numbers.entries()], [...texts.entries()], timers]));
      }
    });
    return content;
  }
}

function drain(snapshot: StoreSnapshot, between: () => void): { group: number; bytes: Uint8Array }[] {
  const chunks: { group: number; bytes: Uint8Array }[] = [];
  for (let chunk = snapshot.next(); chunk !== undefined; chunk = snapshot.next()) {
    chunks.push({ group: (chunk.address as { group: number }).group, bytes: chunk.bytes });
    between();
  }
  return chunks;
}

function restored(chunks: readonly { group: number; bytes: Uint8Array }[], timer: (key: unknown, at: number) => void): KeyedStore {
  const store = new KeyedStore(SPECS, GROUPS);
  for (const { group, bytes } of chunks) {
    restoreChunk("op", store, group, bytes, (_, at) => {
      store.table.hold(store.id);
      timer(store.table.keyAt(store.id), at);
    });
  }
  return store;
}

/** Marsaglia's xorshift: 31 bits at a time. */
function numbers(first: number): () => number {
  let random = first | 1;
  return () => {
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    return random >>> 1;
  };
}

const load = fc.record({
  keys: fc.constantFrom(3, 300, 12_000),
  before: fc.nat(15_000),
  between: fc.oneof(fc.nat(20), fc.nat(3_000)),
  seed: fc.nat(),
});

test("what changes while a snapshot is open does not change the snapshot", () => {
  fc.assert(
    fc.property(load, ({ keys, before, between, seed: first }) => {
      const next = numbers(first);
      const held = new Held();
      const work = (times: number): void => {
        for (let i = 0; i < times; i++) held.touch(next() % keys, next() >>> 3);
      };
      work(before);
      const expected = held.content();
      const snapshot = new StoreSnapshot("op", held.store, [held.timers]);
      assert.equal(snapshot.copiedBytes, 0);
      work(between);
      held.advance(next() % 97);
      const chunks = drain(snapshot, () => {
        work(between);
        held.advance(next() % 97);
      });
      snapshot.release();
      const timersOf = new Map<unknown, number[]>();
      const other = new Held();
      const store = restored(chunks, (key, at) => timersOf.set(key, [...(timersOf.get(key) ?? []), at]));
      Object.assign(other, { store });
      for (const [key, times] of timersOf) {
        for (const at of times) {
          store.select(key, hashOfKey(key));
          // Its reference was counted when it was read.
          store.table.letGo(store.id);
          other.timers.set(store.group, store.table, store.id, at);
          store.done();
        }
      }
      assert.deepEqual(other.content(), expected);
      // And the store itself has not suffered.
      assert.deepEqual(held.content(), held.content());
    }),
    { seed, numRuns: 20 },
  );
});

test("a barrier copies nothing, and a snapshot not more than what was changed under it", () => {
  const held = new Held();
  for (let key = 0; key < 50_000; key++) {
    for (const what of [0, 6, 10]) held.touch(key, (what << 8) | (key % 97));
  }
  const snapshot = new StoreSnapshot("op", held.store, [held.timers]);
  assert.equal(snapshot.copiedBytes, 0);
  const changed = 10;
  for (let key = 0; key < changed; key++) held.touch(key * 4999, (6 << 8) | 1);
  assert.ok(snapshot.copiedBytes > 0);
  // A segment of 128 rows of each: what hangs on the id (about 40 bytes a row), map entries (40), timers (8).
  assert.ok(snapshot.copiedBytes < changed * 128 * 128 * 2, `${snapshot.copiedBytes} bytes were copied for ${changed} changed keys`);
  snapshot.release();
  held.touch(1, 6 << 8);
  assert.equal(snapshot.next(), undefined);
});
