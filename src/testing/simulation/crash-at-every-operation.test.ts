// The driver on a small write-ahead log: a right one passes every crash, and each classical mistake is found.
import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32c } from "../../bytes/crc32c.ts";
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import type { Env } from "../../env/env.ts";
import type { FileHandle } from "../../env/files.ts";
import { crashAtEveryOperation } from "./crash-at-every-operation.ts";
import type { CrashReport } from "./crash-at-every-operation.ts";

type Mistake = "no datasync" | "no directory sync" | "ack before sync" | "no checksum" | "rename without sync" | "torn tail kept" | "none";

const LOG = "/data/log";
const ENTRY_BYTES = 700; // more than a sector

function entry(number: number): Uint8Array {
  const writer = new ByteWriter();
  writer.int32(number);
  writer.int32(0);
  for (let index = 0; index < ENTRY_BYTES - 8; index++) writer.uint8((number * 31 + index) & 0xff);
  writer.patchInt32(4, crc32c(writer.finish(), 8) | 0);
  return writer.take();
}

/** Entries from the start of the file until one is not whole. */
function scan(bytes: Uint8Array, mistake: Mistake): number[] {
  const numbers: number[] = [];
  for (let at = 0; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) {
    const reader = new ByteReader(bytes, at);
    const number = reader.int32();
    const whole = reader.uint32() === crc32c(bytes, at + 8, at + ENTRY_BYTES);
    if (!whole && mistake !== "no checksum") break;
    numbers.push(number);
  }
  return numbers;
}

async function append(
  env: Env,
  file: FileHandle,
  at: number,
  number: number,
  mistake: Mistake,
  ack: (number: number) => void,
): Promise<void> {
  await file.write([entry(number)], at * ENTRY_BYTES);
  if (mistake === "ack before sync") ack(number);
  if (mistake !== "no datasync") await file.datasync();
  if (mistake !== "ack before sync") ack(number);
  await env.timers.sleep(env.random.float());
}

async function recover(env: Env, mistake: Mistake): Promise<number[]> {
  const stat = await env.files.stat(LOG);
  if (stat === undefined) return [];
  const file = await env.files.open(LOG, "r+");
  const bytes = new Uint8Array(await file.size());
  await file.read(bytes, 0, bytes.length, 0);
  const numbers = scan(bytes, mistake);
  if (mistake !== "torn tail kept") {
    await file.truncate(numbers.length * ENTRY_BYTES);
    await file.datasync();
  }
  await file.close();
  return numbers;
}

function tryLog(mistake: Mistake, seed: number): Promise<CrashReport> {
  return crashAtEveryOperation<number>({
    seed,
    async workload(env, ack) {
      const { files } = env;
      // The file is made under another name and renamed when it has its first entry.
      const file = await files.open(`${LOG}.new`, "wx+");
      await file.write([entry(0)], 0);
      if (mistake !== "rename without sync") await file.datasync();
      await files.rename(`${LOG}.new`, LOG);
      if (mistake !== "no directory sync") await files.syncDirectory("/data");
      ack(0);
      for (let number = 1; number < 4; number++) await append(env, file, number, number, mistake, ack);
      await file.close();
    },
    async verify(env, acked) {
      const numbers = await recover(env, mistake);
      numbers.forEach((number, index) => assert.equal(number, index, `entry ${index} is damaged`));
      for (const number of acked) assert.ok(numbers.includes(number), `acknowledged entry ${number} is lost`);
      const stat = await env.files.stat(LOG);
      assert.ok(stat === undefined || numbers.length > 0, "the log has its name but is damaged");
      assert.equal(stat?.size ?? 0, numbers.length * ENTRY_BYTES, "a torn tail is left");
    },
  });
}

test("a log that syncs before it acknowledges survives a crash at every operation", async () => {
  for (const seed of [1, 2, 3]) {
    const report = await tryLog("none", seed);
    assert.ok(report.operations === 12 && report.crashes > 40 && report.recoveryCrashes > 5, JSON.stringify(report));
  }
});

for (const mistake of [
  "no datasync",
  "no directory sync",
  "ack before sync",
  "no checksum",
  "rename without sync",
  "torn tail kept",
] as const) {
  test(`a log with the mistake "${mistake}" is caught, with the seed and the operation in the message`, async () => {
    const find = async (): Promise<void> => {
      for (let seed = 1; seed <= 5; seed++) await tryLog(mistake, seed);
    };
    await assert.rejects(find, /(crash-(before|after|torn) at operation \d+ \(.*\), seed \d, outcome \d: |is lost|is damaged|torn tail)/);
  });
}

test("a workload that draws on the ambient world is refused: its runs differ", async () => {
  let runs = 0;
  const run = crashAtEveryOperation<number>({
    seed: 1,
    workload: async (env) => {
      await env.files.makeDirectory(`/data/${runs++}`);
      await env.files.makeDirectory(`/data/x`);
    },
    verify: async () => undefined,
  });
  await assert.rejects(run, /does not come from its Env/);
});
