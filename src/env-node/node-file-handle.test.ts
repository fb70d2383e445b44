// What only real files can get wrong: descriptors that are reused, writes in many chunks, a full disk.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { nodeFiles } from "./node-files.ts";

test("a write of more chunks than one system call takes arrives whole", async (context) => {
  const path = mkdtempSync(join(tmpdir(), "millrace-files-"));
  context.after(() => rmSync(path, { recursive: true }));
  const file = await nodeFiles.open(join(path, "many"), "w+");
  const chunks = Array.from({ length: 3000 }, (_, index) => Uint8Array.of(index & 0xff, index >> 8));
  await file.write(chunks, 5);
  await file.close();
  assert.deepEqual(readFileSync(join(path, "many")).subarray(5), Buffer.concat(chunks));
});

test("a file is closed after the operations under way, never under them; later ones are refused", async (context) => {
  const path = mkdtempSync(join(tmpdir(), "millrace-files-"));
  context.after(() => rmSync(path, { recursive: true }));
  const file = await nodeFiles.open(join(path, "a"), "w+");
  const writes = Array.from({ length: 20 }, (_, index) => file.write([new Uint8Array(10_000).fill(index)], index * 10_000));
  const closing = file.close();
  await assert.rejects(file.size(), { code: "EBADF" });
  await Promise.all([...writes, closing, file.close()]);
  assert.equal(readFileSync(join(path, "a")).length, 200_000);
});

test("a full disk is ENOSPC and names the file", { skip: !existsSync("/dev/full") && "needs /dev/full" }, async () => {
  const file = await nodeFiles.open("/dev/full", "r+");
  await assert.rejects(
    file.write([new Uint8Array(10)], 0),
    (error: NodeJS.ErrnoException) => error.code === "ENOSPC" && error.message.includes("/dev/full"),
  );
  await file.close();
});

test("a read that does not leave the event loop gives what read() gives; not of a closed file", async (context) => {
  const path = mkdtempSync(join(tmpdir(), "millrace-files-"));
  context.after(() => rmSync(path, { recursive: true }));
  const file = await nodeFiles.open(join(path, "a"), "w+");
  await file.write([Uint8Array.from({ length: 100 }, (_, i) => i)], 0);
  const into = new Uint8Array(40);
  const count = file.readNow!(into, 10, 30, 80) ?? (await file.read(into, 10, 30, 80)); // a disk that was slow just now
  assert.equal(count, 20);
  assert.deepEqual(
    [...into.subarray(10, 30)],
    Array.from({ length: 20 }, (_, i) => 80 + i),
  );
  await file.close();
  assert.throws(() => file.readNow!(into, 0, 1, 0), { code: "EBADF" });
});

test("a write that does not leave the event loop writes what write() writes, or says that it did not", async (context) => {
  const path = mkdtempSync(join(tmpdir(), "millrace-files-"));
  context.after(() => rmSync(path, { recursive: true }));
  const file = await nodeFiles.open(join(path, "a"), "w+");
  const chunks = [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5)];
  if (!file.writeNow!(chunks, 2)) await file.write(chunks, 2); // a disk that was slow just now
  if (!file.writeNow!([Uint8Array.of(9)], 0)) await file.write([Uint8Array.of(9)], 0);
  assert.deepEqual([...(await nodeFiles.readFile(file.path))], [9, 0, 1, 2, 3, 4, 5]);
  assert.equal(file.writeNow!([new Uint8Array(16 * 1024 * 1024)], 0), false);
  assert.equal(await file.size(), 7);
  await file.close();
  assert.throws(() => file.writeNow!(chunks, 0), { code: "EBADF" });
});

test("so it says that a disk is full, by the file's name", { skip: !existsSync("/dev/full") && "needs /dev/full" }, async () => {
  const file = await nodeFiles.open("/dev/full", "r+");
  const write = async (): Promise<void> => {
    if (!file.writeNow!([new Uint8Array(10)], 0)) await file.write([new Uint8Array(10)], 0);
  };
  await assert.rejects(write, (error: NodeJS.ErrnoException) => error.code === "ENOSPC" && error.message.includes("/dev/full"));
  await file.close();
});
