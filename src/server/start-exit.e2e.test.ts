// A process whose job has ended holds nothing that keeps it alive: no timer, no socket, no thread.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const FIXTURE = fileURLToPath(new URL("./fixtures/ends-by-itself.ts", import.meta.url));
/** The fixture itself says if it waited for something; this is for one that never ends. */
const LIMIT_MS = 120_000;
const scratch = mkdtempSync(join(tmpdir(), "millrace-exit-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

const ENDINGS = { input: "finished", stop: "finished", cancel: "canceled", abort: "canceled", failure: "JobFailedError" };

for (const [ending, outcome] of Object.entries(ENDINGS)) {
  test(`a process whose job ended by ${ending} exits by itself`, async () => {
    const child = spawn(process.execPath, ["--conditions=source", FIXTURE, join(scratch, ending), ending], { timeout: LIMIT_MS });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (text: Buffer) => (stdout += text.toString()));
    child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => child.on("close", (...end) => resolve(end)));
    assert.deepEqual({ stdout: stdout.trim(), code, signal }, { stdout: outcome, code: 0, signal: null }, stderr);
  });
}
