// Order and sequences of one partition's batches, whatever becomes of each.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BatchWriter } from "../../protocol/records/batch-writer.ts";
import { NO_SEQUENCE, ProducerBatch } from "./batch.ts";
import { advanceSequence, nextEpoch, type ProducerIdentity } from "./identity.ts";
import { PartitionQueue } from "./partition-queue.ts";
import { judge } from "./verdict.ts";
import { resolutionOf } from "./transaction.ts";

const IDENTITY: ProducerIdentity = { producerId: 7, producerEpoch: 0 };
let serial = 0;

function add(queue: PartitionQueue, records: number): ProducerBatch {
  const writer = new BatchWriter();
  for (let i = 0; i < records; i++) writer.append(0, null, null);
  const batch = new ProducerBatch(queue, writer, 0, serial++);
  queue.open = batch;
  queue.seal();
  return batch;
}

/** Sends what may be sent. */
function sendAll(queue: PartitionQueue, identity = IDENTITY): ProducerBatch[] {
  const sent: ProducerBatch[] = [];
  while (queue.next() !== undefined) sent.push(queue.take(identity, 0));
  return sent;
}

test("sequences count records, not batches", () => {
  const queue = new PartitionQueue("t", 0);
  for (const records of [3, 1, 5]) add(queue, records);
  assert.deepEqual(
    sendAll(queue).map((batch) => batch.sequence),
    [0, 3, 4],
  );
});

test("a batch sent again keeps its sequence and goes alone, before everything behind it", () => {
  const queue = new PartitionQueue("t", 0);
  const [a, b, c] = [add(queue, 2), add(queue, 2), add(queue, 2)];
  sendAll(queue);
  add(queue, 1);
  queue.putBack(b);
  queue.putBack(a);
  assert.equal(queue.next(), undefined, "c is still unanswered");
  queue.putBack(c);
  assert.deepEqual(sendAll(queue), [a]);
  assert.equal(a.sequence, 0);
  queue.remove(a);
  assert.deepEqual(sendAll(queue), [b]);
  queue.remove(b);
  assert.deepEqual(
    sendAll(queue).map((batch) => batch.sequence),
    [4, 6],
    "the last retry and the new batch go together",
  );
});

test("without an identity batches have no sequence and still come back in order", () => {
  const queue = new PartitionQueue("t", 0);
  const [a, b] = [add(queue, 1), add(queue, 1)];
  queue.take(undefined, 0);
  queue.take(undefined, 0);
  assert.equal(a.sequence, NO_SEQUENCE);
  queue.putBack(b);
  queue.putBack(a);
  assert.deepEqual(queue.waiting, [a, b]);
});

test("behind a batch that was certainly not written all others begin anew under the next epoch", () => {
  const queue = new PartitionQueue("t", 0);
  const [a, b] = [add(queue, 2), add(queue, 2)];
  sendAll(queue);
  queue.remove(a);
  queue.breakSequence();
  assert.equal(queue.needsNewIdentity, false, "b is unanswered");
  queue.putBack(b);
  assert.equal(queue.next(), undefined);
  assert.equal(queue.needsNewIdentity, true);
  queue.restartSequences();
  const next = nextEpoch(IDENTITY)!;
  assert.deepEqual(sendAll(queue, next), [b]);
  assert.deepEqual([b.sequence, b.identity], [0, next]);
});

test("when a batch of unknown fate is given up, those already sent live or die under the old epoch first", () => {
  const queue = new PartitionQueue("t", 0);
  const [a, b, c] = [add(queue, 2), add(queue, 2), add(queue, 2)];
  queue.take(IDENTITY, 0);
  queue.take(IDENTITY, 0);
  queue.putBack(a);
  queue.putBack(b);
  queue.remove(a);
  queue.loseTrack();
  assert.equal(queue.next(), b, "b is tried again as it was");
  assert.equal(queue.needsNewIdentity, false);
  queue.take(IDENTITY, 0);
  assert.equal(queue.next(), undefined, "c must wait");
  queue.remove(b);
  assert.equal(queue.needsNewIdentity, true);
  queue.restartSequences();
  assert.deepEqual(sendAll(queue, nextEpoch(IDENTITY)), [c]);
  assert.equal(c.sequence, 0);
});

test("a new epoch is taken up only when nothing of the old one is unanswered", () => {
  const queue = new PartitionQueue("t", 0);
  const a = add(queue, 1);
  queue.take(IDENTITY, 0);
  const next = nextEpoch(IDENTITY)!;
  const b = add(queue, 1);
  queue.take(next, 0);
  assert.deepEqual([b.identity, b.sequence], [IDENTITY, 1]);
  queue.remove(a);
  queue.remove(b);
  const c = add(queue, 1);
  queue.take(next, 0);
  assert.deepEqual([c.identity, c.sequence], [next, 0]);
});

test("sequences wrap at 2^31, epochs end before the broker's own last one", () => {
  assert.equal(advanceSequence(2 ** 31 - 2, 1), 2 ** 31 - 1);
  assert.equal(advanceSequence(2 ** 31 - 2, 5), 3);
  assert.deepEqual(nextEpoch({ producerId: 1, producerEpoch: 32765 }), { producerId: 1, producerEpoch: 32766 });
  assert.equal(nextEpoch({ producerId: 1, producerEpoch: 32766 }), undefined);
});

test("what a broker's error means for a batch", () => {
  const calm = { idempotent: true, transactional: false, firstUnanswered: true, trackLost: false };
  const NOT_LEADER = 6;
  const TOO_LARGE = 10;
  const OUT_OF_ORDER = 45;
  const DUPLICATE = 46;
  const BAD_EPOCH = 47;
  const UNKNOWN_PRODUCER = 59;
  const FENCED = 90;
  assert.equal(judge(NOT_LEADER, calm), "again");
  assert.equal(judge(TOO_LARGE, calm), "failed");
  assert.equal(judge(DUPLICATE, calm), "written");
  assert.equal(judge(UNKNOWN_PRODUCER, calm), "again-as-new");
  assert.equal(judge(BAD_EPOCH, calm), "again-as-new");
  assert.equal(judge(OUT_OF_ORDER, calm), "again-as-new", "the broker lost what it had acknowledged");
  assert.equal(judge(OUT_OF_ORDER, { ...calm, firstUnanswered: false }), "again", "an earlier batch comes again and fills the gap");
  assert.equal(judge(OUT_OF_ORDER, { ...calm, trackLost: true }), "failed", "an earlier batch was given up");
  for (const code of [OUT_OF_ORDER, UNKNOWN_PRODUCER, BAD_EPOCH]) assert.equal(judge(code, { ...calm, transactional: true }), "failed");
  assert.equal(judge(FENCED, { ...calm, transactional: true }), "fenced");
});

test("which errors end the transaction and which the producer", () => {
  for (const code of ["PRODUCER_FENCED", "INVALID_TXN_STATE", "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"])
    assert.equal(resolutionOf(code), "close");
  for (const code of ["TRANSACTION_ABORTABLE", "TOPIC_AUTHORIZATION_FAILED", "UNKNOWN_PRODUCER_ID"])
    assert.equal(resolutionOf(code), "abort");
});
