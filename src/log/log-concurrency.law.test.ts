// Many producers at once on a disk that is full now and then, loses its power, or loses its process: what was acknowledged is there
// exactly once, at the offset that was acknowledged, in each producer's order; what was seen by a reader stays.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Env } from "../env/env.ts";
import { KafkaError } from "../protocol/errors.ts";
import { createSimulation, type Simulation } from "../testing/simulation/simulation.ts";
import { LogDirectory } from "./log-directory.ts";
import type { PartitionLog } from "./partition-log.ts";
import { dataBatch, readOn } from "./test-batches.ts";

const PATH = "/data/log";
const FUTURE = 10_000_000_000_000;
const options = {
  durability: "disk",
  segmentBytes: 8_000,
  checkpointBytes: 3_000,
  checkpointIntervalMs: 5,
  retentionIntervalMs: 0,
  presenceIntervalMs: 0,
} as const;
const PRODUCERS = 4;

interface Acknowledged {
  readonly tag: string;
  readonly offset: number;
}

/** One producer as a client is: up to three batches in flight, those refused are sent again in order, under the same sequence. */
class ProducerModel {
  readonly id: number;
  next = 0;
  readonly acknowledged: Acknowledged[] = [];

  constructor(id: number) {
    this.id = id;
  }

  async sendRound(log: PartitionLog): Promise<void> {
    const sequences = [0, 1, 2].map((i) => this.next + i);
    const sent = sequences.map(async (sequence) => {
      const tag = `p${this.id}.${sequence}`;
      const valueBytes = 20 + ((sequence * 137) % 400);
      const batch = dataBatch({ count: 1, tag, valueBytes, producerId: this.id, baseSequence: sequence });
      const { baseOffset } = await log.append(batch, { leaderEpoch: 0, origin: "client", now: FUTURE });
      return { tag, offset: baseOffset };
    });
    for (const result of await Promise.allSettled(sent)) {
      if (result.status === "fulfilled") {
        this.acknowledged.push(result.value);
        this.next++;
        continue;
      }
      assert.ok(result.reason instanceof KafkaError, String(result.reason));
      assert.ok(["KAFKA_STORAGE_ERROR", "OUT_OF_ORDER_SEQUENCE_NUMBER"].includes(result.reason.code), result.reason.message);
      return;
    }
  }
}

async function check(log: PartitionLog, producers: readonly ProducerModel[], seen: ReadonlyMap<number, string>): Promise<void> {
  const batches = await readOn(log, 0, "read_uncommitted", 700);
  for (const [i, batch] of batches.entries()) assert.equal(batch.baseOffset, i, "offsets have no gaps");
  assert.equal(batches.length, log.logEndOffset);
  for (const [offset, tag] of seen) assert.equal(batches[offset]?.tag, tag, "what was read stays");
  for (const producer of producers) {
    for (const { tag, offset } of producer.acknowledged) assert.equal(batches[offset]?.tag, tag, `${tag} was acknowledged at ${offset}`);
    const own = batches.filter((batch) => batch.producerId === producer.id).map((batch) => batch.tag);
    assert.deepEqual(
      own,
      own.map((_, i) => `p${producer.id}.${i}`),
      "in order, each once",
    );
  }
}

interface World {
  readonly simulation: Simulation;
  readonly env: Env;
  readonly directory: LogDirectory;
  readonly log: PartitionLog;
}

interface Until {
  over: boolean;
  written: boolean;
}

async function openLog(simulation: Simulation): Promise<World> {
  const env = simulation.env();
  const directory = await LogDirectory.open(env, PATH, options);
  const topic = directory.topic("t") ?? (await directory.createTopic("t", { partitions: 1 }));
  return { simulation, env, directory, log: topic.partitions[0]! };
}

/** Appends and reads for a while; the disk is full with this probability per operation that needs room. */
async function work(
  world: World,
  producers: readonly ProducerModel[],
  fullness: number,
  seen: Map<number, string>,
  until: Until,
): Promise<void> {
  const { simulation, env, log } = world;
  simulation.files.onOperation = ({ kind }) =>
    (kind === "write" || kind === "open") && simulation.random.float() < fullness ? { error: "ENOSPC" } : "ok";
  const rounds = producers.map(async (producer) => {
    for (let round = 0; round < 4 && !until.over; round++) await producer.sendRound(log);
  });
  const written = Promise.all(rounds).finally(() => (until.written = true));
  for (let offset = 0; !until.written; await env.timers.sleep(0.5)) {
    for (const batch of await readOn(log, offset, "read_uncommitted", 600)) {
      if (until.over) return;
      seen.set(batch.baseOffset, batch.tag);
      offset = batch.lastOffset + 1;
    }
  }
  await written;
}

function nextSequence(log: PartitionLog, producerId: number): number {
  const known = [...log.activeProducers()].find((producer) => producer.producerId === producerId);
  return (known?.batches.at(-1)?.lastSequence ?? -1) + 1;
}

test("producers at once on a bad disk lose nothing that was acknowledged, and repeat nothing", async () => {
  const phase = fc.record({
    fullness: fc.constantFrom(0, 0, 0.05, 0.3),
    end: fc.constantFrom("close", "kill", "power-cut"),
    afterMs: fc.integer({ min: 1, max: 60 }),
  });
  const law = fc.asyncProperty(
    fc.integer({ min: 0, max: 0x7fffffff }),
    fc.array(phase, { minLength: 1, maxLength: 6 }),
    async (seed, phases) => {
      const simulation = createSimulation(seed);
      simulation.files.provideDirectory("/data");
      const producers = Array.from({ length: PRODUCERS }, (_, i) => new ProducerModel(i + 1));
      const seen = new Map<number, string>();
      const observer = simulation.env("observer");
      await simulation.run(async () => {
        for (const { fullness, end, afterMs } of phases) {
          const world = await openLog(simulation);
          await check(world.log, producers, seen);
          // What survived unacknowledged counts as sent: the producer's next batch follows it.
          for (const producer of producers) producer.next = nextSequence(world.log, producer.id);
          const until = { over: false, written: false };
          const working = work(world, producers, fullness, seen, until);
          if (end === "close") {
            await working;
            simulation.files.onOperation = undefined;
            await world.directory.close();
            continue;
          }
          await Promise.race([working, observer.timers.sleep(afterMs)]);
          until.over = true;
          simulation.files.onOperation = undefined;
          if (end === "kill") simulation.kill();
          else {
            simulation.crash();
            simulation.restart();
          }
          await Promise.race([working.catch(() => undefined), observer.timers.sleep(100)]);
        }
        const { directory, log } = await openLog(simulation);
        await check(log, producers, seen);
        await directory.close();
      });
    },
  );
  const seed = process.env["MILLRACE_SEED"];
  await fc.assert(law, { numRuns: Number(process.env["MILLRACE_LAW_RUNS"] ?? 40), ...(seed === undefined ? {} : { seed: Number(seed) }) });
});
