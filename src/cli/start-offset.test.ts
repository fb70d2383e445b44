import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStartOffset, parseTailRange } from "./start-offset.ts";

const now = 1_700_000_000_000;

test("start, end, an offset, the last N and a time are understood", () => {
  assert.deepEqual(parseStartOffset("start", now), { kind: "start" });
  assert.deepEqual(parseStartOffset("end", now), { kind: "end" });
  assert.deepEqual(parseStartOffset("0", now), { kind: "offset", offset: 0 });
  assert.deepEqual(parseStartOffset("-5", now), { kind: "last", count: 5 });
  assert.deepEqual(parseStartOffset("@-10m", now), { kind: "time", timestamp: now - 600_000 });
  assert.deepEqual(parseStartOffset("@1767225600000", now), { kind: "time", timestamp: 1_767_225_600_000 });
  assert.deepEqual(parseStartOffset("@2026-01-01T00:00:00Z", now), { kind: "time", timestamp: 1_767_225_600_000 });
});

test("tail begins and ends where kcat's options say: s@ and e@ times, and what a group has stored", () => {
  const ago = { kind: "time", timestamp: now - 600_000 };
  assert.deepEqual(parseTailRange([], now, undefined), { from: { kind: "last", count: 10 }, until: undefined });
  assert.deepEqual(parseTailRange(["beginning"], now, undefined), { from: { kind: "start" }, until: undefined });
  assert.deepEqual(parseTailRange(["s@-10m"], now, undefined), { from: ago, until: undefined });
  assert.deepEqual(parseTailRange(["@-10m", "e@-1m"], now, undefined), { from: ago, until: now - 60_000 });
  assert.deepEqual(parseTailRange(["e@1767225600000", "7"], now, undefined), { from: { kind: "offset", offset: 7 }, until: 1_767_225_600_000 }); // prettier-ignore
  assert.deepEqual(parseTailRange(["e@-1m"], now, undefined), { from: { kind: "start" }, until: now - 60_000 });
  assert.deepEqual(parseTailRange(["stored"], now, "g"), { from: { kind: "stored", group: "g" }, until: undefined });
  assert.throws(() => parseTailRange(["stored"], now, undefined), { name: "CliError", exitCode: 2, message: /-g GROUP/ });
  assert.throws(() => parseTailRange(["start", "end"], now, undefined), { name: "CliError", exitCode: 2, message: /one place to begin/ });
  assert.throws(() => parseTailRange(["s@never"], now, undefined), { name: "CliError", exitCode: 2, message: /expected start, end/ });
});

test("anything else is a usage error with examples", () => {
  for (const text of ["", "sometime", "1.5", "@", "@yesterday", "--3"])
    assert.throws(() => parseStartOffset(text, now), { name: "CliError", exitCode: 2, message: /expected start, end/ });
});
