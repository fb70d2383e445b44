import assert from "node:assert/strict";
import { test } from "node:test";
import { committedTypeDocs, typeDocs } from "./type-docs.ts";

test("the tables of docs/types.md are what the code says", async () => {
  assert.equal(await committedTypeDocs(), await typeDocs(), "run: node --conditions=source tools/type-docs.ts");
});
