// Directories of the real file system: made with their parents, or refused at once.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { nodeFiles } from "./node-files.ts";

test("a directory is made with its parents, once or again, by several at a time", async (context) => {
  const root = mkdtempSync(join(tmpdir(), "millrace-files-"));
  context.after(() => rmSync(root, { recursive: true }));
  const path = join(root, "a", "b", "c");
  await Promise.all([nodeFiles.makeDirectory(path), nodeFiles.makeDirectory(path), nodeFiles.makeDirectory(`${path}/`)]);
  await nodeFiles.makeDirectory(path);
  assert.ok(statSync(path).isDirectory());
});

test("a file in the way is an error", async (context) => {
  const root = mkdtempSync(join(tmpdir(), "millrace-files-"));
  context.after(() => rmSync(root, { recursive: true }));
  writeFileSync(join(root, "file"), "");
  await assert.rejects(nodeFiles.makeDirectory(join(root, "file")), { code: "EEXIST" });
  await assert.rejects(nodeFiles.makeDirectory(join(root, "file", "below")), { code: "ENOTDIR" });
});

test(
  "where no directory can be made there is an error, not a wait without end",
  { skip: !existsSync("/proc/self") && "needs /proc" },
  async () => {
    await assert.rejects(nodeFiles.makeDirectory("/proc/millrace"), { code: "ENOENT" });
    await assert.rejects(nodeFiles.makeDirectory("/proc/millrace/below"), { code: "ENOENT" });
  },
);
