// What a checkpoint lists of a sink: nothing that was committed before the writer heard of its barrier, everything else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createBatch } from "../../schema/columns.ts";
import { t } from "../../schema/t.ts";
import type { SinkWriter } from "../../stream/connector.ts";
import { createSimulation } from "../../testing/simulation/simulation.ts";
import { SinkGate } from "./sink-gate.ts";
import { TimeMeter } from "./time-meter.ts";

/** Prepares "part N" at barrier N; is ready, and has committed, when the test says so. */
class HeldWriter implements SinkWriter {
  readonly failed = new Promise<never>(() => {});
  readonly heard: number[] = [];
  isReady = true;
  open = (): void => {};
  committed = (): void => {};

  write(): boolean {
    return this.isReady;
  }

  ready(): Promise<void> {
    return new Promise((resolve) => (this.open = resolve));
  }

  prepare(id: number): Promise<readonly Uint8Array[]> {
    this.heard.push(id);
    return Promise.resolve([new TextEncoder().encode(`part ${id}`)]);
  }

  commit(): Promise<void> {
    return new Promise((resolve) => (this.committed = resolve));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const texts = (parts: readonly Uint8Array[]): string[] => parts.map((part) => new TextDecoder().decode(part));
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

function gateWith(writer: HeldWriter): SinkGate {
  const env = createSimulation(1).env();
  return new SinkGate("sink", writer, new TimeMeter(env.clock), {
    ready: () => {},
    failed: (error) => assert.fail(String(error)),
  });
}

const oneRow = createBatch(t.record("Row", { n: t.int() }).type, 1);
oneRow.rows = 1;

test("what was committed while a barrier waited behind rows is not listed by that barrier's checkpoint", async () => {
  const writer = new HeldWriter();
  const gate = gateWith(writer);
  gate.prepare(1);
  assert.deepEqual(texts(await gate.committables(1)), ["part 1"]);
  const committing = gate.commit(1);
  await turns();
  writer.isReady = false;
  gate.write(oneRow);
  gate.prepare(2);
  const second = gate.committables(2);
  await turns();
  assert.deepEqual(writer.heard, [1], "the second barrier waits");
  // The writer may use again what checkpoint 1 named: it knows of no later barrier.
  writer.committed();
  await committing;
  writer.open();
  assert.deepEqual(texts(await second), ["part 2"]);
});

test("what is still being committed when the writer hears of a barrier is listed by its checkpoint", async () => {
  const writer = new HeldWriter();
  const gate = gateWith(writer);
  gate.prepare(1);
  const committing = gate.commit(1);
  gate.prepare(2);
  assert.deepEqual(texts(await gate.committables(2)), ["part 1", "part 2"]);
  writer.committed();
  await committing;
  gate.prepare(3);
  assert.deepEqual(texts(await gate.committables(3)), ["part 2", "part 3"]);
});
