// A trace out of a merged file names the file and line that were merged; without a map nothing changes.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { nameMergedFrames } from "./merged-frames.ts";

/** Line 2 of the merged file is line 7 of ../inner.js. */
const MAP = { version: 3, sources: ["../inner.js"], names: [], mappings: ";AAMA" };

async function failing(withMap: boolean): Promise<{ readonly stack: string; readonly folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-merged-"));
  const file = join(folder, "merged.mjs");
  writeFileSync(file, '// merged\nexport const fail = () => { throw new RangeError("no"); };\n');
  if (withMap) writeFileSync(`${file}.map`, JSON.stringify(MAP));
  const before = Error.prepareStackTrace;
  try {
    const address = pathToFileURL(file).href;
    nameMergedFrames(address);
    const { fail } = (await import(address)) as { fail(): void };
    let stack = "";
    try {
      fail();
    } catch (error) {
      stack = (error as Error).stack!;
    }
    return { stack, folder: pathToFileURL(folder).href };
  } finally {
    Error.prepareStackTrace = before;
    rmSync(folder, { recursive: true });
  }
}

test("a frame of the merged file has the place that was merged, others stay as they are", async () => {
  const { stack, folder } = await failing(true);
  assert.match(stack, /^RangeError: no\n {4}at fail \(/);
  assert.ok(stack.includes(`(${folder.slice(0, folder.lastIndexOf("/"))}/inner.js:7:`), stack);
  assert.match(stack, /merged-frames\.test\.ts:\d+:\d+/);
});

test("without a map beside the file traces are Node's own", async () => {
  const { stack, folder } = await failing(false);
  assert.ok(stack.includes(`${folder}/merged.mjs:2:`), stack);
});
