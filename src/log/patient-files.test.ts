// A process with few open files: the log closes what it keeps open, waits, and serves; files that nobody closes are an error after a second.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { LogDirectory } from "./log-directory.ts";
import { PatientFiles } from "./patient-files.ts";
import { dataBatch } from "./test-batches.ts";

const TOPICS = 12;

test("many partitions are created, written, read and opened again with few open files", async () => {
  const simulation = createSimulation(1);
  simulation.files.provideDirectory("/data");
  simulation.files.maxOpenFiles = 6;
  const env = simulation.env();
  await simulation.run(async () => {
    for (let life = 0; life < 2; life++) {
      const directory = await LogDirectory.open(env, "/data/log", { durability: "disk" });
      const failures: Error[] = [];
      directory.onFatal((error) => failures.push(error));
      for (let at = 0; at < TOPICS; at++) {
        const topic = directory.topic(`t${at}`) ?? (await directory.createTopic(`t${at}`, { partitions: 2, config: {} }));
        const tag = `${life}`;
        const batch = dataBatch({ partition: 0, producerId: 1, producerEpoch: 0, baseSequence: life, count: 1, valueBytes: 20, timestamp: 1, tag, transactional: false } as never); // prettier-ignore
        await topic.partitions[0]!.append(batch, { leaderEpoch: 0, origin: "client", now: env.clock.now() });
      }
      for (let at = 0; at < TOPICS; at++) assert.equal(directory.topic(`t${at}`)!.partitions[0]!.highWatermark, life + 1);
      assert.deepEqual(failures, []);
      await directory.close();
    }
  });
});

test("an error is thrown when no file gets free, and others at once", async () => {
  const simulation = createSimulation(1);
  simulation.files.provideDirectory("/data");
  const env = simulation.env();
  let asked = 0;
  const files = new PatientFiles(env.files, env.timers, () => asked++);
  await simulation.run(async () => {
    await assert.rejects(files.open("/data/none", "r"), { code: "ENOENT" });
    assert.equal(asked, 0);
    simulation.files.maxOpenFiles = 0;
    await assert.rejects(files.open("/data/file", "w+"), { code: "EMFILE" });
    assert.ok(asked > 10);
    simulation.files.maxOpenFiles = 1;
    await (await files.open("/data/file", "w+")).close();
  });
});
