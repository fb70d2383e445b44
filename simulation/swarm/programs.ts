// What the machines run: the broker, the job, and the feeder of the job's input.
import { startBroker } from "../../src/broker/broker.ts";
import { runJob } from "../../src/engine/run-job.ts";
import { TWO_PHASE_COMMIT } from "../../src/server/two-phase-commit.ts";
import type { StreamGraph } from "../../src/stream/graph.ts";
import type { Program } from "./machine.ts";
import { IN_TOPIC, JITTER_MS } from "./simulated-pipeline.ts";
import { acknowledged, BROKER_HOST, BROKERS, clientOf, type World } from "./world.ts";

const PIPELINE_MODULE = new URL("./simulated-pipeline.ts", import.meta.url).href;
export const ALL_KEYS = Array.from({ length: 12 }, (_, index) => `k${index}`);
export const CHECKPOINTS = "/data/checkpoints";
/** Days before the simulated clock, which jumps: Kafka refuses records of the future. */
const FIRST_EVENT_MS = 1_699_500_000_000;
const EVENT_EVERY_MS = 20;

export function brokerProgram(world: World): Program {
  return async (env, started) => {
    const broker = await startBroker(env, {
      host: BROKER_HOST,
      port: 9092,
      dataDir: "/data",
      insecure: true,
      settings: {
        "log.segment.bytes": String(world.plan.segmentBytes),
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
        "auto.create.topics.enable": "false",
        "log.retention.ms": "-1",
        ...(world.plan.twoPhaseCommit ? TWO_PHASE_COMMIT : {}),
        "log.retention.check.interval.ms": "150",
      },
    });
    started();
    throw await broker.failed;
  };
}

/** `drain`: reads to the end of its input and finishes. */
export function jobProgram(world: World, graph: StreamGraph, drain: () => boolean): Program {
  return async (env, started) => {
    const job = await runJob(env, {
      ...(world.plan.host === "worker" ? { moduleUrl: PIPELINE_MODULE, host: "worker" as const } : { graph }),
      parallelism: world.plan.parallelism,
      checkpoints: { dir: CHECKPOINTS, everyMs: world.plan.checkpointEveryMs, keep: world.plan.keepCheckpoints, timeoutMs: 30_000 },
      restart: world.plan.jobRestarts
        ? { kind: "exponential-delay", initialMs: 20, maxMs: 500, multiplier: 2, jitter: 0.1, resetAfterMs: 5000, attempts: Infinity }
        : { kind: "none" },
      settings: { "kafka.brokers": BROKERS },
      discoveryIntervalMs: 600_000,
      drain: drain(),
    });
    started();
    await job.finished;
  };
}

/** One client that never dies, so that records of a key are in the log in the order of their event time, within the jitter. */
export async function feed(world: World): Promise<void> {
  const env = world.simulation.env("feeder");
  const random = world.random.fork("feeder");
  const client = clientOf(env);
  let producer = client.producer({ lingerMs: 1 });
  for (let id = 0; world.isRunning; id++) {
    const key = random.pick(ALL_KEYS);
    const at = FIRST_EVENT_MS + id * EVENT_EVERY_MS - random.integer(0, JITTER_MS - EVENT_EVERY_MS);
    try {
      await producer.send({ topic: IN_TOPIC, key, value: JSON.stringify({ id, key, amount: random.integer(-50, 100), at }) });
      acknowledged(world);
    } catch {
      producer.close().catch(() => {});
      producer = client.producer({ lingerMs: 1 });
    }
    await env.timers.sleep(random.between(0, world.plan.feedEveryMs * 2));
  }
  await client.close();
}
