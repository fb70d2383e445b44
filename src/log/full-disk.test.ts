// What is told of a disk that is full.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FullDisk } from "./full-disk.ts";

test("a full disk is told once, again after half a minute, and when there is room", () => {
  let now = 1000;
  const told: string[] = [];
  const logger = { log: (_level: string, event: string, fields?: Record<string, unknown>) => void told.push(`${event} ${String(fields?.["refusedWrites"])}`) }; // prettier-ignore
  const disk = new FullDisk({ now: () => now, monotonicMs: () => now }, logger);
  disk.written();
  for (let i = 0; i < 100; i++) disk.refused("t-0", "ENOSPC");
  now += 1000;
  disk.written(); // a small one fitted
  assert.deepEqual(told, ["log-disk-full 1"]);
  now += 29_000;
  disk.refused("t-0", "ENOSPC");
  assert.deepEqual(told, ["log-disk-full 1", "log-disk-full 101"]);
  assert.ok(disk.isFull);
  now += 2000;
  disk.written();
  disk.written();
  assert.ok(!disk.isFull);
  assert.deepEqual(told.slice(2), ["log-disk-has-room 101"]);
  disk.refused("t-0", "ENOSPC");
  assert.deepEqual(told.slice(3), ["log-disk-full 1"]);
});
