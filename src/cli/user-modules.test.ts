import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { isUserFile, UserModules, withGeneration } from "./user-modules.ts";

const directory = mkdtempSync(join(tmpdir(), "millrace-modules-"));
after(() => rmSync(directory, { recursive: true, force: true }));

function write(name: string, text: string): string {
  writeFileSync(join(directory, name), text);
  return pathToFileURL(join(directory, name)).href;
}

test("a new generation sees changes of the entry and of what it imports; the old one keeps its own", async () => {
  const entry = write("entry.mjs", 'export { value as default } from "./value.mjs";');
  write("value.mjs", "export const value = 1;");
  const modules = new UserModules();
  modules.track(entry);
  const load = async (generation: number): Promise<unknown> =>
    ((await import(withGeneration(entry, generation))) as { default: unknown }).default;
  assert.equal(await load(0), 1);
  write("value.mjs", "export const value = 2;");
  assert.equal(await load(0), 1);
  assert.equal(await load(1), 2);
  write("value.mjs", 'export { value } from "./deep.mjs";');
  write("deep.mjs", "export const value = 3;");
  assert.equal(await load(2), 3);
  assert.deepEqual(
    [...modules.files()].sort(),
    ["deep.mjs", "entry.mjs", "value.mjs"].map((name) => join(directory, name)),
  );
  modules.close();
});

test("packages, this package's own files and Node's modules are not the user's", () => {
  assert.ok(isUserFile("file:///project/pipeline.ts"));
  for (const url of ["file:///project/node_modules/a/index.js", "node:fs", import.meta.url, "data:text/javascript,1"])
    assert.ok(!isUserFile(url), url);
});
