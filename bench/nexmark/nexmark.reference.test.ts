// Every query that the reference has rows for gives Apache Flink's rows, at parallelism 1 and 4.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { check } from "./check.ts";

test("npm run bench:nexmark -- --check passes every query that is built", async () => {
  const lines: string[] = [];
  const counts = await check(fileURLToPath(new URL("../../../shared/nexmark", import.meta.url)), undefined, (line) => lines.push(line));
  assert.equal(counts.failed, 0, lines.join("\n"));
  assert.ok(counts.passed >= 10, lines.join("\n"));
});
