// The coordinators' log records: what was written is read back, and the bytes are Apache Kafka's.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  readGroupValue,
  readOffsetValue,
  readRecordKey,
  writeGroupKey,
  writeGroupValue,
  writeOffsetKey,
  writeOffsetValue,
} from "./group/records.ts";
import { restoreGroup } from "./group/restore.ts";
import { GroupScript, utf8 } from "./group/group-script.ts";
import { ZERO_UUID } from "../../protocol/primitives.ts";
import { readTransactionKey, readTransactionValue, writeTransactionKey, writeTransactionValue } from "./transaction/records.ts";
import { newTransaction } from "./transaction/state.ts";

/** Hex digits, spaces between the fields. */
const fields = (text: string): string => text.replaceAll(" ", "");
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("records of __consumer_offsets", () => {
  it("hold an offset in key version 1 and value version 4", () => {
    assert.equal(hex(writeOffsetKey("g", "t", 2)), fields("0001 000167 000174 00000002"));
    const committed = { offset: 258, leaderEpoch: 0, metadata: "m", committedAt: 1, expiresAt: -1, topicId: ZERO_UUID };
    assert.equal(hex(writeOffsetValue(committed)), fields("0004 0000000000000102 00000000 026d 0000000000000001 00"));
    assert.deepEqual(readRecordKey(writeOffsetKey("g", "t", 2)), { kind: "offset", group: "g", topic: "t", partition: 2 });
    assert.deepEqual(readOffsetValue(writeOffsetValue(committed)), committed);
    const identified = { ...committed, topicId: "AAAAAAAAAAAAAAAAAAAAAQ" };
    const withId = fields("0004 0000000000000102 00000000 026d 0000000000000001 01 00 10 00000000000000000000000000000001");
    assert.equal(hex(writeOffsetValue(identified)), withId);
    assert.deepEqual(readOffsetValue(writeOffsetValue(identified)), identified);
  });

  it("hold an offset with a time to expire in value version 1, and read those of version 3", () => {
    const committed = { offset: 258, leaderEpoch: -1, metadata: "m", committedAt: 1, expiresAt: 7, topicId: ZERO_UUID };
    assert.equal(hex(writeOffsetValue(committed)), fields("0001 0000000000000102 00016d 0000000000000001 0000000000000007"));
    assert.deepEqual(readOffsetValue(writeOffsetValue(committed)), committed);
    const older = Uint8Array.from(Buffer.from(fields("0003 0000000000000102 00000000 00016d 0000000000000001"), "hex"));
    assert.deepEqual(readOffsetValue(older), { ...committed, leaderEpoch: 0, expiresAt: -1 });
  });

  it("bring a group back with its members, assignments and generation", () => {
    const group = new GroupScript();
    group.stable({ id: "a", instance: "i1" }, "b");
    const value = writeGroupValue(group.state, 77, undefined);
    const restored = restoreGroup("g", readGroupValue(value), group.now);
    assert.deepEqual(readRecordKey(writeGroupKey("g")), { kind: "group", group: "g" });
    assert.deepEqual(
      [restored.phase, restored.generation, restored.leader, restored.protocol, restored.phaseSince],
      ["Stable", group.state.generation, "a", "range", 77],
    );
    assert.deepEqual(
      [...restored.members.values()].map(({ memberId, instanceId, assignment }) => [memberId, instanceId, assignment]),
      [
        ["a", "i1", utf8("for-a")],
        ["b", null, utf8("for-b")],
      ],
    );
    group.state = restored;
    assert.equal(group.heartbeat("b"), 0);
  });

  it("of unknown kinds are skipped", () => {
    assert.equal(readRecordKey(Uint8Array.of(0, 3, 0, 0)), undefined);
  });
});

describe("records of __transaction_state", () => {
  const state = newTransaction("txn", 7, 60_000, 5);

  it("hold a transaction in value version 1", () => {
    const data = {
      ...state.data,
      producerEpoch: 3,
      status: "Ongoing" as const,
      partitions: new Set(["a-b-0", "a-b-1", "c-0"]),
      startedAt: 4,
    };
    assert.equal(readTransactionKey(writeTransactionKey("txn")), "txn");
    assert.deepEqual(readTransactionValue(writeTransactionValue(data)), data);
    const rotated = { ...data, previousProducerId: 5, nextProducerId: 9, clientVersion: 2 as const };
    assert.deepEqual(readTransactionValue(writeTransactionValue(rotated)), rotated);
  });

  it("hold no partitions while there is no transaction", () => {
    const bytes = writeTransactionValue({ ...state.data, producerEpoch: 0 });
    assert.equal(
      hex(bytes),
      fields("0001 0000000000000007 0000 0000ea60 00 00 0000000000000005 ffffffffffffffff 01 00 08 0000000000000007"),
    );
  });
});
