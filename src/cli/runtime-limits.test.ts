// A process that only serves: what got old while it was in work does not pile up to a hundred megabytes.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

/** Answers after a while: 4,000 requests in work at any time, a kilobyte each. */
const SERVING = `
const { keepHeapSmall } = await import(process.argv[1]);
if (process.argv[2] === "small") keepHeapSmall();
await new Promise((resolve) => setTimeout(resolve, 1_200));
const inWork = new Array(4_000);
let most = 0;
for (let i = 0; i < 200_000; i++) {
  inWork[i % inWork.length] = Array.from({ length: 16 }, () => ({ i }));
  if (i % 10_000 === 0) {
    most = Math.max(most, process.memoryUsage().heapTotal);
    await new Promise(setImmediate);
  }
}
console.log(most);
`;

async function mostHeap(how: "small" | "usual"): Promise<number> {
  const limits = new URL("./runtime-limits.ts", import.meta.url).href;
  const args = ["--conditions=source", "--input-type=module", "--eval", SERVING, limits, how];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return Number(stdout) / 1e6;
}

test("the heap of a process that only serves stays near to what lives in it", async (t) => {
  const [small, usual] = await Promise.all([mostHeap("small"), mostHeap("usual")]);
  t.diagnostic(`${small} MB, without limits ${usual} MB`);
  assert.ok(small < 50 && small < usual, `${small} MB, without limits ${usual} MB`);
});
