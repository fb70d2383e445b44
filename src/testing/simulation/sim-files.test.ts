// The knobs of the simulated disk, through the Files that programs see.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Env } from "../../env/env.ts";
import type { Verdict } from "./sim-files.ts";
import { createSimulation } from "./simulation.ts";
import type { Simulation } from "./simulation.ts";

function onDisk(seed: number, body: (env: Env, simulation: Simulation) => Promise<void>): Promise<void> {
  const simulation = createSimulation(seed);
  simulation.files.provideDirectory("/data");
  return simulation.run(() => body(simulation.env(), simulation));
}

async function writeAndSync(env: Env, path: string, length: number): Promise<void> {
  const file = await env.files.open(path, "w+");
  await file.write([new Uint8Array(length).fill(1)], 0);
  await file.datasync();
  await file.close();
}

test("a full disk takes a part of a write and says ENOSPC; after a truncate there is room again", () =>
  onDisk(1, async (env, { files }) => {
    files.capacityBytes = 10_000;
    const file = await env.files.open("/data/a", "w+");
    await file.write([new Uint8Array(8000)], 0);
    assert.equal(await env.files.freeBytes("/data"), 2000);
    await assert.rejects(file.write([new Uint8Array(4000)], 8000), { code: "ENOSPC" });
    assert.equal(await file.size(), 10_000);
    await file.truncate(8000);
    await file.write([new Uint8Array(2000)], 8000);
    await file.write([new Uint8Array(5000)], 0); // overwriting takes no room
  }));

test("a synced file in a synced directory survives any crash; without the directory's sync its name may be lost, without its own its bytes", async () => {
  const outcomes = { name: 0, bytes: 0 };
  for (let seed = 0; seed < 40; seed++) {
    const simulation = createSimulation(seed);
    simulation.files.provideDirectory("/data");
    const env = simulation.env();
    await simulation.run(async () => {
      await writeAndSync(env, "/data/safe", 3000);
      const bare = await env.files.open("/data/bare", "w+");
      await env.files.syncDirectory("/data");
      await bare.write([new Uint8Array(3000).fill(1)], 0);
      await writeAndSync(env, "/data/nameless", 3000);
    });
    simulation.crash();
    const { files } = simulation;
    assert.ok(files.peek("/data/safe")!.every((byte) => byte === 1) && files.peek("/data/safe")!.length === 3000);
    assert.notEqual(files.peek("/data/bare"), undefined);
    if (files.peek("/data/bare")!.length < 3000 || files.peek("/data/bare")!.includes(0)) outcomes.bytes++;
    const nameless = files.peek("/data/nameless");
    if (nameless === undefined) outcomes.name++;
    else assert.ok(nameless.length === 3000 && nameless.every((byte) => byte === 1), "with its name, its synced bytes are all there");
  }
  assert.ok(outcomes.bytes > 5 && outcomes.bytes < 40 && outcomes.name > 5 && outcomes.name < 40, JSON.stringify(outcomes));
});

test("an operation can be told to fail, with the error it is told", () =>
  onDisk(1, async (env, { files }) => {
    const failing = (kind: string, error: "EIO" | "ENOSPC" | "EMFILE"): void => {
      files.onOperation = (operation): Verdict => (operation.kind === kind ? { error } : "ok");
    };
    const file = await env.files.open("/data/a", "w+");
    failing("write", "EIO");
    await assert.rejects(file.write([new Uint8Array(10)], 0), { code: "EIO" });
    failing("datasync", "EIO");
    await file.write([new Uint8Array(10)], 0);
    await assert.rejects(file.datasync(), { code: "EIO" });
    failing("open", "EMFILE");
    await assert.rejects(env.files.open("/data/b", "w+"), { code: "EMFILE" });
    assert.equal(await env.files.stat("/data/b"), undefined);
  }));

test("a lying drive loses what it said was synced", async () => {
  const simulation = createSimulation(1);
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    const env = simulation.env();
    await writeAndSync(env, "/data/a", 100);
    await env.files.syncDirectory("/data");
    simulation.files.lyingSync = 1;
    const file = await env.files.open("/data/a", "r+");
    await file.write([new Uint8Array(100).fill(2)], 0);
    await file.datasync();
  });
  simulation.crash("localhost", { style: "lose" });
  assert.equal(simulation.files.peek("/data/a")![0], 1);
});

test("a slow disk takes its time", () =>
  onDisk(1, async (env, { files, clock }) => {
    files.slowdown = 1000;
    const start = clock.monotonicMs();
    await writeAndSync(env, "/data/a", 100);
    assert.ok(clock.monotonicMs() - start > 300);
  }));

test("operations issued together may take effect in either order", async () => {
  const orders = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    await onDisk(seed, async (env, { files }) => {
      const file = await env.files.open("/data/a", "w+");
      await Promise.all([1, 2].map((value) => file.write([Uint8Array.of(value)], 0)));
      orders.add(String(files.peek("/data/a")![0]));
    });
  }
  assert.equal(orders.size, 2);
});

test("open handles are counted, so that leaks show, and limited", () =>
  onDisk(1, async (env, { files }) => {
    const handles = await Promise.all(["a", "b", "c"].map((name) => env.files.open(`/data/${name}`, "w+")));
    assert.equal(files.openHandles, 3);
    files.maxOpenFiles = 3;
    await assert.rejects(env.files.open("/data/d", "w+"), { code: "EMFILE" });
    await Promise.all(handles.map((handle) => handle.close()));
    assert.equal(files.openHandles, 0);
  }));

test("buffers given to a write are read when it takes effect: reusing one too early shows", async () => {
  let torn = 0;
  for (let seed = 0; seed < 10; seed++) {
    await onDisk(seed, async (env, { files }) => {
      const file = await env.files.open("/data/a", "w+");
      const buffer = Uint8Array.of(1);
      const write = file.write([buffer], 0);
      buffer[0] = 2;
      await write;
      torn += Number(files.peek("/data/a")![0] === 2);
    });
  }
  assert.equal(torn, 10);
});
