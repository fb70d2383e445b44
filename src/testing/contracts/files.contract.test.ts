// What Files promises, held against the real file system and the simulated one.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Env } from "../../env/env.ts";
import { WORLDS } from "./worlds.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

for (const world of WORLDS) {
  const contract = (sentence: string, body: (files: Env["files"], at: string, env: Env) => Promise<void>): void => {
    test(`${world.name}: ${sentence}`, () => world.run((env, directory) => body(env.files, directory, env)));
  };

  contract("bytes written at a position are read from there, chunks one after the other, gaps as zeros", async (files, at) => {
    const file = await files.open(`${at}/a`, "w+");
    await file.write([utf8("ab"), utf8(""), utf8("cd")], 3);
    assert.equal(await file.size(), 7);
    const into = new Uint8Array(10).fill(9);
    assert.equal(await file.read(into, 1, 9, 0), 7);
    assert.deepEqual([...into], [9, 0, 0, 0, ...utf8("abcd"), 9, 9]);
    await file.write([utf8("X")], 4);
    assert.equal(textOf((await files.readFile(`${at}/a`)).subarray(3)), "aXcd");
    await file.close();
  });

  contract("a read at or behind the end gives 0 bytes", async (files, at) => {
    const file = await files.open(`${at}/a`, "w+");
    await file.write([utf8("abc")], 0);
    const into = new Uint8Array(4);
    assert.equal(await file.read(into, 0, 4, 3), 0);
    assert.equal(await file.read(into, 0, 4, 1000), 0);
    assert.equal(await file.read(into, 0, 2, 1), 2);
    await file.close();
  });

  contract("truncate cuts, and grows with zeros", async (files, at) => {
    const file = await files.open(`${at}/a`, "w+");
    await file.write([new Uint8Array(2000).fill(7)], 0);
    await file.truncate(1000);
    await file.truncate(1500);
    await file.datasync();
    const bytes = await files.readFile(`${at}/a`);
    assert.deepEqual([bytes.length, bytes[999], bytes[1000], bytes[1499]], [1500, 7, 0, 0]);
    await file.close();
  });

  contract("the modes of open create, keep, empty or refuse", async (files, at) => {
    const path = `${at}/a`;
    await assert.rejects(files.open(path, "r"), { code: "ENOENT" });
    await assert.rejects(files.open(path, "r+"), { code: "ENOENT" });
    const first = await files.open(path, "wx+");
    await first.write([utf8("abc")], 0);
    await first.close();
    await assert.rejects(files.open(path, "wx+"), { code: "EEXIST" });
    const reader = await files.open(path, "r");
    await assert.rejects(reader.write([utf8("x")], 0), { code: "EBADF" });
    await reader.close();
    const second = await files.open(path, "r+");
    assert.equal(await second.size(), 3);
    await second.close();
    await (await files.open(path, "w+")).close();
    assert.equal((await files.stat(path))!.size, 0);
    await assert.rejects(files.open(`${at}/no/a`, "w+"), { code: "ENOENT" });
    await assert.rejects(files.open(`${path}/a`, "w+"), { code: "ENOTDIR" });
  });

  contract("a closed handle refuses everything but another close", async (files, at) => {
    const file = await files.open(`${at}/a`, "w+");
    const write = file.write([utf8("abc")], 0);
    const close = file.close();
    await assert.rejects(file.write([utf8("x")], 0), { code: "EBADF" });
    await assert.rejects(file.datasync(), { code: "EBADF" });
    await Promise.all([write, close, file.close()]);
    assert.equal(textOf(await files.readFile(`${at}/a`)), "abc");
  });

  contract("directories are made with their parents, listed in order, and removed with their contents", async (files, at) => {
    await files.makeDirectory(`${at}/x/y/z`);
    await files.makeDirectory(`${at}/x/y/z`);
    for (const name of ["b", "a", "B", "10", "9"]) await (await files.open(`${at}/x/${name}`, "w+")).close();
    assert.deepEqual(await files.list(`${at}/x`), ["10", "9", "B", "a", "b", "y"]);
    await files.syncDirectory(`${at}/x`);
    await files.removeDirectory(`${at}/x`);
    await files.removeDirectory(`${at}/x`);
    assert.equal(await files.stat(`${at}/x`), undefined);
    await assert.rejects(files.list(`${at}/x`), { code: "ENOENT" });
    await assert.rejects(files.syncDirectory(`${at}/x`), { code: "ENOENT" });
  });

  contract("stat tells files from directories from nothing", async (files, at, env) => {
    const file = await files.open(`${at}/a`, "w+");
    await file.write([utf8("abc")], 0);
    await file.close();
    const stat = (await files.stat(`${at}/a`))!;
    assert.deepEqual([stat.kind, stat.size], ["file", 3]);
    assert.ok(Math.abs(stat.modifiedMs - env.clock.now()) < 60_000);
    assert.equal((await files.stat(at))!.kind, "directory");
    assert.equal(await files.stat(`${at}/b`), undefined);
    assert.equal(await files.stat(`${at}/a/b`), undefined);
    assert.ok((await files.freeBytes(at)) > 0);
  });

  contract("a rename replaces a file at once; open handles follow the file, not the name", async (files, at) => {
    const old = await files.open(`${at}/old`, "w+");
    await old.write([utf8("old")], 0);
    const fresh = await files.open(`${at}/fresh`, "w+");
    await fresh.write([utf8("fresh")], 0);
    await files.rename(`${at}/fresh`, `${at}/old`);
    assert.deepEqual(await files.list(at), ["old"]);
    assert.equal(textOf(await files.readFile(`${at}/old`)), "fresh");
    await fresh.write([utf8("!")], 5);
    assert.equal(textOf(await files.readFile(`${at}/old`)), "fresh!");
    assert.equal(await old.size(), 3);
    await Promise.all([old.close(), fresh.close()]);
    await assert.rejects(files.rename(`${at}/nothing`, `${at}/x`), { code: "ENOENT" });
  });

  contract("a directory is renamed with what is in it, but not onto one that is not empty, nor into itself", async (files, at) => {
    await files.makeDirectory(`${at}/x/y`);
    await files.makeDirectory(`${at}/z/w`);
    await assert.rejects(files.rename(`${at}/x`, `${at}/z`), { code: "ENOTEMPTY" });
    await assert.rejects(files.rename(`${at}/x`, `${at}/x/y/x`), { code: "EINVAL" });
    await files.rename(`${at}/x`, `${at}/z/w`);
    assert.deepEqual(await files.list(`${at}/z/w`), ["y"]);
  });

  contract("a removed file is gone by name, and readable through an open handle", async (files, at) => {
    const file = await files.open(`${at}/a`, "w+");
    await file.write([utf8("abc")], 0);
    await files.remove(`${at}/a`);
    await assert.rejects(files.remove(`${at}/a`), { code: "ENOENT" });
    await assert.rejects(files.readFile(`${at}/a`), { code: "ENOENT" });
    assert.equal(await file.size(), 3);
    await file.close();
  });

  contract("errors name the operation's path", async (files, at) => {
    await assert.rejects(files.open(`${at}/missing`, "r"), (error: Error) => error.message.includes(`${at}/missing`));
    await assert.rejects(files.remove(`${at}/missing`), (error: Error) => error.message.includes(`${at}/missing`));
  });

  contract("a directory's lock has one holder until it is released", async (files, at) => {
    const lock = await files.lockDirectory(at);
    await assert.rejects(files.lockDirectory(at), { code: "ELOCKED" });
    await lock.release();
    await lock.release();
    await (await files.lockDirectory(at)).release();
    await assert.rejects(files.lockDirectory(`${at}/missing`), { code: "ENOENT" });
  });
}
