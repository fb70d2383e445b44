// Refuses one compressed batch in a process of its own and prints what that cost: CPU time of all threads and the most memory. A small batch
// of the same kind goes first, so that loading and compiling do not count. Arguments: file of the bomb, file of the small batch, limit.
import { readFileSync } from "node:fs";
import { createNodeEnv } from "../../src/env-node/node-env.ts";
import { decompressBatch } from "../../src/protocol/records/decompress.ts";

export interface Refusal {
  /** undefined: it was not refused. */
  readonly code: string | undefined;
  readonly cpuMs: number;
  readonly growthMb: number;
}

/** The least CPU time of as many: caches and clock rates of a busy machine are not ours. */
const TIMES = 5;
const [bombFile, smallFile, limit] = process.argv.slice(2) as [string, string, string];
const { compression } = createNodeEnv();
const bomb = new Uint8Array(readFileSync(bombFile));
const small = new Uint8Array(readFileSync(smallFile));
for (let times = 0; times < 20; times++) await decompressBatch(compression, small);
const rssBefore = process.resourceUsage().maxRSS;
let code: string | undefined;
let cpuMs = Infinity;
let growthMb = NaN;
for (let times = 0; times < TIMES; times++) {
  const before = process.cpuUsage();
  code = await decompressBatch(compression, bomb, 0, Number(limit)).then(
    () => undefined,
    (error: unknown) => (error as { code: string }).code,
  );
  const { user, system } = process.cpuUsage(before);
  if (times === 0) growthMb = (process.resourceUsage().maxRSS - rssBefore) / 1024; // later ones leave garbage
  cpuMs = Math.min(cpuMs, (user + system) / 1000);
}
const refusal: Refusal = { code, cpuMs, growthMb };
console.log(JSON.stringify(refusal));
