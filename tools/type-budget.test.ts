// Types that flow from schemas cost the compiler work. What three typical pipelines (fixtures/typed-pipelines) cost, beyond what their
// imports do, stays within a budget, and they build.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Pipeline } from "millrace";
import { ROOT } from "./source-files.ts";

const FIXTURES = join(ROOT, "tools", "fixtures");
/** Measured: about 9,600 when this was written. */
const MOST_INSTANTIATIONS = 13_000;

/** Instantiations of types that the compiler makes for a folder. */
function instantiations(folder: string): number {
  const compiler = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const { stdout } = spawnSync(
    process.execPath,
    [compiler, "-p", join(FIXTURES, folder, "tsconfig.json"), "--pretty", "false", "--extendedDiagnostics"],
    { encoding: "utf8" },
  );
  const complaints = stdout.split("\n").filter((line) => line.includes(`${folder}/`) && line.includes("error TS"));
  assert.deepEqual(complaints, []);
  return Number(/^Instantiations:\s+(\d+)/m.exec(stdout)?.[1] ?? assert.fail(stdout));
}

test("three pipelines cost the compiler no more than their budget of type instantiations", () => {
  const own = instantiations("typed-pipelines") - instantiations("typed-nothing");
  assert.ok(own > 1000, `${own} instantiations: nothing was measured`);
  assert.ok(own <= MOST_INSTANTIATIONS, `${own} instantiations; the budget is ${MOST_INSTANTIATIONS}`);
});

test("they build", async () => {
  const names = readdirSync(join(FIXTURES, "typed-pipelines")).filter((file) => file.endsWith(".ts"));
  assert.equal(names.length, 3);
  for (const name of names) {
    const made = (await import(pathToFileURL(join(FIXTURES, "typed-pipelines", name)).href)) as { readonly default: Pipeline };
    assert.equal(`${made.default.name}.ts`, name);
    assert.ok(made.default.graph().nodes.length > 2);
  }
});
