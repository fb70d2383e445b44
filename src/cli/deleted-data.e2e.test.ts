import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CliProcess } from "./fixtures/cli-process.ts";

test("a server whose data directory is deleted under it ends with one sentence and exit code 1", async () => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-deleted-"));
  const data = join(directory, "data");
  const server = new CliProcess(["broker", "--port", "0", "--data", data, "--json"]);
  try {
    await server.until("stdout", /^.*\n/);
    rmSync(data, { recursive: true, force: true });
    const { exitCode, stderr } = await server.ended;
    assert.equal(exitCode, 1, stderr);
    const lines = stderr.trim().split("\n");
    assert.match(lines.at(-1)!, /^millrace: .*deleted while the log was open/, stderr);
    assert.match(lines.at(-1)!, /What it held is gone with it/, "promises nothing that went with the directory");
    assert.ok(lines.at(-1)!.includes(data), `names the directory: ${stderr}`);
    assert.doesNotMatch(stderr, /^ +at /m, "no stack trace");
  } finally {
    server.signal("SIGKILL");
    await server.ended;
    rmSync(directory, { recursive: true, force: true });
  }
});
