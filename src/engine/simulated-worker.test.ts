// The worker host on a simulated machine: the job's entry module runs in a thread of the simulation. The machine loses power at every disk
// operation of both threads, and the worker's thread dies at every disk operation and at many moments between; the output is exact.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CollectSink } from "../connectors/memory/collect-sink.ts";
import type { Env } from "../env/env.ts";
import { crashAtEveryOperation } from "../testing/simulation/crash-at-every-operation.ts";
import { createSimulation, type Simulation } from "../testing/simulation/simulation.ts";
import { expectedTotals, renewWorld, type TotalRow } from "./fixtures/simulated-totals.ts";
import { runJob } from "./run-job.ts";

const SEED = Number(process.env["MILLRACE_SEED"] ?? 11);
/** One point of so many, others with each seed: `npm run simulate:steps` tries more of them, or all. */
const SHARES = Number(process.env["MILLRACE_STEPS"] ?? 6);
const MODULE = new URL("./fixtures/simulated-totals.ts", import.meta.url).href;
const MOMENTS = 200;

async function runToEnd(env: Env, attempts: number): Promise<number> {
  const job = await runJob(env, {
    moduleUrl: MODULE,
    host: "worker",
    checkpoints: { dir: "/data/checkpoints", everyMs: 20, keep: 2 },
    restart: attempts === 0 ? { kind: "none" } : { kind: "fixed-delay", attempts, delayMs: 3 },
    discoveryIntervalMs: 600_000,
  });
  const result = await job.finished;
  return result.status.restarts;
}

function machine(): { simulation: Simulation; world: CollectSink<TotalRow> } {
  const simulation = createSimulation(SEED);
  simulation.files.provideDirectory("/data");
  return { simulation, world: renewWorld() };
}

test("power cuts at every disk operation of a job in a worker change nothing in its output", async (context) => {
  const report = await crashAtEveryOperation<CollectSink<TotalRow>>({
    seed: SEED,
    outcomes: 1,
    select: ({ index }) => index % SHARES === SEED % SHARES,
    async workload(env, ack) {
      ack(renewWorld());
      await runToEnd(env, 0);
    },
    async verify(env, acked) {
      await runToEnd(env, 0);
      assert.deepEqual(acked[0]!.rows, expectedTotals());
    },
  });
  context.diagnostic(`${report.crashes} crashes, ${report.recoveryCrashes} of a recovery, at ${report.operations} operations`);
  assert.ok(report.crashes * SHARES > 200, `only ${report.crashes} crashes were tried`);
});

/** The thread dies before or after operation `index` has taken effect; undefined: the operation does not come. */
async function dieAt(index: number, when: "before" | "after"): Promise<number | undefined> {
  const { simulation, world } = machine();
  const env = simulation.env();
  let died = 0;
  let lastManifest = -1;
  simulation.files.onOperation = (operation) => {
    if (operation.kind === "rename" && operation.path.includes("/manifest")) lastManifest = operation.index;
    if (operation.index !== index) return "ok";
    if (when === "before") died = simulation.killThreads();
    else env.timers.after(0, () => (died = simulation.killThreads()));
    return "ok";
  };
  const restarts = await simulation.run(() => runToEnd(env, 3));
  assert.deepEqual(world.rows, expectedTotals(), `the thread died ${when} operation ${index}, seed ${SEED}`);
  if (simulation.files.operations <= index) return undefined;
  assert.ok(lastManifest >= 0, "a checkpoint is completed");
  // Behind the final checkpoint the thread has nothing left to do: whether it dies then, or has ended, is all one.
  if (index < lastManifest) assert.equal(restarts, died, `operation ${index}, seed ${SEED}`);
  else assert.ok(restarts <= died, `operation ${index}, seed ${SEED}`);
  return restarts;
}

test("a worker thread that dies at any disk operation changes nothing in the job's output", async (context) => {
  let deaths = 0;
  let tellings = 0;
  for (let index = SEED % SHARES; ; index += SHARES) {
    const before = await dieAt(index, "before");
    if (before === undefined) break;
    tellings += 2;
    deaths += before + ((await dieAt(index, "after")) ?? 0);
  }
  context.diagnostic(`${tellings} tellings, after ${deaths} of them the job was started again`);
  assert.ok(deaths * SHARES > 100, `only ${deaths} deaths`);
});

test("a worker thread that dies again and again, at any moment, changes nothing in the job's output", async () => {
  let restarts = 0;
  for (let moment = SEED % SHARES; moment < MOMENTS; moment += SHARES) {
    const { simulation, world } = machine();
    const env = simulation.env();
    restarts += await simulation.run(async () => {
      const job = runToEnd(env, 20);
      for (let death = 0; death < 3; death++) {
        await env.timers.sleep(moment * 0.5 + simulation.random.float());
        simulation.killThreads();
      }
      return await job;
    });
    assert.deepEqual(world.rows, expectedTotals(), `moment ${moment}, seed ${SEED}`);
  }
  assert.ok(restarts * SHARES > MOMENTS, `only ${restarts} restarts`);
});

test("the same seed gives the same trace with a worker thread", async () => {
  const trace = async (): Promise<string> => {
    const { simulation } = machine();
    const env = simulation.env();
    await simulation.run(() => runToEnd(env, 0));
    return simulation.traceHash();
  };
  assert.equal(await trace(), await trace());
});
