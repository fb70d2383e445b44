// Whether a key comes at all: "key never seen" is told from "seen, but refused", "seen, and not read yet".
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Finding, JobStatus } from "../engine/coordinator/job-status.ts";
import { isUnsettled, sourceTopics, withTopic } from "./key-in-topics.ts";
import type { TailRecord } from "./record-tail.ts";

const NOT_KEPT: Finding = { cause: "key-not-kept", operator: "hours", number: 3, text: "nothing", fix: "look" };
const REST: Finding = { cause: "waiting-for-event-time", number: 3, text: "waits", fix: "wait" };

function status(offset: number, refused = 4): JobStatus {
  const operators = [{ kind: "filter", name: "big", recordsIn: 10, recordsOut: 10 - refused }];
  const splits = [{ source: "orders", split: "my-orders-0", position: { offset } }];
  return { splits, operators } as unknown as JobStatus;
}

const record = (offset: number, value: unknown, key: string | null = null): TailRecord => ({
  partition: 0,
  offset,
  timestamp: 0,
  key,
  value: JSON.stringify(value),
});
const records = [record(7, { who: "anna", n: 7 }), record(8, { who: "ben", n: 8 }, "9"), record(9, { who: "anna", n: 9 })];
const find = (key: string, at: JobStatus, findings = [NOT_KEPT, REST]): Finding[] =>
  withTopic(findings, at, "my-orders", records, key).filter((one) => !findings.includes(one));

test("a key that is in no record was never seen", () => {
  const [found] = find("nobody", status(10));
  assert.equal(found!.cause, "key-never-seen");
  assert.match(found!.text, /None of the newest 3 records of "my-orders" has nobody/);
});

test("a key that comes and is kept nowhere was refused: by which filter, how many", () => {
  const [found] = find("anna", status(9));
  assert.deepEqual([found!.cause, found!.number], ["key-seen", 1]);
  assert.match(
    found!.text,
    /2 of the newest 3 records of "my-orders" have anna \(in the field "who"\); the last is my-orders-0@9; .* read 1/,
  );
  assert.match(found!.fix, /Filter "big" has refused 4 of 10 elements/);
  assert.match(find("anna", status(10, 0))[0]!.fix, /No filter refuses anything/);
});

test("a key that has not been read yet is told from both", () => {
  const [found] = find('"ben"', status(3));
  assert.deepEqual([found!.cause, found!.number], ["key-not-read", 1]);
});

test("numbers and the record's own key are found, too", () => {
  assert.match(find("7", status(10))[0]!.text, /in the field "n"/);
  assert.match(find("9", status(10))[0]!.text, /^2 of .*\(in the field "n"\)/);
  assert.equal(find('"9"', status(10))[0]!.cause, "key-seen");
});

test("what is written with a schema is looked into for texts, and it is said that it is for texts alone", () => {
  const framed = (offset: number, key: string, value: string): TailRecord => ({
    ...record(offset, 0, `\0\0\0\0\u0005${key}`),
    value: `\0\0\0\0\u0007${value}`,
  });
  const given = [framed(7, "\banna", "\u000e"), framed(8, "\u0002", "\u0006ben\u0004")];
  const ask = (key: string): Finding => withTopic([NOT_KEPT], status(10), "my-orders", given, key)[1]!;
  assert.match(ask("anna").text, /^1 of .*\(in the bytes of the record's key\)/);
  assert.match(ask("ben").text, /^1 of .*\(in the bytes of the record's value\)/);
  assert.match(ask("7").text, /^None of .* has 7, .* 2 of them are written with a schema of a registry, and only texts are looked for/);
});

test("it stands behind what operators say of the key, and before the rest", () => {
  const causes = withTopic([NOT_KEPT, REST], status(10), "my-orders", records, "nobody").map(({ cause }) => cause);
  assert.deepEqual(causes, ["key-not-kept", "key-never-seen", "waiting-for-event-time"]);
  assert.equal(isUnsettled([REST]), false);
  assert.equal(isUnsettled([NOT_KEPT]), true);
});

test("only topics that are there are looked at", () => {
  assert.deepEqual(sourceTopics(status(1), ["my-orders", "other"]), ["my-orders"]);
  assert.deepEqual(sourceTopics(status(1), []), []);
});
