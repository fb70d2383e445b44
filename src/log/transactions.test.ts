// Where the last stable offset is, while transactions begin, end and reach the disk.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Transactions } from "./transactions.ts";

test("the last stable offset is the earliest open transaction's first offset, else the high watermark", () => {
  const transactions = new Transactions();
  assert.equal(transactions.lastStableOffset(7), 7);
  transactions.begin(1, 10);
  transactions.begin(2, 20);
  assert.equal(transactions.lastStableOffset(30), 10);
  assert.equal(transactions.lastStableOffset(5), 5);
  transactions.end(1, 30);
  transactions.durable(31);
  assert.equal(transactions.lastStableOffset(31), 20);
});

test("a transaction whose marker is not on disk still holds the last stable offset back", () => {
  const transactions = new Transactions();
  transactions.begin(1, 10);
  transactions.end(1, 30);
  assert.equal(transactions.lastStableOffset(25), 10);
  assert.equal(transactions.lastStableOffset(30), 10);
  assert.equal(transactions.lastStableOffset(31), 31);
  transactions.durable(31);
  assert.equal(transactions.lastStableOffset(31), 31);
});

test("an entry of the aborted index knows how far all was decided when it ended", () => {
  const transactions = new Transactions();
  transactions.begin(1, 10);
  transactions.begin(2, 20);
  assert.deepEqual(transactions.end(2, 30), { producerId: 2, firstOffset: 20, lastOffset: 30, lastStableOffset: 10 });
  assert.deepEqual(transactions.end(1, 31), { producerId: 1, firstOffset: 10, lastOffset: 31, lastStableOffset: 32 });
  assert.equal(transactions.end(3, 32), undefined);
});

test("a rejected write opens the transactions again that it had ended", () => {
  const transactions = new Transactions();
  transactions.begin(1, 10);
  transactions.begin(2, 20);
  transactions.end(1, 30);
  const entries = [
    { producerId: 2, transactionFirstOffset: 20 },
    { producerId: 1, transactionFirstOffset: 10 },
    { producerId: 3, transactionFirstOffset: -1 },
  ];
  transactions.reset(entries, 30);
  assert.equal(transactions.lastStableOffset(40), 10);
  transactions.end(1, 30);
  transactions.durable(31);
  assert.equal(transactions.lastStableOffset(40), 20);
});
