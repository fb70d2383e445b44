// The checkpoint store on a disk that loses what was not synced: a completed checkpoint survives every crash whole, an incomplete one
// never shows, and what latest() returned once stays.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Env } from "../../env/env.ts";
import { crashAtEveryOperation } from "../../testing/simulation/crash-at-every-operation.ts";
import { createSimulation } from "../../testing/simulation/simulation.ts";
import type { StateChunk } from "../subtask/subtask.ts";
import type { CheckpointManifest } from "./checkpoint-manifest.ts";
import { MANIFEST_VERSION } from "./checkpoint-manifest.ts";
import { DirectoryCheckpointStore } from "./directory-checkpoint-store.ts";

const SEED = Number(process.env["MILLRACE_SEED"] ?? 7);
const DIR = "/data/checkpoints";

function storeOf(env: Env, job = "orders"): DirectoryCheckpointStore {
  return new DirectoryCheckpointStore(env.files, DIR, job);
}

function chunksOf(id: number, count = 40): StateChunk[] {
  return Array.from({ length: count }, (_, i) => ({
    operator: i % 2 === 0 ? "sum" : "source",
    address: i % 2 === 0 ? { kind: "key-group", group: i } : { kind: "operator-state", name: "splits", entry: i },
    bytes: Uint8Array.from({ length: 50 + i * 7 }, (_, at) => (id * 31 + i * 7 + at) & 0xff),
  }));
}

async function takeCheckpoint(store: DirectoryCheckpointStore, id: number): Promise<void> {
  await store.begin(id);
  const file = store.stateWriter(id, "state-0");
  for (const chunk of chunksOf(id)) file.append(chunk);
  await store.complete(manifestOf(id, [await file.finish()]));
}

function manifestOf(id: number, stateFiles: CheckpointManifest["stateFiles"]): CheckpointManifest {
  return {
    version: MANIFEST_VERSION,
    id,
    kind: "checkpoint",
    job: "orders",
    graphHash: "abc",
    maxParallelism: 128,
    timestamp: 1,
    operators: [{ name: "sum", parallelism: 1, stateful: true }],
    stateFiles,
    sources: { source: { "orders-0": id * 10 } },
    committables: { sink: ["dHg="] },
  };
}

async function assertWhole(store: DirectoryCheckpointStore, id: number): Promise<void> {
  const point = await store.latest();
  assert.equal(point?.manifest.id, id);
  const chunks: StateChunk[] = [];
  for await (const chunk of store.chunks(point!)) chunks.push(chunk);
  assert.deepEqual(chunks, chunksOf(id));
  assert.deepEqual(point!.manifest.sources, { source: { "orders-0": id * 10 } });
}

test("a completed checkpoint survives a crash at every disk operation; an incomplete one is never seen", async () => {
  const report = await crashAtEveryOperation<number>({
    seed: SEED,
    outcomes: 3,
    async workload(env, ack) {
      const store = storeOf(env);
      const last = await store.open();
      for (let id = last + 1; id <= last + 3; id++) {
        await takeCheckpoint(store, id);
        ack(id);
        await store.retain(2);
      }
      await store.close();
    },
    async verify(env, acked) {
      const store = storeOf(env);
      const last = await store.open();
      const newest = Math.max(0, ...acked);
      const point = await store.latest();
      const id = point?.manifest.id ?? 0;
      assert.ok(id >= newest, `checkpoint ${newest} was complete, found ${id}`);
      assert.ok(last >= id);
      if (id > 0) await assertWhole(store, id);
      await store.close();
    },
  });
  assert.ok(report.crashes > 150, `only ${report.crashes} crashes were tried`);
});

test("what latest() returned survives the next power cut, even if its own directory entry was not yet durable", async () => {
  const simulation = createSimulation(SEED);
  simulation.files.provideDirectory("/data");
  const env = simulation.env();
  await simulation.run(async () => {
    const store = storeOf(env);
    await store.open();
    simulation.files.onOperation = ({ kind }) => (kind === "rename" ? "crash-after" : "ok");
    await takeCheckpoint(store, 1).catch(() => {});
  });
  simulation.files.onOperation = () => "ok";
  simulation.restart();
  let seen: number | undefined;
  await simulation.run(async () => {
    const store = storeOf(simulation.env());
    await store.open();
    seen = (await store.latest())?.manifest.id;
  });
  simulation.crash();
  simulation.restart();
  await simulation.run(async () => {
    const store = storeOf(simulation.env());
    await store.open();
    assert.equal((await store.latest())?.manifest.id, seen);
  });
});

