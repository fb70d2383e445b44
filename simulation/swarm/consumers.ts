// Consumers of the log topic: readers with either isolation, a member of a group that commits after each batch, and the observer of the
// partitions' watermarks.
import type { Isolation, OffsetCommit } from "../checkers/history.ts";
import { NONE } from "../checkers/history.ts";
import type { KafkaClient } from "../../src/client/client.ts";
import type { Env } from "../../src/env/env.ts";
import { clientOf, LOG_PARTITIONS, LOG_TOPIC, type World } from "./world.ts";

const GROUP = "readers";
const OBSERVE_EVERY_MS = 100;
const PARTITIONS = Array.from({ length: LOG_PARTITIONS }, (_, partition) => partition);

/** Aborted when the run is over, so that a reader that waits at the end of the log comes back. */
function overSignal(world: World, env: Env): AbortSignal {
  const over = new AbortController();
  const look = (): void => {
    if (world.isRunning) env.timers.after(50, look);
    else over.abort(new Error("the run is over"));
  };
  look();
  return over.signal;
}

export function reader(world: World, isolation: Isolation): (env: Env, process: number) => Promise<void> {
  return async (env, process) => {
    const client = clientOf(env);
    const consumer = client.consumer({ isolation, maxWaitMs: 100, startAt: "earliest" });
    for (const partition of PARTITIONS) world.recorder.history.push({ kind: "assign", process, partition, from: 0 });
    await consumer.assign(PARTITIONS.map((partition) => ({ topic: LOG_TOPIC, partition, offset: "earliest" as const })));
    const signal = overSignal(world, env);
    try {
      for await (const batch of consumer.batches({ signal })) {
        world.recorder.poll(process, batch, isolation);
        await paused(world, env);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    await client.close();
  };
}

export function groupMember(world: World): (env: Env, process: number) => Promise<void> {
  return async (env, process) => {
    const { recorder, plan } = world;
    const deletes = plan.retentionBytes >= 0 || plan.faults.includes("records-deleted") || plan.faults.includes("lying-flush");
    const client = clientOf(env);
    const consumer = client.consumer({
      groupId: GROUP,
      startAt: "earliest",
      autoCommit: false,
      sessionTimeoutMs: 1500,
      heartbeatIntervalMs: 300,
      maxWaitMs: 100,
      onRebalance: {
        assigned: (partitions) => {
          for (const each of partitions) {
            const from = consumer.position(each) ?? 0;
            // Where records are deleted, a position that nobody committed is the log's start and says nothing.
            if (!deletes)
              recorder.history.push({ kind: "offset-fetch", group: GROUP, partition: each.partition, offset: from === 0 ? NONE : from });
            recorder.history.push({ kind: "assign", process, partition: each.partition, from });
          }
        },
      },
    });
    consumer.subscribe([LOG_TOPIC]);
    const signal = AbortSignal.any([overSignal(world, env), afterAWhile(world, env)]);
    try {
      for await (const batch of consumer.batches({ signal })) {
        recorder.poll(process, batch, "read_committed");
        const commit = recorder.offsetCommit(process, GROUP, batch.partition, batch.nextOffset, NONE);
        await commitOffset(commit, consumer.commit([{ topic: LOG_TOPIC, partition: batch.partition, offset: batch.nextOffset }]));
        await paused(world, env);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    await client.close();
  };
}

/** Slow consumers: what they fetched waits, and is old when they take it. */
async function paused(world: World, env: Env): Promise<void> {
  const leftMs = world.consumersPausedUntilMs - world.driver.clock.monotonicMs();
  if (leftMs > 0 && world.isRunning) await env.timers.sleep(leftMs);
}

/** A member leaves now and then, so that the next one asks where to go on. */
function afterAWhile(world: World, env: Env): AbortSignal {
  const over = new AbortController();
  env.timers.after(world.random.between(200, 1500), () => over.abort(new Error("enough")));
  return over.signal;
}

/** What the groups' offsets are in the end. */
export async function fetchGroupOffsets(world: World, client: KafkaClient): Promise<void> {
  const { history } = world.recorder;
  const groups = new Set(history.flatMap((operation) => (operation.kind === "offset-commit" ? [operation.group] : [])));
  for (const group of groups) {
    const found = await client.admin().groupOffsets(group);
    for (const partition of PARTITIONS) {
      const offset = found.find((each) => each.topic === LOG_TOPIC && each.partition === partition)?.offset ?? NONE;
      history.push({ kind: "offset-fetch", group, partition, offset });
    }
  }
}

async function commitOffset(commit: OffsetCommit, done: Promise<void>): Promise<void> {
  try {
    await done;
    commit.outcome = "ok";
  } catch {
    // Refused after a rebalance, or without an answer: it may have been taken.
  }
}

/** Log start, last stable offset and high watermark, asked for in this order: none may contradict the ones before. */
export async function observe(world: World, client: KafkaClient, final: boolean): Promise<void> {
  const ask = (at: "earliest" | "latest", isolation: Isolation) =>
    client.admin().listOffsets(
      PARTITIONS.map((partition) => ({ topic: LOG_TOPIC, partition, at })),
      { isolation },
    );
  const logStarts = await ask("earliest", "read_uncommitted");
  const stable = await ask("latest", "read_committed");
  const askedAt = world.recorder.tick();
  const high = await ask("latest", "read_uncommitted");
  // An acknowledgement that came after the question is judged by the next observation.
  const found = PARTITIONS.map((partition) => ({
    kind: "watermarks" as const,
    partition,
    logStart: logStarts[partition]!.offset,
    lastStable: stable[partition]!.offset,
    high: high[partition]!.offset,
    askedAt,
    final,
  }));
  world.recorder.history.push(...found);
}

export function observer(world: World): (env: Env, process: number) => Promise<void> {
  return async (env) => {
    const client = clientOf(env);
    while (world.isRunning) {
      await observe(world, client, false);
      await env.timers.sleep(OBSERVE_EVERY_MS);
    }
    await client.close();
  };
}
