// Copies that do not leave the event loop: only while they find what they look for in memory.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_PAUSE_MS, PromptCopies } from "./prompt-copies.ts";

const MAX_BYTES = 2 * 1024 * 1024;

class Disk {
  now = 0;
  reads = 0;
  tookMs = 0.1;
  readonly prompt = new PromptCopies(() => this.now, MAX_BYTES);

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

test("on a slow disk fewer and fewer reads are tried, all others wait elsewhere; one that is quick again ends that", () => {
  const disk = new Disk();
  disk.tookMs = 8;
  for (let i = 0; i < 100_000; i++, disk.now++) disk.read(1024);
  assert.ok(disk.reads > 5 && disk.reads < 10 + disk.now / MAX_PAUSE_MS, `${disk.reads} reads in ${disk.now} ms`);
  disk.tookMs = 0.1;
  disk.now += MAX_PAUSE_MS;
  for (let i = 0; i < 10; i++) assert.equal(disk.read(1024), 1024);
});

test("a read that was slow by chance holds the next ones off for a moment only", () => {
  const disk = new Disk();
  disk.tookMs = 8;
  disk.read(1024);
  assert.equal(disk.read(1024), undefined);
  disk.tookMs = 0.1;
  disk.now += MAX_PAUSE_MS / 50;
  assert.equal(disk.read(1024), 1024);
});

test("a large copy may take its time, a larger one is not made", () => {
  const disk = new Disk();
  disk.tookMs = 2;
  for (let i = 0; i < 10; i++) assert.equal(disk.read(MAX_BYTES), MAX_BYTES);
  assert.equal(disk.read(MAX_BYTES + 1), undefined);
});