test("a full disk fails the checkpoint with its reason, and the next one succeeds when there is room", async () => {
  const simulation = createSimulation(SEED);
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    const store = storeOf(simulation.env());
    await store.open();
    await takeCheckpoint(store, 1);
    for (const kind of ["write", "datasync", "rename", "syncDirectory"]) {
      let armed = true;
      await store.begin(2);
      simulation.files.onOperation = (operation) => {
        if (!armed || operation.kind !== kind || !operation.path.includes("chk-2")) return "ok";
        armed = false;
        return { error: kind === "write" ? "ENOSPC" : "EIO" };
      };
      await assert.rejects(
        store.complete(manifestOf(2, [])),
        (error: Error & { code?: string }) => error.code === "CHECKPOINT_FAILED",
        kind,
      );
      assert.equal(armed, false, kind);
      simulation.files.onOperation = () => "ok";
      await assertWhole(store, 1);
    }
    await takeCheckpoint(store, 3);
    await assertWhole(store, 3);
  });
});

test("when the manifest can neither be finished nor taken back, the error says that nobody knows", async () => {
  const simulation = createSimulation(SEED);
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    const store = storeOf(simulation.env());
    await store.open();
    await store.begin(1);
    let renamed = false;
    simulation.files.onOperation = ({ kind }) => {
      renamed ||= kind === "rename";
      return renamed && kind !== "rename" ? { error: "EIO" } : "ok";
    };
    await assert.rejects(store.complete(manifestOf(1, [])), (error: Error & { code?: string }) => error.code === "CHECKPOINT_UNCERTAIN");
  });
});

test("a second process on the same job's checkpoints is refused, another job is not", async () => {
  const simulation = createSimulation(SEED);
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    const first = storeOf(simulation.env());
    await first.open();
    await assert.rejects(storeOf(simulation.env()).open(), (error: Error & { code?: string }) => error.code === "CHECKPOINT_IN_USE");
    await storeOf(simulation.env(), "other/job").open();
    await first.close();
    await storeOf(simulation.env()).open();
  });
});

test("one flipped byte anywhere in a manifest or state file is damage, never another checkpoint's state", async () => {
  const simulation = createSimulation(SEED);
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    const env = simulation.env();
    const store = storeOf(env);
    await store.open();
    await takeCheckpoint(store, 1);
    for (const name of ["manifest", "state-0"]) {
      const path = `${DIR}/orders/chk-1/${name}`;
      const size = (await env.files.readFile(path)).length;
      for (let at = 0; at < size; at += Math.max(1, Math.floor(size / 60))) {
        await flip(env, path, at);
        const read = async () => {
          const point = await store.load(`${DIR}/orders/chk-1`);
          for await (const chunk of store.chunks(point)) assert.ok(chunk);
        };
        await assert.rejects(read(), (error: Error & { code?: string }) => error.code === "CHECKPOINT_DAMAGED", `${name} at ${at}`);
        await flip(env, path, at);
      }
    }
    await assertWhole(store, 1);
  });
});

async function flip(env: Env, path: string, at: number): Promise<void> {
  const file = await env.files.open(path, "r+");
  const byte = new Uint8Array(1);
  await file.read(byte, 0, 1, at);
  await file.write([Uint8Array.of(byte[0]! ^ 0x10)], at);
  await file.close();
}

test("a savepoint is a copy: it stays when its checkpoint is removed", async () => {
  const simulation = createSimulation(SEED);
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    const store = storeOf(simulation.env());
    await store.open();
    await takeCheckpoint(store, 1);
    await store.exportSavepoint(1, "/data/my/savepoint");
    await takeCheckpoint(store, 2);
    await store.retain(1);
    assert.deepEqual(await store.list(), [2]);
    const point = await store.load("/data/my/savepoint");
    assert.equal(point.manifest.kind, "savepoint");
    const chunks: StateChunk[] = [];
    for await (const chunk of store.chunks(point)) chunks.push(chunk);
    assert.deepEqual(chunks, chunksOf(1));
  });
});

test("a completed checkpoint survives a power cut even if the process that made the directory was killed while it did", async () => {
  for (let killedAt = 0; killedAt < 10; killedAt++) {
    const simulation = createSimulation(SEED);
    simulation.files.provideDirectory("/data");
    await simulation.run(async () => {
      await new Promise<void>((resolve) => {
        simulation.files.onOperation = ({ index }) => {
          if (index === killedAt) resolve();
          return "ok";
        };
        storeOf(simulation.env())
          .open()
          .then(
            () => resolve(),
            () => {},
          );
      });
      simulation.kill();
      simulation.files.onOperation = undefined;
      const store = storeOf(simulation.env());
      await store.open();
      await takeCheckpoint(store, 1);
      simulation.crash("localhost", { style: "lose" });
      simulation.restart();
      const restored = storeOf(simulation.env());
      await restored.open();
      await assertWhole(restored, 1);
    });
  }
});
