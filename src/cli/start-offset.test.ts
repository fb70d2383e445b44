import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStartOffset } from "./start-offset.ts";

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

test("anything else is a usage error with examples", () => {
  for (const text of ["", "sometime", "1.5", "@", "@yesterday", "--3"])
    assert.throws(() => parseStartOffset(text, now), { name: "CliError", exitCode: 2, message: /expected start, end/ });
});
