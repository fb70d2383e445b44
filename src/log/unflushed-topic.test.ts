// A topic's file is replaced, but the directory is not flushed: the process is killed there, or the flush fails. No record is acknowledged in
// a topic that a power cut could still take back, and the next start finds a log that it can open.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Verdict } from "../testing/simulation/sim-files.ts";
import { createSimulation, type Simulation } from "../testing/simulation/simulation.ts";
import { LogDirectory } from "./log-directory.ts";
import { dataBatch } from "./test-batches.ts";

const TOPICS = "/data/log/meta/topics";
const options = { durability: "disk", checkpointIntervalMs: 0, retentionIntervalMs: 0 } as const;
const appending = { leaderEpoch: 0, origin: "client", now: 1_700_000_000_000 } as const;

/** A machine on which createTopic("t") gets this far and no further. */
async function interrupted(verdict: Verdict): Promise<Simulation> {
  const simulation = createSimulation(6);
  const { files } = simulation;
  files.provideDirectory("/data");
  const directory = await simulation.run(() => LogDirectory.open(simulation.env(), "/data/log", options));
  files.onOperation = ({ kind, path }) => (kind === "syncDirectory" && path === TOPICS ? verdict : "ok");
  await simulation.run(() => Promise.race([assert.rejects(directory.createTopic("t", { partitions: 1 })), simulation.died()]));
  files.onOperation = undefined;
  simulation.kill();
  return simulation;
}

async function appendOne(simulation: Simulation): Promise<void> {
  const directory = await LogDirectory.open(simulation.env(), "/data/log", options);
  const topic = directory.topic("t") ?? (await directory.createTopic("t", { partitions: 1 }));
  await topic.partitions[0]!.append(dataBatch({ count: 1 }), appending);
}

for (const verdict of ["kill", { error: "ENOSPC" }, { error: "EIO" }] as const) {
  test(`after ${JSON.stringify(verdict)} at the flush of a new topic's entry the topic keeps what is acknowledged later`, async () => {
    const simulation = await interrupted(verdict);
    await simulation.run(() => appendOne(simulation));
    simulation.crash("localhost", { style: "lose" });
    simulation.restart();
    const again = await simulation.run(() => LogDirectory.open(simulation.env(), "/data/log", options));
    assert.equal(again.topic("t")?.partitions[0]?.logEndOffset, 1);
  });
}
