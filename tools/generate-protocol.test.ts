import assert from "node:assert/strict";
import { it } from "node:test";
import { staleProtocolFiles } from "./generate-protocol.ts";

it("the committed codecs are what the tables say", async () => {
  assert.deepEqual(await staleProtocolFiles(), [], "run: node tools/generate-protocol.ts");
});
