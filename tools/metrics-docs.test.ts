// The page about metrics is what the code says.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { METRICS_PAGE, metricsPage } from "./metrics-docs.ts";

it("docs/metrics.md is current (node --conditions=source tools/metrics-docs.ts writes it)", async () => {
  assert.equal(readFileSync(METRICS_PAGE, "utf8"), await metricsPage());
});
