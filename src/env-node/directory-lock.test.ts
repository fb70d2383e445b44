// The directory lock against its enemies: a killed holder, a reused pid, a race of many, another pid namespace.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { lockDirectory } from "./directory-lock.ts";
import { linuxStartTime, ownIdentity } from "./process-identity.ts";
import { openWitness } from "./witness-socket.ts";

const isLocked = (error: unknown): boolean => (error as { code?: string }).code === "ELOCKED";
const onLinux = { skip: process.platform !== "linux" && "Linux only" };

function directory(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "millrace-lock-"));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A process that takes the lock and says "held" or the error's code; holds it until it is killed. */
function locker(path: string): { process: ChildProcess; said: Promise<string> } {
  const code = `import { lockDirectory } from ${JSON.stringify(new URL("./directory-lock.ts", import.meta.url).href)};
    try { await lockDirectory(${JSON.stringify(path)}); console.log("held"); setInterval(() => undefined, 1000); }
    catch (error) { console.log(error.code); }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  const said = once(child.stdout, "data").then(([data]) => String(data).trim());
  return { process: child, said };
}

test("a directory has one holder, and is free again after release", async (context) => {
  const path = directory(context);
  const lock = await lockDirectory(path);
  await assert.rejects(lockDirectory(path), (error: Error) => isLocked(error) && error.message.includes(String(process.pid)));
  await lock.release();
  await lock.release();
  assert.deepEqual(readdirSync(path), []);
  await (await lockDirectory(path)).release();
});

test("another process is refused while the holder lives, and let in when it was killed", async (context) => {
  const path = directory(context);
  const holder = locker(path);
  context.after(() => holder.process.kill("SIGKILL"));
  assert.equal(await holder.said, "held");
  await assert.rejects(lockDirectory(path), (error: Error) => isLocked(error) && error.message.includes(String(holder.process.pid)));
  holder.process.kill("SIGKILL");
  await once(holder.process, "exit");
  const lock = await lockDirectory(path);
  assert.equal(readdirSync(path).filter((name) => name.startsWith("lock.")).length, 1, "what the dead left is cleared");
  await lock.release();
});

test("of many processes that want the lock at once, at most one gets it", async (context) => {
  const path = directory(context);
  const dead = await ownIdentity();
  writeFileSync(join(path, `lock.${dead.pid}.0.${dead.bootId}.${dead.pidNamespace}.abc.alone`), ""); // something to take over, too
  const lockers = Array.from({ length: 5 }, () => locker(path));
  context.after(() => lockers.forEach(({ process }) => process.kill("SIGKILL")));
  const said = await Promise.all(lockers.map((each) => each.said));
  assert.ok(said.filter((word) => word === "held").length <= 1, said.join(" "));
  assert.ok(
    said.every((word) => word === "held" || word === "ELOCKED"),
    said.join(" "),
  );
});

test("within one process as well", async (context) => {
  const path = directory(context);
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockDirectory(path)));
  const held = results.filter((result) => result.status === "fulfilled");
  assert.ok(held.length <= 1);
  for (const { value } of held) await value.release();
  await (await lockDirectory(path)).release();
});

test("a live process with the dead holder's pid, or one from before the last boot, does not hold the lock", async (context) => {
  const path = directory(context);
  const self = await ownIdentity();
  writeFileSync(join(path, `lock.${self.pid}.12345.${self.bootId}.${self.pidNamespace}.a1.alone`), "");
  writeFileSync(join(path, `lock.${self.pid}.${self.startTime}.another-boot.${self.pidNamespace}.a2.alone`), "");
  const lock = await lockDirectory(path);
  assert.equal(readdirSync(path).filter((name) => name.startsWith("lock.")).length, 1);
  await lock.release();
});

test("a holder in another pid namespace is judged by its socket, whatever its pid", onLinux, async (context) => {
  const path = directory(context);
  const self = await ownIdentity();
  const foreign = `lock.1.7.${self.bootId}.99.c0ffee.witness`;
  writeFileSync(join(path, foreign), "");
  const witness = await openWitness(path, ".lock-c0ffee.socket");
  await assert.rejects(lockDirectory(path), isLocked);
  await witness!.close();
  const lock = await lockDirectory(path);
  assert.equal(readdirSync(path).includes(foreign), false);
  await lock.release();
});

test("a holder in another pid namespace without a socket is taken for alive", onLinux, async (context) => {
  const path = directory(context);
  const self = await ownIdentity();
  writeFileSync(join(path, `lock.1.7.${self.bootId}.99.c0ffee.alone`), "");
  await assert.rejects(lockDirectory(path), isLocked);
});

test("a directory whose path is longer than a socket's address can be locked", async (context) => {
  const path = join(directory(context), "x".repeat(150));
  await (await import("node:fs/promises")).mkdir(path);
  await (await lockDirectory(path)).release();
});

test("a process's start time is found behind a name with spaces and parentheses; a zombie is not alive", () => {
  const line = (state: string): string => `42 (a ) (b) ${state} 1 42 42 0 -1 4194304 126 0 0 0 0 0 0 0 20 0 1 0 107130 3133440 383`;
  assert.equal(linuxStartTime(line("S")), "107130");
  assert.equal(linuxStartTime(line("Z")), "zombie");
  assert.equal(linuxStartTime(""), undefined);
});
