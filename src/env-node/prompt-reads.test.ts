// Reads that do not leave the event loop: only while they find what they look for in memory.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_PROMPT_BYTES, PAUSE_MS, PromptReads } from "./prompt-reads.ts";

class Disk {
  now = 0;
  reads = 0;
  tookMs = 0.1;
  readonly prompt = new PromptReads(() => this.now);

  read(length: number): number | undefined {
    return this.prompt.attempt(length, () => {
      this.now += this.tookMs;
      this.reads++;
      return length;
    });
  }
}

test("reads that are quick go on without a thread", () => {
  const disk = new Disk();
  for (let i = 0; i < 100; i++) assert.equal(disk.read(1024), 1024);
  assert.equal(disk.reads, 100);
});

test("after one read that waited for the disk the next ones wait elsewhere, then one more is tried", () => {
  const disk = new Disk();
  disk.tookMs = 8;
  assert.equal(disk.read(1024), 1024);
  for (; disk.now < 8 + PAUSE_MS; disk.now += 50) assert.equal(disk.read(1024), undefined);
  assert.equal(disk.reads, 1);
  disk.tookMs = 0.1;
  for (let i = 0; i < 10; i++) assert.equal(disk.read(1024), 1024);
});

test("a large copy may take its time, a larger one is not made", () => {
  const disk = new Disk();
  disk.tookMs = 2;
  for (let i = 0; i < 10; i++) assert.equal(disk.read(MAX_PROMPT_BYTES), MAX_PROMPT_BYTES);
  assert.equal(disk.read(MAX_PROMPT_BYTES + 1), undefined);
});
