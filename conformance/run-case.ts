// Runs a case's pipeline: without interruption at a parallelism, and once with checkpoints, a kill in the middle of the input and a
// restore by a new process of the same machine, in virtual time.
import { runJob } from "../src/engine/run-job.ts";
import { createSimulation } from "../src/testing/simulation/simulation.ts";
import type { Case } from "./case.ts";
import { buildCase } from "./build-case.ts";
import type { Input } from "./inputs.ts";

export interface CaseRows {
  readonly main: readonly string[];
  readonly late: readonly string[];
}

const SEED = 1;
/** Virtual time that the interrupted run's source takes. */
const SOURCE_SECONDS = 2;
/** The kill comes with so many complete checkpoints, about half-way. */
const CHECKPOINTS_BEFORE_KILL = 4;
const CHECKPOINT_EVERY_MS = 200;

export async function runWhole(one: Case, input: Input, parallelism: number): Promise<CaseRows> {
  const built = buildCase(one, input);
  const simulation = createSimulation(SEED);
  await simulation.run(async () => {
    const job = await runJob(simulation.env(), { graph: built.pipeline.graph(), parallelism });
    await job.finished;
  }, UNLIMITED);
  return { main: built.main.rows as readonly string[], late: built.late.rows as readonly string[] };
}

export async function runKilled(one: Case, input: Input, parallelism: number): Promise<CaseRows> {
  const { pipeline, main, late } = buildCase(one, input, Math.ceil(input.rows.length / SOURCE_SECONDS));
  const simulation = createSimulation(SEED);
  simulation.files.provideDirectory("/data");
  const options = {
    graph: pipeline.graph(),
    parallelism,
    checkpoints: { dir: "/data/checkpoints", everyMs: CHECKPOINT_EVERY_MS },
    restart: { kind: "none" },
  } as const;
  const env = simulation.env();
  await simulation.run(async () => {
    const job = await runJob(env, { ...options, statusIntervalMs: 10 });
    await new Promise<void>((resolve, reject) => {
      job.onStatus((status) => void (status.checkpoints.completed >= CHECKPOINTS_BEFORE_KILL && resolve()));
      job.finished.then(() => reject(new Error("The job ended before it could be killed.")), reject);
    });
  }, UNLIMITED);
  simulation.kill();
  await simulation.run(async () => {
    const job = await runJob(simulation.env(), options);
    if (job.status().checkpoints.restoredFrom === undefined) throw new Error("Nothing was restored.");
    await job.finished;
  }, UNLIMITED);
  return { main: main.rows as readonly string[], late: late.rows as readonly string[] };
}

const UNLIMITED = { maxVirtualMs: 3_600_000, maxEvents: 100_000_000 };
