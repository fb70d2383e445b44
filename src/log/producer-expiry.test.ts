// A partition forgets producers that have been silent for long: their sequence numbers, not their records; never one with an open transaction.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { LogDirectory } from "./log-directory.ts";
import { dataBatch } from "./test-batches.ts";

const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;

test("producers silent for longer than the expiration are forgotten, also by the next start; those in a transaction stay", async () => {
  const simulation = createSimulation(4);
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    let expiration = HOUR;
    const options = {
      durability: "disk",
      checkpointIntervalMs: 0,
      retentionIntervalMs: 0,
      presenceIntervalMs: 0,
      producerExpirationMs: () => expiration,
    } as const;
    const directory = await LogDirectory.open(simulation.env(), "/data/log", options);
    const log = (await directory.createTopic("t", { partitions: 1 })).partitions[0]!;
    const send = (producerId: number, now: number, transactional = false) =>
      log.append(dataBatch({ count: 1, producerId, transactional }), { leaderEpoch: 0, origin: "client", now });
    const known = () => [...log.activeProducers()].map(({ producerId }) => producerId);
    await send(1, NOW);
    await send(2, NOW, true);
    await send(3, NOW + HOUR / 2);
    log.expireProducers(NOW + HOUR);
    assert.deepEqual(known(), [1, 2, 3], "not before their time");
    log.expireProducers(NOW + HOUR + 1);
    assert.deepEqual(known(), [2, 3]);
    expiration = 1_000; // it may be changed while the log is open
    log.expireProducers(NOW + HOUR + 1);
    assert.deepEqual(known(), [2]);
    assert.equal((await send(1, NOW + HOUR + 2)).baseOffset, 3, "it begins again, its first sequence is no repetition");
    await log.appendMarker({ producerId: 2, producerEpoch: 0, commit: true, coordinatorEpoch: 0, now: NOW + HOUR });
    log.expireProducers(NOW + 3 * HOUR);
    assert.deepEqual(known(), []);
    await log.checkpoint();
    await directory.close();
    const again = await LogDirectory.open(simulation.env(), "/data/log", options);
    const reopened = again.topic("t")!.partitions[0]!;
    assert.deepEqual([...reopened.activeProducers()], []);
    assert.equal(reopened.logEndOffset, 5, "records and marker stay");
    await again.close();
  });
});
