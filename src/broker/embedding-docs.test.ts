// docs/embedding.md shows what e2e/embedding-example.e2e.test.ts runs, word for word.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const text = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

test("the example of docs/embedding.md is the one that runs as a test", () => {
  const example = /```ts\n([\s\S]*?)```/.exec(text("../../docs/embedding.md"))?.[1];
  assert.equal(example, text("./e2e/embedding-example.e2e.test.ts"));
});

test("docs/embedding.md names every option of a fault", () => {
  const page = text("../../docs/embedding.md");
  for (const field of ["delayMs", "drop", "error", "respond", "when", "times"]) assert.match(page, new RegExp(`\\| \`${field}\\b`));
});
