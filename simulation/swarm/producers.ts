// Producers of the log topic: idempotent ones, several records at a time, and transactional ones that commit a group's offset with each
// transaction. What is not answered clearly is recorded as unknown.
import { NONE } from "../checkers/history.ts";
import { TransactionError, ClientError } from "../../src/client/errors.ts";
import type { Producer } from "../../src/client/producer/producer.ts";
import type { Env } from "../../src/env/env.ts";
import { LYING_PARTITION } from "./lying-disk.ts";
import { acknowledged, clientOf, LOG_PARTITIONS, LOG_TOPIC, type World } from "./world.ts";

/** What the names of transactional producers begin with. */
export const TRANSACTIONAL = "transactional-";
const MAX_BURST = 6;
const PAUSE_MS = 25;
const COMMIT_TRIES = 5;
const OPTIONS = { lingerMs: 2, deliveryTimeoutMs: 20_000, maxBlockMs: 10_000, batchBytes: 2048 } as const;

export function idempotentProducer(world: World): (env: Env, process: number) => Promise<void> {
  return async (env, process) => {
    const { recorder, random, plan } = world;
    const client = clientOf(env);
    const producer = client.producer({ ...OPTIONS, compression: plan.compression });
    while (world.isRunning) {
      const sends = Array.from({ length: random.integer(1, MAX_BURST) }, () => {
        const { send, bytes } = recorder.send(process, random.integer(0, LOG_PARTITIONS - 1), NONE);
        return producer.send({ topic: LOG_TOPIC, partition: send.partition, value: bytes }).then(({ offset }) => {
          recorder.acknowledged(send, offset);
          acknowledged(world);
        });
      });
      await Promise.allSettled(sends);
      await env.timers.sleep(random.between(0, PAUSE_MS * 2));
    }
    await client.close();
  };
}

/** One group per transactional id: its offset of partition 0 counts the transactions. */
export function transactionalProducer(world: World, id: string): (env: Env, process: number) => Promise<void> {
  let counter = 0;
  return async (env, process) => {
    const { random } = world;
    const client = clientOf(env);
    const producer = client.producer({ ...OPTIONS, transactionalId: id, transactionTimeoutMs: 5000 });
    await producer.initTransactions();
    await fetchOffset(world, client, id);
    while (world.isRunning) {
      await transact(world, producer, process, id, ++counter);
      await env.timers.sleep(random.between(0, PAUSE_MS * 2));
    }
    await client.close();
  };
}

async function fetchOffset(world: World, client: ReturnType<typeof clientOf>, group: string): Promise<void> {
  const [found] = await client.admin().groupOffsets(group, [{ topic: LOG_TOPIC, partition: 0 }]);
  world.recorder.history.push({ kind: "offset-fetch", group, partition: 0, offset: found?.offset ?? NONE });
}

async function transact(world: World, producer: Producer, process: number, group: string, counter: number): Promise<void> {
  const { recorder, random, plan } = world;
  const partitions = plan.faults.includes("lying-flush") ? LYING_PARTITION : LOG_PARTITIONS;
  const transaction = recorder.transaction();
  await producer.beginTransaction();
  const sends = Array.from({ length: random.integer(1, MAX_BURST) }, () => {
    const { send, bytes } = recorder.send(process, random.integer(0, partitions - 1), transaction);
    return producer
      .send({ topic: LOG_TOPIC, partition: send.partition, value: bytes })
      .then(({ offset }) => recorder.acknowledged(send, offset));
  });
  const offset = recorder.offsetCommit(process, group, 0, counter, transaction);
  const offsets = producer.sendOffsets([{ topic: LOG_TOPIC, partition: 0, offset: counter }], group);
  const results = await Promise.allSettled([...sends, offsets.then(() => (offset.outcome = "ok"))]);
  const isWhole = results.every(({ status }) => status === "fulfilled");
  if (!isWhole || random.chance(0.2)) {
    recorder.end(process, transaction, "aborted");
    await producer.abortTransaction();
    return;
  }
  const end = recorder.end(process, transaction, "unknown");
  await commit(producer);
  end.outcome = "committed";
  end.decidedAt = recorder.history.length;
  acknowledged(world);
}

/** A commit without an answer may be asked for again; it never commits twice. */
async function commit(producer: Producer): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await producer.commitTransaction();
    } catch (error) {
      const canRetry = error instanceof ClientError && error.retriable && !(error instanceof TransactionError);
      if (!canRetry || attempt === COMMIT_TRIES) throw error;
    }
  }
}
