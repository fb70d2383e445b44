// What a partition knows of producers whose records were deleted (retention, DeleteRecords): it outlives power cuts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { LogDirectory } from "./log-directory.ts";
import { dataBatch } from "./test-batches.ts";

const options = { durability: "disk", segmentBytes: 1_024, checkpointIntervalMs: 0, retentionIntervalMs: 0 } as const;
const appending = { leaderEpoch: 0, origin: "client", now: 1_700_000_000_000 } as const;

test("deleting a log's first segments before its first recovery point keeps sequences and open transactions over a power cut", async () => {
  const simulation = createSimulation(5);
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    const directory = await LogDirectory.open(simulation.env(), "/data/log", options);
    const log = (await directory.createTopic("t", { partitions: 1 })).partitions[0]!;
    const idempotent = { count: 1, producerId: 7, baseSequence: 0, tag: "idempotent" };
    await log.append(dataBatch(idempotent), appending);
    await log.append(dataBatch({ count: 1, producerId: 8, baseSequence: 0, transactional: true }), appending);
    for (let i = 0; i < 8; i++) await log.append(dataBatch({ count: 1, valueBytes: 400 }), appending);
    assert.ok(log.segmentCount > 2);
    await log.deleteRecordsBefore(8);
    simulation.crash();
    simulation.restart();

    const again = await LogDirectory.open(simulation.env(), "/data/log", options);
    const recovered = again.topic("t")!.partitions[0]!;
    assert.equal(recovered.logStartOffset, 8);
    assert.equal((await recovered.append(dataBatch(idempotent), appending)).baseOffset, 0, "a repetition is recognised");
    assert.equal(recovered.logEndOffset, 10);
    assert.equal(recovered.lastStableOffset, 8, "the open transaction is known");
    const gap = recovered.append(dataBatch({ count: 1, producerId: 7, baseSequence: 5 }), appending);
    await assert.rejects(gap, { code: "OUT_OF_ORDER_SEQUENCE_NUMBER" });
    await again.close();
  });
});
