// Associations in the topic, in Confluent's record format.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Association } from "./association.ts";
import { decodeRecord, encodeRecord } from "./topic-record.ts";

const KEY = {
  resourceName: "orders",
  resourceNamespace: "lkc-1",
  resourceType: "topic",
  associationType: "value",
  subject: "orders-value",
};
const ASSOCIATION: Association = {
  ...KEY,
  guid: "8f14e45f-ceea-4672-a1b2-0123456789ab",
  resourceId: "id-1",
  lifecycle: "STRONG",
  frozen: false,
  createTs: 5,
  updateTs: 6,
};
const RECORD = { kind: "association", key: KEY, association: ASSOCIATION } as const;

test("the key's members stand in the order in which Confluent's registry writes them", () => {
  assert.equal(
    encodeRecord(RECORD).key,
    '{"keytype":"ASSOC","tenant":"default","resourceName":"orders","resourceNamespace":"lkc-1","resourceType":"topic","associationType":"value","subject":"orders-value","magic":0}',
  );
});

test("what is written is read back", () => {
  const { key, value } = encodeRecord(RECORD);
  assert.deepEqual(decodeRecord(key, value, 0), RECORD);
  assert.deepEqual(decodeRecord(key, null, 0), { ...RECORD, association: null });
});

test("a record without times and flags, as older servers wrote it, is read", () => {
  const { key } = encodeRecord(RECORD);
  const { guid, resourceId } = ASSOCIATION;
  const value = JSON.stringify({ subject: "orders-value", guid, tenant: "default", resourceId, lifecycle: "WEAK" });
  assert.deepEqual(decodeRecord(key, value, 0), {
    ...RECORD,
    association: { ...KEY, guid, resourceId, lifecycle: "WEAK", frozen: false },
  });
  assert.throws(() => decodeRecord(key, "{}", 0), /without guid/);
});
