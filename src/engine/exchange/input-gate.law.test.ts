// The input gate against a naive model: whatever the channels say, the combined watermark never falls, never passes the slowest active
// channel, and marks inside batches say the same as watermarks between them.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Batch } from "../../schema/batch.ts";
import { addMark, createBatch } from "../../schema/columns.ts";
import { InputGate } from "./input-gate.ts";

const SEED = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };
const CHANNELS = 3;

type Word =
  | { readonly kind: "watermark"; readonly channel: number; readonly rise: number; readonly inBatch: boolean }
  | { readonly kind: "status"; readonly channel: number; readonly idle: boolean }
  | { readonly kind: "rows"; readonly channel: number; readonly rises: readonly number[] };

const channel = fc.nat({ max: CHANNELS - 1 });
const words = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("watermark" as const), channel, rise: fc.nat({ max: 20 }), inBatch: fc.boolean() }),
    fc.record({ kind: fc.constant("status" as const), channel, idle: fc.boolean() }),
    fc.record({ kind: fc.constant("rows" as const), channel, rises: fc.array(fc.nat({ max: 5 }), { maxLength: 6 }) }),
  ),
  { maxLength: 60 },
);

function batchOf(times: readonly number[]): Batch {
  const batch = createBatch({ kind: "double" }, Math.max(1, times.length));
  times.forEach((time, row) => {
    batch.rows = row + 1;
    addMark(batch, row, time);
  });
  return batch;
}

interface Said {
  readonly watermarks: number[];
  readonly statuses: string[];
}

function drive(story: readonly Word[], asBatches: boolean): { said: Said; model: Channel[] } {
  const said: Said = { watermarks: [], statuses: [] };
  const gate = new InputGate(
    Array.from({ length: CHANNELS }, () => 0),
    {
      data(_port, batch) {
        for (let i = 0; i < batch.markCount; i++) said.watermarks.push(batch.markTimes[i]!);
      },
      watermark: (time) => said.watermarks.push(time),
      status: (status) => said.statuses.push(status),
    },
  );
  const model = Array.from({ length: CHANNELS }, () => ({ watermark: -1, idle: false }));
  for (const word of story) step(gate, model, word, asBatches);
  return { said, model };
}

interface Channel {
  watermark: number;
  idle: boolean;
}

function step(gate: InputGate, model: Channel[], word: Word, asBatches: boolean): void {
  const state = model[word.channel]!;
  if (word.kind === "status") {
    state.idle = word.idle;
    return gate.status(word.channel, word.idle ? "idle" : "active");
  }
  // Rows come from active channels only.
  if (state.idle) return;
  const rises = word.kind === "rows" ? word.rises : [word.rise];
  // −1 stands for "none yet": a channel's first watermark is at least 0.
  const times = rises.map((rise) => (state.watermark += state.watermark < 0 ? rise + 1 : rise));
  if (word.kind === "rows" ? asBatches : word.inBatch && asBatches) gate.data(word.channel, batchOf(times));
  else for (const time of times) gate.watermark(word.channel, time);
}

test("the combined watermark rises only, and is at most the slowest active channel that has caught up", () => {
  fc.assert(
    fc.property(words, (story) => {
      const { said, model } = drive(story, true);
      for (let i = 1; i < said.watermarks.length; i++) assert.ok(said.watermarks[i]! > said.watermarks[i - 1]!);
      const last = said.watermarks.at(-1) ?? -Infinity;
      assert.ok(last <= Math.max(...model.map((state) => state.watermark)));
      const active = model.filter((state) => !state.idle);
      const never = !story.some((word) => word.kind === "status" && word.idle);
      if (never)
        assert.equal(
          last,
          Math.min(...active.map((state) => state.watermark)) < 0 ? -Infinity : Math.min(...active.map((s) => s.watermark)),
        );
    }),
    SEED,
  );
});

test("marks inside batches and watermarks between them say the same", () => {
  fc.assert(
    fc.property(words, (story) => {
      assert.deepEqual(drive(story, true).said, drive(story, false).said);
    }),
    SEED,
  );
});

test("statuses alternate: idle exactly while all channels are", () => {
  fc.assert(
    fc.property(words, (story) => {
      const { said, model } = drive(story, true);
      said.statuses.forEach((status, i) => assert.equal(status, i % 2 === 0 ? "idle" : "active"));
      assert.equal(
        said.statuses.at(-1) === "idle",
        model.every((state) => state.idle),
      );
    }),
    SEED,
  );
});

test("a batch keeps its own marks for its other targets", () => {
  const batch = batchOf([5, 6, 7]);
  const gate = new InputGate([0, 0], { data() {}, watermark() {}, status() {} });
  gate.data(0, batch);
  assert.deepEqual([...batch.markTimes.subarray(0, batch.markCount)], [5, 6, 7]);
});

test("the barrier is passed on when the last channel has delivered it, and rows behind it are refused until then", () => {
  const gate = new InputGate([0, 1], { data() {}, watermark() {}, status() {} });
  assert.equal(gate.barrier(0, 1), false);
  assert.throws(() => gate.data(0, batchOf([1])), /behind barrier 1/);
  gate.data(1, batchOf([1]));
  assert.equal(gate.barrier(1, 1), true);
  gate.data(0, batchOf([2]));
  assert.equal(gate.barrier(1, 2), false);
  gate.abort(2);
  gate.data(1, batchOf([3]));
});

test("an idle channel that returns behind the others does not hold them back until it has caught up", () => {
  const heard: number[] = [];
  const gate = new InputGate([0, 0], { data() {}, watermark: (time) => heard.push(time), status() {} });
  gate.watermark(0, 10);
  gate.status(1, "idle");
  gate.status(1, "active");
  gate.watermark(0, 20);
  gate.watermark(1, 5);
  gate.watermark(0, 30);
  gate.watermark(1, 40);
  gate.watermark(0, 35);
  assert.deepEqual(heard, [10, 20, 30, 35]);
});

test("an idle channel that ends lets the others finish", () => {
  const heard: number[] = [];
  const gate = new InputGate([0, 0], { data() {}, watermark: (time) => heard.push(time), status() {} });
  gate.status(1, "idle");
  gate.watermark(0, Infinity);
  assert.equal(gate.end(0), false);
  assert.equal(gate.end(1), true);
  assert.deepEqual(heard, [Infinity]);
});
