import assert from "node:assert/strict";
import { test } from "node:test";
import { committedRegistryDocs, registryDocs } from "./registry-docs.ts";

test("docs/registry-api.md is what the route table says", async () => {
  assert.equal(await committedRegistryDocs(), await registryDocs(), "run: node --conditions=source tools/registry-docs.ts");
});
