// The page about compatibility is what the code says.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { COMPATIBILITY_PAGE, compatibilityPage } from "./kafka-compatibility.ts";

it("docs/kafka-compatibility.md is current (node --conditions=source tools/kafka-compatibility.ts writes it)", async () => {
  assert.equal(readFileSync(COMPATIBILITY_PAGE, "utf8"), await compatibilityPage());
});
