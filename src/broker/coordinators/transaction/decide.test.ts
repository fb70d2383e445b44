// The transaction coordinator's decisions by example: epochs, fencing, commit and abort in both versions, retries, exhaustion.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorCode } from "../../../protocol/errors.ts";
import { LAST_CLIENT_EPOCH } from "./state.ts";
import { TransactionScript } from "./transaction-script.ts";

describe("InitProducerId", () => {
  it("starts a new transactional id at epoch 0 once that is in the log", () => {
    const txn = new TransactionScript();
    assert.equal(txn.init(), undefined);
    txn.persisted();
    assert.deepEqual(txn.last(), { error: ErrorCode.NONE, producerId: 7, producerEpoch: 0 });
  });

  it("gives a newcomer the next epoch and fences its predecessor", () => {
    const txn = new TransactionScript().begun();
    assert.equal(txn.initNow().error, ErrorCode.CONCURRENT_TRANSACTIONS);
    assert.equal(txn.state.data.status, "PrepareAbort");
    assert.deepEqual(txn.markers.at(-1), { producerId: 7, producerEpoch: 1, commit: false, partitions: ["t-0"] });
    txn.markersWritten();
    assert.deepEqual(txn.initNow(), { error: ErrorCode.NONE, producerId: 7, producerEpoch: 2 });
    assert.equal(txn.end(true, { producerEpoch: 0 })?.error, ErrorCode.PRODUCER_FENCED);
    assert.equal(txn.add("t-0", { producerEpoch: 0 })?.error, ErrorCode.PRODUCER_FENCED);
  });

  it("bumps the epoch of a producer that knows its own, and repeats the answer to its retry", () => {
    const txn = new TransactionScript().initialised();
    const expected = { producerId: 7, producerEpoch: 0 };
    assert.equal(txn.initNow(expected).producerEpoch, 1);
    assert.equal(txn.initNow(expected).producerEpoch, 1);
    assert.equal(txn.initNow({ producerId: 7, producerEpoch: 1 }).producerEpoch, 2);
    assert.equal(txn.initNow(expected).error, ErrorCode.PRODUCER_FENCED);
    assert.equal(txn.initNow({ producerId: 99, producerEpoch: 2 }).error, ErrorCode.PRODUCER_FENCED);
  });

  it("does not let a replaced producer abort its successor's transaction", () => {
    const txn = new TransactionScript().initialised();
    txn.initNow();
    txn.addNow("t-0", { producerEpoch: 1 });
    assert.equal(txn.initNow({ producerId: 7, producerEpoch: 0 }).error, ErrorCode.PRODUCER_FENCED);
    assert.equal(txn.state.data.status, "Ongoing");
  });

  it("takes a new producer id when the epochs are used up", () => {
    const txn = new TransactionScript().initialised();
    txn.setEpoch(LAST_CLIENT_EPOCH);
    assert.deepEqual(txn.initNow(undefined, 8), { error: ErrorCode.NONE, producerId: 8, producerEpoch: 0 });
    assert.equal(txn.state.data.previousProducerId, 7);
    const late = txn.initNow({ producerId: 7, producerEpoch: LAST_CLIENT_EPOCH }, 9);
    assert.equal(late.error, ErrorCode.PRODUCER_FENCED);
  });
});

