// What a lying disk may lose is forgiven; whatever lies in front of it, or came after, is not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { NONE, type Operation, type Send } from "./history.ts";
import { checkLog } from "./log-checker.ts";

const send = (process: number, value: number, offset: number, at: number): Send => ({
  kind: "send",
  process,
  partition: 0,
  value,
  payload: value,
  transaction: NONE,
  outcome: "ok",
  offset,
  answeredAt: at,
});
const poll = (process: number, final: boolean, rows: readonly (readonly [number, number])[]): Operation => ({
  kind: "poll",
  process,
  partition: 0,
  isolation: "read_committed",
  transaction: NONE,
  final,
  offsets: rows.map(([offset]) => offset),
  values: rows.map(([, value]) => value),
  payloads: rows.map(([, value]) => value),
});
const watermarks = (high: number, askedAt: number, final = false): Operation => ({ kind: "watermarks", partition: 0, logStart: 0, lastStable: high, high, askedAt, final }); // prettier-ignore
const assign = (process: number, from: number): Operation => ({ kind: "assign", process, partition: 0, from });

/** Four records; the disk lied about the last two, the power went, two others took their places. */
function history(final: readonly (readonly [number, number])[]): Operation[] {
  return [
    assign(10, 0),
    ...[0, 1, 2, 3].map((value) => send(1, value, value, value + 1)),
    poll(10, false, [[0, 0], [1, 1], [2, 2], [3, 3]]),
    watermarks(4, 5),
    { kind: "loss", partition: 0, from: 2 },
    watermarks(2, 6),
    send(1, 4, 2, 7),
    watermarks(3, 8),
    assign(11, 4),
    poll(11, false, [[0, 0], [1, 1], [2, 4]]),
    send(1, 5, 3, 9),
    assign(12, 0),
    poll(12, true, final),
    watermarks(4, 10, true),
  ]; // prettier-ignore
}

test("records behind the promise that was broken may be gone, and others be in their places", () => {
  const anomalies = checkLog(history([[0, 0], [1, 1], [2, 4], [3, 5]])); // prettier-ignore
  assert.ok(anomalies.isEmpty, String(anomalies));
});

test("they may also still be there", () => {
  const kept = history([[0, 0], [1, 1], [2, 2], [3, 3]]).filter(
    (operation) => !(operation.kind === "send" && operation.value >= 4) && !("process" in operation && operation.process === 11),
  ); // prettier-ignore
  const anomalies = checkLog(kept);
  assert.ok(anomalies.isEmpty, String(anomalies));
});

for (const [what, final, rule] of [
  [
    "a record in front of it",
    [
      [0, 0],
      [2, 4],
      [3, 5],
    ],
    "lost-write",
  ],
  [
    "a record that was acknowledged afterwards",
    [
      [0, 0],
      [1, 1],
      [2, 4],
    ],
    "unseen-write",
  ],
  [
    "a record that somebody was shown afterwards",
    [
      [0, 0],
      [1, 1],
      [3, 5],
    ],
    "vanished-read",
  ],
] as const)
  test(`${what} is missed`, () => {
    const { names, found } = checkLog(history(final));
    assert.ok(found.has(rule), names.join(", "));
  });

test("the high watermark may not go back without a loss", () => {
  const honest = history([[0, 0], [1, 1], [2, 4], [3, 5]]).filter(({ kind }) => kind !== "loss"); // prettier-ignore
  const { found } = checkLog(honest);
  for (const rule of ["high-watermark-back", "inconsistent-offset", "lost-write"]) assert.ok(found.has(rule), rule);
});
