// Idempotent producers and readers over a line that is shaken by one fault after the other, a quarter of the time quiet.
// What they saw goes to the log checker; after each healing the first acknowledgement is timed.
import { startBroker } from "millrace/broker";
import { createClient, type KafkaClient } from "millrace/client";
import { checkLog } from "../../simulation/checkers/log-checker.ts";
import { seededRandom } from "../../simulation/checkers/correct-history.ts";
import { Ledger, PARTITIONS } from "../crash/ledger.ts";
import { FAULTS, FaultyLine } from "./faulty-line.ts";

const TOPIC = "shaken";
const BURST = 20;
const FAULT_MS = 600;
/** What was on its way when a fault began has come by then. */
const SETTLE_MS = 200;
/** After each fault: a quarter of the time in all. */
const QUIET_MS = FAULT_MS / 3;
const PATIENCE_MS = 120_000;
/** Of requests: below the silence of a black hole it would never be felt. */
const REQUEST_TIMEOUT_MS = 400;

export interface Shaken {
  readonly operations: number;
  readonly acknowledged: number;
  readonly faults: number;
  /** From each healing to the first acknowledgement after it, ms. */
  readonly recoveriesMs: readonly number[];
  /** Acknowledgements while nothing came through: none, or the line is not between clients and broker. */
  readonly throughBlackHoles: number;
  readonly problems: readonly string[];
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Run {
  readonly client: KafkaClient;
  readonly ledger: Ledger;
  isRunning: boolean;
  acknowledgements: number;
}

async function write(run: Run, partition: number): Promise<void> {
  const process = run.ledger.process();
  const producer = run.client.producer({ lingerMs: 0, deliveryTimeoutMs: PATIENCE_MS, maxBlockMs: PATIENCE_MS });
  while (run.isRunning) {
    const sends = Array.from({ length: BURST }, async () => {
      const { key, text, send } = run.ledger.row(process, partition);
      const { offset } = await producer.send({ topic: TOPIC, partition, key, value: text });
      run.ledger.acknowledged(send, offset);
      run.acknowledgements++;
    });
    await Promise.allSettled(sends);
    await pause(5);
  }
}

async function read(run: Run, partition: number, final: boolean): Promise<void> {
  const process = run.ledger.process();
  const consumer = run.client.consumer({ maxWaitMs: 100 });
  run.ledger.history.push({ kind: "assign", process, partition, from: 0 });
  if (final) run.ledger.poll(process, partition, [], true);
  await consumer.assign([{ topic: TOPIC, partition, offset: 0 }]);
  const decoder = new TextDecoder();
  const batches = final ? consumer.batches({ until: "end" }) : consumer;
  for await (const batch of batches) {
    const rows = [...batch.records].map(({ offset, value }) => ({ offset, text: decoder.decode(value!) }));
    run.ledger.poll(process, partition, rows, final);
    if (!final && !run.isRunning) break;
  }
  await consumer.close();
}

export async function shake(rounds: number, seed: number): Promise<Shaken> {
  const random = seededRandom(seed);
  const line = await FaultyLine.listen(random);
  const broker = await startBroker({ port: 0, memory: true, advertised: { host: "127.0.0.1", port: line.port } });
  line.leadTo(broker.address.port);
  const client = createClient({ brokers: `127.0.0.1:${line.port}`, requestTimeoutMs: REQUEST_TIMEOUT_MS, apiTimeoutMs: PATIENCE_MS });
  const run: Run = { client, ledger: new Ledger(seed), isRunning: true, acknowledgements: 0 };
  const recoveriesMs: number[] = [];
  let faults = 0;
  let throughBlackHoles = 0;
  try {
    await client.admin().createTopics([{ name: TOPIC, partitions: PARTITIONS }]);
    const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition);
    const writers = partitions.map((partition) => write(run, partition));
    const readers = partitions.map((partition) => read(run, partition, false));
    for (let round = 0; round < rounds; round++)
      for (const fault of FAULTS) {
        line.fault = fault;
        faults++;
        await pause(SETTLE_MS);
        const settled = run.acknowledgements;
        await pause(FAULT_MS - SETTLE_MS);
        if (fault === "black-hole") throughBlackHoles += run.acknowledgements - settled;
        line.heal();
        const healed = performance.now();
        const before = run.acknowledgements;
        while (run.acknowledgements === before && performance.now() - healed < PATIENCE_MS) await pause(2);
        recoveriesMs.push(performance.now() - healed);
        await pause(QUIET_MS);
      }
    run.isRunning = false;
    await Promise.all(writers);
    // The readers end with the next batch: one more record for each.
    const waker = client.producer();
    await Promise.all(
      partitions.map(async (partition) => {
        const { text, key, send } = run.ledger.row(run.ledger.process(), partition);
        const { offset } = await waker.send({ topic: TOPIC, partition, key, value: text });
        run.ledger.acknowledged(send, offset);
      }),
    );
    await Promise.all(readers);
    for (const partition of partitions) await read(run, partition, true);
  } finally {
    run.isRunning = false;
    await client.close();
    line.close();
    await broker.close();
  }
  const anomalies = checkLog(run.ledger.history);
  const operations = run.ledger.history.filter(({ kind }) => kind === "send" || kind === "poll").length;
  const problems = anomalies.isEmpty ? [] : [String(anomalies)];
  return { operations, acknowledged: run.acknowledgements, faults, recoveriesMs, throughBlackHoles, problems };
}