describe("a transaction of version 1", () => {
  it("commits: the decision is in the log before the answer, the markers follow, then it is complete", () => {
    const txn = new TransactionScript().begun();
    assert.equal(txn.end(true), undefined);
    assert.deepEqual(txn.markers, []);
    txn.persisted();
    assert.equal(txn.last()?.error, ErrorCode.NONE);
    assert.deepEqual(txn.markers, [{ producerId: 7, producerEpoch: 0, commit: true, partitions: ["t-0"] }]);
    assert.equal(txn.state.data.status, "PrepareCommit");
    txn.markersWritten();
    assert.deepEqual([txn.state.data.status, txn.state.data.partitions.size, txn.state.data.producerEpoch], ["CompleteCommit", 0, 0]);
  });

  it("sends back what arrives while a transition is being written, and while markers are", () => {
    const txn = new TransactionScript().begun();
    txn.end(true);
    assert.equal(txn.add("t-1")?.error, ErrorCode.CONCURRENT_TRANSACTIONS);
    txn.persisted();
    assert.equal(txn.add("t-1")?.error, ErrorCode.CONCURRENT_TRANSACTIONS);
    assert.equal(txn.end(true)?.error, ErrorCode.CONCURRENT_TRANSACTIONS);
    assert.equal(txn.end(false)?.error, ErrorCode.INVALID_TXN_STATE);
  });

  it("answers a repeated end as before and refuses the opposite", () => {
    const txn = new TransactionScript().begun();
    txn.endNow(true);
    txn.markersWritten();
    assert.equal(txn.end(true)?.error, ErrorCode.NONE);
    assert.equal(txn.end(false)?.error, ErrorCode.INVALID_TXN_STATE);
  });

  it("cannot end before it began", () => {
    const txn = new TransactionScript().initialised();
    assert.equal(txn.end(true)?.error, ErrorCode.INVALID_TXN_STATE);
    assert.equal(txn.end(true, { producerId: 8 })?.error, ErrorCode.INVALID_PRODUCER_ID_MAPPING);
  });

  it("is unchanged when the transition cannot be written", () => {
    const txn = new TransactionScript().begun();
    txn.end(true);
    txn.persisted(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    assert.equal(txn.last()?.error, ErrorCode.COORDINATOR_NOT_AVAILABLE);
    assert.deepEqual([txn.state.data.status, txn.markers.length], ["Ongoing", 0]);
    assert.equal(txn.endNow(true)?.error, ErrorCode.NONE);
  });

  it("answers at once when every partition is already part of it", () => {
    const txn = new TransactionScript().begun();
    assert.equal(txn.add("t-0")?.error, ErrorCode.NONE);
  });

  it("is aborted under a new epoch when its time is over", () => {
    const txn = new TransactionScript().begun();
    txn.advance(60_000);
    assert.equal(txn.state.pending, undefined);
    txn.advance(1);
    txn.persisted();
    assert.deepEqual(txn.markers, [{ producerId: 7, producerEpoch: 1, commit: false, partitions: ["t-0"] }]);
    txn.markersWritten();
    assert.equal(txn.end(true, { producerEpoch: 0 })?.error, ErrorCode.PRODUCER_FENCED);
  });
});

describe("a transaction of version 2", () => {
  it("gives the producer its next epoch with the end, and marks under it", () => {
    const txn = new TransactionScript().begun(2);
    assert.deepEqual(txn.endNow(true, { version: 2 }), { error: ErrorCode.NONE, producerId: 7, producerEpoch: 1 });
    assert.deepEqual(txn.markers, [{ producerId: 7, producerEpoch: 1, commit: true, partitions: ["t-0"] }]);
    txn.markersWritten();
    assert.deepEqual([txn.state.data.status, txn.state.data.producerEpoch], ["CompleteCommit", 1]);
  });

  it("tells the retry of the last end from the end of the present transaction", () => {
    const txn = new TransactionScript().begun(2);
    txn.endNow(true, { version: 2 });
    txn.markersWritten();
    assert.deepEqual(txn.end(true, { version: 2, producerEpoch: 0 }), { error: ErrorCode.NONE, producerId: 7, producerEpoch: 1 });
    txn.addNow("t-1", { producerEpoch: 1 }, 2);
    assert.equal(txn.end(true, { version: 2, producerEpoch: 0 })?.error, ErrorCode.PRODUCER_FENCED);
    assert.equal(txn.state.data.status, "Ongoing");
  });

  it("may be aborted without partitions", () => {
    const txn = new TransactionScript().initialised();
    assert.deepEqual(txn.endNow(false, { version: 2 }), { error: ErrorCode.NONE, producerId: 7, producerEpoch: 1 });
    txn.markersWritten();
    assert.equal(txn.end(true, { version: 2, producerEpoch: 1 })?.error, ErrorCode.INVALID_TXN_STATE);
  });

  it("asks the end of the next transaction to wait while the last one is being ended", () => {
    const txn = new TransactionScript().begun(2);
    txn.endNow(true, { version: 2 });
    for (const commit of [false, true])
      assert.equal(txn.end(commit, { version: 2, producerEpoch: 1 })?.error, ErrorCode.CONCURRENT_TRANSACTIONS);
    txn.markersWritten();
    assert.deepEqual(txn.endNow(false, { version: 2, producerEpoch: 1 }), { error: ErrorCode.NONE, producerId: 7, producerEpoch: 2 });
  });

  it("goes on under a new producer id when the epochs are used up", () => {
    const txn = new TransactionScript().begun(2);
    txn.setEpoch(LAST_CLIENT_EPOCH);
    const at = { version: 2 as const, producerEpoch: LAST_CLIENT_EPOCH };
    assert.deepEqual(txn.endNow(true, at, 8), { error: ErrorCode.NONE, producerId: 8, producerEpoch: 0 });
    assert.deepEqual(txn.markers[0], { producerId: 7, producerEpoch: LAST_CLIENT_EPOCH + 1, commit: true, partitions: ["t-0"] });
    txn.markersWritten();
    assert.deepEqual([txn.state.data.producerId, txn.state.data.producerEpoch, txn.state.data.previousProducerId], [8, 0, 7]);
    assert.deepEqual(txn.end(true, { ...at, producerId: 7 }, 9), { error: ErrorCode.NONE, producerId: 8, producerEpoch: 0 });
  });
});
