// What the parts of one run share: the simulated world, the plan, the recorder, and addresses.
import { KafkaClient } from "../../src/client/client.ts";
import type { Env } from "../../src/env/env.ts";
import type { Prng } from "../../src/testing/simulation/prng.ts";
import type { Simulation } from "../../src/testing/simulation/simulation.ts";
import type { SwarmPlan } from "./plan.ts";
import type { Recorder } from "./recorder.ts";

export const BROKER_HOST = "broker";
export const GROUP_MEMBER = "group-member";
export const BROKERS = `${BROKER_HOST}:9092`;
export const LOG_TOPIC = "log";
export const LOG_PARTITIONS = 3;

export interface World {
  readonly simulation: Simulation;
  /** A process that never dies: for the run's own timers. */
  readonly driver: Env;
  readonly plan: SwarmPlan;
  readonly recorder: Recorder;
  readonly random: Prng;
  /** False once clients are to end. */
  isRunning: boolean;
  /** Virtual time until which consumers take nothing. */
  consumersPausedUntilMs: number;
  /** Virtual time of the last acknowledgement any client got. */
  lastAcknowledgedMs: number;
}

export function clientOf(env: Env): KafkaClient {
  return new KafkaClient(env, {
    brokers: BROKERS,
    connectTimeoutMs: 1000,
    requestTimeoutMs: 2000,
    apiTimeoutMs: 20_000,
    retryBackoffMs: 20,
    retryBackoffMaxMs: 200,
  });
}

export function acknowledged(world: World): void {
  world.lastAcknowledgedMs = world.driver.clock.monotonicMs();
}

/** A liveness promise was not kept. */
export class LivenessError extends Error {
  override readonly name = "LivenessError";
}

/** Rejects when the promise has not settled after so much virtual time. */
export async function within<T>(world: World, deadlineMs: number, what: string, promise: Promise<T>): Promise<T> {
  const stop = new AbortController();
  const late = world.driver.timers.sleep(deadlineMs, stop.signal).then(
    () => {
      throw new LivenessError(`${what} did not happen within ${deadlineMs} ms after healing`);
    },
    () => undefined as never,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    stop.abort(new Error("in time"));
  }
}
