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
  assert.deepEqual(parseTailRange(["@-10m", "e@-1m"], now, undefined), { from: ago, until: { kind: "time", timestamp: now - 60_000 } });
  assert.deepEqual(parseTailRange(["e@1767225600000", "7"], now, undefined), { from: { kind: "offset", offset: 7 }, until: { kind: "time", timestamp: 1_767_225_600_000 } }); // prettier-ignore
  assert.deepEqual(parseTailRange(["e@-1m"], now, undefined), {
    from: { kind: "start" },
    until: { kind: "time", timestamp: now - 60_000 },
  });
  assert.deepEqual(parseTailRange(["stored"], now, "g"), { from: { kind: "stored", group: "g" }, until: undefined });
  assert.throws(() => parseTailRange(["stored"], now, undefined), { name: "CliError", exitCode: 2, message: /-g GROUP/ });
  assert.throws(() => parseTailRange(["start", "end"], now, undefined), { name: "CliError", exitCode: 2, message: /one place to begin/ });
  assert.throws(() => parseTailRange(["s@never"], now, undefined), { name: "CliError", exitCode: 2, message: /expected start, end/ });
});

test("tail has ranges and distances from the start as rpk has them", () => {
  const offset = (at: number) => ({ kind: "offset", offset: at });
  const time = (timestamp: number) => ({ kind: "time", timestamp });
  const eight = Date.parse("2026-01-31T08:00:00Z");
  const cases: [string, object][] = [
    ["+5", { from: { kind: "behind", count: 5 }, until: undefined }],
    ["3:7", { from: offset(3), until: offset(7) }],
    ["3:", { from: offset(3), until: undefined }],
    [":7", { from: { kind: "start" }, until: offset(7) }],
    [":end", { from: { kind: "start" }, until: { kind: "end" } }],
    ["3:end", { from: offset(3), until: { kind: "end" } }],
    ["@1000:2000", { from: time(1000), until: time(2000) }],
    ["@-10m:-1m", { from: time(now - 600_000), until: time(now - 60_000) }],
    ["@-10m:end", { from: time(now - 600_000), until: { kind: "end" } }],
    ["@2026-01-31T08:00:00Z", { from: time(eight), until: undefined }],
    ["@2026-01-31T08:00:00Z:2026-01-31T08:00:01Z", { from: time(eight), until: time(eight + 1000) }],
  ];
  for (const [text, range] of cases) assert.deepEqual(parseTailRange([text], now, undefined), range, text);
  for (const text of [":", "a:b", "+", "1:x", "@x:y"]) assert.throws(() => parseTailRange([text], now, undefined), { exitCode: 2 });
  assert.throws(() => parseTailRange(["1:2", "e@5"], now, undefined), { exitCode: 2 }, "two ends");
});

test("anything else is a usage error with examples", () => {
  for (const text of ["", "sometime", "1.5", "@", "@yesterday", "--3"])
    assert.throws(() => parseStartOffset(text, now), { name: "CliError", exitCode: 2, message: /expected start, end/ });
});
