// Every case of the default folder equals Apache Flink's results: at parallelism 1 and 4, and with a kill and a restore in the middle.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

test("npm run conformance passes every case that is not skipped", () => {
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, ["--conditions=source", main], { encoding: "utf8" });
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/.exec(stdout.trimEnd().split("\n").at(-1) ?? "") ?? [];
  assert.equal(failed, "0", stdout);
  assert.ok(Number(passed) > 0, stdout);
  assert.equal(status, 0);
});
