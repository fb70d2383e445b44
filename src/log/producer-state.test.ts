// The rules for idempotent and transactional producers, one sentence each.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type AppendDecision, decideAppend, decideMarker, type ProducerBatch, type ProducerEntry } from "./producer-state.ts";

const batch = (baseSequence: number, more: Partial<ProducerBatch> = {}): ProducerBatch => ({
  producerId: 9,
  producerEpoch: 2,
  baseSequence,
  lastOffsetDelta: 9,
  maxTimestamp: 1_000,
  transactional: false,
  appendMs: 5_000,
  ...more,
});

/** The entry after batches of ten records with these first sequences, at offsets 0, 10, … */
function after(...sequences: number[]): ProducerEntry {
  let entry: ProducerEntry | undefined;
  for (const [i, sequence] of sequences.entries()) entry = entryOf(decideAppend(entry, batch(sequence), i * 10, "all"));
  return entry!;
}

function entryOf(decision: AppendDecision): ProducerEntry {
  assert.equal(decision.kind, "append");
  return (decision as Extract<AppendDecision, { kind: "append" }>).entry;
}

function assertRefused(decision: { readonly kind: string; readonly error?: string }, error: string): void {
  assert.equal(decision.kind, "refuse");
  assert.equal(decision.error, error);
}

test("an unknown producer begins with sequence 0 where every transaction is an epoch of its own (KIP-890)", () => {
  assert.equal(decideAppend(undefined, batch(0), 0, "from-zero").kind, "append");
  assertRefused(decideAppend(undefined, batch(3), 0, "from-zero"), "OUT_OF_ORDER_SEQUENCE_NUMBER");
  assert.equal(decideAppend(after(0, 10), batch(20), 20, "from-zero").kind, "append");
});

test("an unknown producer may begin with any sequence", () => {
  assert.equal(decideAppend(undefined, batch(730), 0, "all").kind, "append");
});

test("the next sequence is accepted, a gap and a step back are not", () => {
  assert.equal(decideAppend(after(0, 10), batch(20), 20, "all").kind, "append");
  assertRefused(decideAppend(after(0, 10), batch(30), 20, "all"), "OUT_OF_ORDER_SEQUENCE_NUMBER");
  assertRefused(decideAppend(after(0, 10), batch(15), 20, "all"), "OUT_OF_ORDER_SEQUENCE_NUMBER");
});

test("sequences go on at 0 after 2^31 − 1", () => {
  const entry = after(0x7fffffff - 9);
  assert.equal(entry.batches[0]!.lastSequence, 0x7fffffff);
  assert.equal(decideAppend(entry, batch(0), 10, "all").kind, "append");
  const wrapping = entryOf(decideAppend(undefined, batch(0x7fffffff - 4), 0, "all"));
  assert.equal(wrapping.batches[0]!.lastSequence, 4);
  assert.equal(decideAppend(wrapping, batch(5), 10, "all").kind, "append");
});

test("each of the last five batches is recognised, the sixth is not", () => {
  const entry = after(0, 10, 20, 30, 40, 50);
  for (const [i, sequence] of [10, 20, 30, 40, 50].entries()) {
    const decision = decideAppend(entry, batch(sequence), 60, "all");
    assert.equal(decision.kind, "duplicate");
    assert.equal((decision as Extract<AppendDecision, { kind: "duplicate" }>).batch.firstOffset, 10 + i * 10);
  }
  assertRefused(decideAppend(entry, batch(0), 60, "all"), "OUT_OF_ORDER_SEQUENCE_NUMBER");
});

test("a batch with the same first but another last sequence is no duplicate", () => {
  assertRefused(decideAppend(after(0, 10), batch(10, { lastOffsetDelta: 3 }), 20, "all"), "OUT_OF_ORDER_SEQUENCE_NUMBER");
});

test("a newer epoch begins again at sequence 0, and fences the older one", () => {
  const entry = after(0, 10);
  assertRefused(decideAppend(entry, batch(20, { producerEpoch: 3 }), 20, "all"), "OUT_OF_ORDER_SEQUENCE_NUMBER");
  const newer = entryOf(decideAppend(entry, batch(0, { producerEpoch: 3 }), 20, "all"));
  assert.equal(newer.batches.length, 1);
  assertRefused(decideAppend(newer, batch(20), 30, "all"), "INVALID_PRODUCER_EPOCH");
  assertRefused(decideAppend(newer, batch(0), 30, "all"), "INVALID_PRODUCER_EPOCH");
});

test("a transaction keeps the offset of its first batch, and shuts out batches outside of it", () => {
  const first = entryOf(decideAppend(after(0), batch(10, { transactional: true }), 10, "all"));
  const second = entryOf(decideAppend(first, batch(20, { transactional: true }), 20, "all"));
  assert.equal(second.transactionFirstOffset, 10);
  assertRefused(decideAppend(second, batch(30), 30, "all"), "INVALID_TXN_STATE");
});

test("the coordinator's own batches carry no sequence, but are fenced", () => {
  const own = batch(-1, { transactional: true });
  const entry = entryOf(decideAppend(after(0), own, 10, "epoch"));
  assert.deepEqual(entry.batches, after(0).batches);
  assert.equal(entry.transactionFirstOffset, 10);
  assertRefused(decideAppend(entry, { ...own, producerEpoch: 1 }, 11, "epoch"), "INVALID_PRODUCER_EPOCH");
});

test("a marker ends the transaction; one of a newer epoch also begins the sequences anew", () => {
  const open = entryOf(decideAppend(after(0), batch(10, { transactional: true }), 10, "all"));
  const marker = { producerId: 9, producerEpoch: 2, coordinatorEpoch: 4, appendMs: 6_000 };
  const ended = decideMarker(open, marker, true);
  assert.ok(ended.kind === "append" && ended.entry.transactionFirstOffset === -1 && ended.entry.batches.length === 2);
  const fencing = decideMarker(open, { ...marker, producerEpoch: 3 }, true);
  assert.ok(fencing.kind === "append" && fencing.entry.batches.length === 0);
  assertRefused(decideAppend(fencing.entry, batch(20), 20, "all"), "INVALID_PRODUCER_EPOCH");
  assertRefused(decideMarker(open, { ...marker, producerEpoch: 1 }, true), "INVALID_PRODUCER_EPOCH");
  assertRefused(decideMarker(ended.entry, { ...marker, coordinatorEpoch: 3 }, true), "TRANSACTION_COORDINATOR_FENCED");
});

test("a batch does not overtake one with a lower sequence that was refused before the transaction was known", () => {
  assert.equal(decideAppend(undefined, batch(30), 0, "all", 30).kind, "append");
  assertRefused(decideAppend(undefined, batch(30), 0, "all", 0), "OUT_OF_ORDER_SEQUENCE_NUMBER");
});
