import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CopySpace } from "../state/copy-space.ts";
import { hashOfKey } from "../state/key-hash.ts";
import { KeyTable } from "../state/key-table.ts";
import { RowLog } from "../state/row-log.ts";
import { TimerError, Timers } from "./timers.ts";

const seed = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1e9);
const times = fc.oneof(
  fc.integer({ min: 0, max: 100 }),
  fc.integer({ min: -50, max: 3000 }),
  fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }),
  fc.constantFrom(-(2 ** 51), 2 ** 51, 2 ** 40, 1023, 1024, 1025, 32, 31),
);
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ what: fc.constant("set" as const), key: fc.nat(5), at: times }) },
    { weight: 2, arbitrary: fc.record({ what: fc.constant("delete" as const), key: fc.nat(5), at: times }) },
    { weight: 2, arbitrary: fc.record({ what: fc.constant("advance" as const), key: fc.constant(0), at: times }) },
  ),
  { maxLength: 120 },
);

const timeOf = (timer: string): number => Number(timer.split("/")[0]);
const byTime = (a: string, b: string): number => timeOf(a) - timeOf(b);

test("timers fire as a sorted set would: once each, in time order, what callbacks set included", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const timers = new Timers(2);
      const tables = [new KeyTable(new RowLog()), new KeyTable(new RowLog())];
      const idOf = (key: number): number => tables[key % 2]!.upsert(key, hashOfKey(key));
      const model = new Set<string>();
      let position = -Infinity;
      const reset = (at: number): boolean => at % 7 === 0 && at < 2 ** 45;
      for (const { what, key, at } of all) {
        if (what === "set") {
          timers.set(key % 2, tables[key % 2]!, idOf(key), at);
          model.add(`${at}/${key}`);
        } else if (what === "delete") {
          timers.delete(key % 2, tables[key % 2]!, idOf(key), at);
          model.delete(`${at}/${key}`);
        } else if (at > position) {
          position = at;
          const expected: string[] = [];
          for (;;) {
            const due = [...model].filter((timer) => Number(timer.split("/")[0]) <= at).toSorted(byTime);
            if (due.length === 0) break;
            const [time, owner] = due[0]!.split("/");
            model.delete(due[0]!);
            expected.push(due[0]!);
            if (reset(Number(time))) model.add(`${Number(time) + 5}/${owner}`);
          }
          const fired: string[] = [];
          assert.ok(expected.length === 0 || timers.next <= at);
          timers.advance(at, (group, id, time) => {
            const owner = tables[group]!.keyAt(id);
            fired.push(`${time}/${String(owner)}`);
            if (reset(time)) timers.set(group, tables[group]!, id, time + 5);
          });
          assert.deepEqual(fired.toSorted(), expected.toSorted());
          assert.deepEqual(fired.map(timeOf), expected.map(timeOf));
        }
        assert.equal(timers.size, model.size);
        assert.equal(timers.earliest, Math.min(...[...model].map(timeOf)));
      }
      const left = [0, 1].flatMap((group) => {
        const snapshot = timers.freeze(group, new CopySpace())?.read();
        return snapshot === undefined
          ? []
          : Array.from(snapshot.ids, (id, at) => `${snapshot.times[at]}/${String(tables[group]!.keyAt(id))}`);
      });
      assert.deepEqual(left.toSorted(), [...model].toSorted());
    }),
    { seed, numRuns: 300 },
  );
});

test("setting and deleting the same timer over and over leaves nothing behind", () => {
  const timers = new Timers(1);
  const table = new KeyTable(new RowLog());
  const id = table.upsert(1, 1);
  for (let round = 0; round < 100_000; round++) {
    timers.set(0, table, id, 1_000_000 + round);
    timers.delete(0, table, id, 1_000_000 + round);
  }
  assert.equal(timers.size, 0);
  assert.equal(table.references[id], 0);
  assert.ok(timers.allocated < 10_000);
});

test("a timer's time is whole milliseconds, rounded up; what is no time is refused", () => {
  const timers = new Timers(1);
  const table = new KeyTable(new RowLog());
  const id = table.upsert(1, 1);
  timers.set(0, table, id, 10.2);
  timers.set(0, table, id, 11);
  const fired: number[] = [];
  const fire = (_: number, __: number, at: number): void => void fired.push(at);
  timers.advance(10.9, fire);
  assert.deepEqual(fired, []);
  timers.advance(11, fire);
  assert.deepEqual(fired, [11]);
  for (const at of [NaN, Infinity, 2 ** 53, "5" as never]) assert.throws(() => timers.set(0, table, id, at), TimerError);
});

test("timers that set themselves again for ever do not hang the end of the input", () => {
  const timers = new Timers(1);
  const table = new KeyTable(new RowLog());
  const id = table.upsert(1, 1);
  timers.set(0, table, id, 10);
  assert.throws(
    () => timers.advance(Infinity, (group, timerId, at) => timers.set(group, table, timerId, at + 1)),
    /keep setting new timers/,
  );
});
