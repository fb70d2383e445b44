// Three clients that write while everything around them is killed: ours, kafkajs, and kcat (librdkafka). Each has partitions of its own,
// and goes on until it is told to stop and has written every key. A client that gives up is replaced; what it was not told is unknown.
import { Kafka, logLevel } from "kafkajs";
import { createClient } from "millrace/client";
import { ChildProcess } from "./child-process.ts";
import { KEYS_PER_PARTITION, type Ledger, type Row } from "./ledger.ts";

const BURST = 25;
const PAUSE_MS = 100;
/** Records of one kcat process. */
const KCAT_RECORDS = 500;
const KCAT_PAUSE_MS = 20;
/** Longer than any outage of a run. */
const PATIENCE_MS = 120_000;

export interface Load {
  readonly ledger: Ledger;
  readonly topic: string;
  readonly brokers: string;
  isRunning: boolean;
  /** Clients that gave up. */
  givenUp: number;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const goesOn = ({ isRunning, ledger }: Load, partition: number): boolean => isRunning || ledger.written(partition) < KEYS_PER_PARTITION;
const burst = (load: Load, process: number, partition: number): Row[] =>
  Array.from({ length: BURST }, () => load.ledger.row(process, partition));

export async function writeWithMillrace(load: Load, partition: number): Promise<void> {
  while (goesOn(load, partition)) {
    const process = load.ledger.process();
    const client = createClient({ brokers: load.brokers, requestTimeoutMs: 5000 });
    const producer = client.producer({ deliveryTimeoutMs: PATIENCE_MS, maxBlockMs: PATIENCE_MS });
    while (goesOn(load, partition)) {
      const sends = burst(load, process, partition).map(async ({ key, text, send }) => {
        const { offset } = await producer.send({ topic: load.topic, partition, key, value: text });
        load.ledger.acknowledged(send, offset);
      });
      const results = await Promise.allSettled(sends);
      if (results.some(({ status }) => status === "rejected")) break;
      await pause(PAUSE_MS);
    }
    if (goesOn(load, partition)) load.givenUp++;
    await client.close();
  }
}

export async function writeWithKafkajs(load: Load, partition: number): Promise<void> {
  while (goesOn(load, partition)) {
    const process = load.ledger.process();
    const kafka = new Kafka({
      brokers: [load.brokers],
      logLevel: logLevel.NOTHING,
      requestTimeout: 5000,
      retry: { retries: 1000, initialRetryTime: 50, maxRetryTime: 400 },
    });
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
    try {
      await producer.connect();
      while (goesOn(load, partition)) {
        const rows = burst(load, process, partition);
        const messages = rows.map(({ key, text }) => ({ key, value: text, partition }));
        const [answer] = await producer.send({ topic: load.topic, acks: -1, messages });
        const base = Number(answer!.baseOffset);
        rows.forEach(({ send }, at) => load.ledger.acknowledged(send, base < 0 ? -1 : base + at));
        await pause(PAUSE_MS);
      }
    } catch {
      load.givenUp++;
      await pause(PAUSE_MS);
    }
    await producer.disconnect().catch(() => {});
  }
}

/** kcat says only at its end that everything was delivered. `bootstrap` stays reachable: it ends when all that it knows are down. */
export async function writeWithKcat(load: Load, partition: number, bootstrap: string): Promise<void> {
  while (goesOn(load, partition)) {
    const process = load.ledger.process();
    const settings = [
      "enable.idempotence=true",
      `message.timeout.ms=${PATIENCE_MS}`,
      "reconnect.backoff.max.ms=400",
      "request.timeout.ms=5000",
      "socket.timeout.ms=60000",
    ].flatMap((setting) => ["-X", setting]);
    const kcat = new ChildProcess("kcat", ["-P", "-b", bootstrap, "-t", load.topic, "-p", String(partition), "-K", "\t", ...settings]);
    const rows: Row[] = [];
    while (rows.length < KCAT_RECORDS && goesOn(load, partition) && !kcat.isOver) {
      const row = load.ledger.row(process, partition);
      rows.push(row);
      kcat.child.stdin.write(`${row.key}\t${row.text}\n`);
      if (rows.length % 5 === 0) await pause(KCAT_PAUSE_MS);
    }
    kcat.child.stdin.end();
    const { code } = await kcat.ended;
    if (code === 0) for (const { send } of rows) load.ledger.acknowledged(send, -1);
    else {
      load.givenUp++;
      await pause(PAUSE_MS);
    }
  }
}
