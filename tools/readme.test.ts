// What the README shows compiles as it stands, and the pipeline that opens it builds.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Pipeline } from "millrace";
import { readSource, ROOT } from "./source-files.ts";

const FOLDER = join(ROOT, "tools", "fixtures", "readme");
after(() => rmSync(FOLDER, { recursive: true, force: true }));

/** The TypeScript blocks in order; the first line of a block may name its file. */
function blocks(): { name: string; text: string }[] {
  return [...readSource("README.md").matchAll(/```ts\n([\s\S]*?)```/g)].map(([, text], index) => ({
    name: /^\/\/ (\S+\.ts)\n/.exec(text!)?.[1] ?? `block-${index}.ts`,
    text: text!,
  }));
}

test("the README's code compiles, and its pipeline builds", async () => {
  mkdirSync(FOLDER, { recursive: true });
  const found = blocks();
  assert.deepEqual(
    found.map(({ name }) => name),
    ["card-limits.ts", "block-1.ts", "block-2.ts"],
  );
  for (const { name, text } of found) writeFileSync(join(FOLDER, name), text);
  writeFileSync(join(FOLDER, "tsconfig.json"), JSON.stringify({ extends: "../../../tsconfig.json", include: ["*.ts"], exclude: [] }));
  const { stdout, status } = spawnSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", FOLDER], { encoding: "utf8" });
  assert.equal(status, 0, stdout);
  const module = (await import(pathToFileURL(join(FOLDER, "card-limits.ts")).href)) as { default: Pipeline };
  assert.equal(module.default.graph().name, "card-limits");
});
