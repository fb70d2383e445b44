// Pages whose examples are test files themselves: every ```ts block that registers tests runs here, as a user would run it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { test } from "node:test";

const ROOT = new URL("../../", import.meta.url);
const PAGES = ["docs/connectors/writing-one.md", "docs/testing.md", "docs/batch.md", "docs/types.md", "docs/record-keys.md"];
const { exports } = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")) as { exports: Record<string, { source?: string }> };

function entry(specifier: string): string {
  const source = exports[specifier === "millrace" ? "." : `./${specifier.slice("millrace/".length)}`]?.source;
  assert.ok(source !== undefined, `an example imports ${specifier}, which the package does not export`);
  return new URL(source, ROOT).href;
}

for (const page of PAGES) {
  const examples = [...readFileSync(new URL(page, ROOT), "utf8").matchAll(/```ts\n([\s\S]*?)\n```/g)].map(([, code]) => code!);
  test(`${page} has examples`, () => assert.ok(examples.some((code) => code.includes("test("))));
  for (const code of examples.filter((each) => each.includes("test("))) {
    const run = stripTypeScriptTypes(code).replace(
      /from "(millrace[^"]*|zod)"/g,
      (_, specifier: string) => `from "${specifier.startsWith("millrace") ? entry(specifier) : import.meta.resolve(specifier)}"`,
    );
    await import(`data:text/javascript,${encodeURIComponent(run)}`);
  }
}
