// The same random request sequences to our broker and to Apache Kafka: the answers are equal, field by field, except for what
// comparable.ts lists.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { startBroker, type Broker } from "../../src/broker/index.ts";
import { Wire } from "../../src/broker/e2e/wire.ts";
import { createNodeEnv } from "../../src/env-node/node-env.ts";
import type { Address } from "../../src/env/network.ts";
import { newCreatableTopic, newCreateTopicsRequest } from "../../src/protocol/generated/create-topics.gen.ts";
import { newFindCoordinatorRequest } from "../../src/protocol/generated/find-coordinator.gen.ts";
import { newListOffsetsPartition, newListOffsetsRequest, newListOffsetsTopic } from "../../src/protocol/generated/list-offsets.gen.ts";
import { startApacheKafka, type ApacheKafka } from "./apache-kafka.ts";
import { comparable } from "./comparable.ts";
import { missingForKafka } from "./kafka-jars.ts";
import { sequence, type Learnt, type Step } from "./requests.ts";

const RUNS = 40;
/** Answers of a coordinator that is about to be there; Apache Kafka gives them while it makes its internal topics. */
const NOT_YET = /COORDINATOR_NOT_AVAILABLE|COORDINATOR_LOAD_IN_PROGRESS|NOT_COORDINATOR|LEADER_NOT_AVAILABLE/;
const WAIT_MS = 15_000;
const seed = Number(process.env["MILLRACE_SEED"] ?? 20_260);
const env = createNodeEnv({ logger: { log: () => {} } });
const missing = missingForKafka();

describe("random requests", { skip: missing }, () => {
  let kafka: ApacheKafka;
  let ours: Broker;
  let run = 0;

  before(async () => {
    kafka = await startApacheKafka({ "group.consumer.assignment.interval.ms": "0" }); // ours assigns at once, too
    ours = await startBroker({ port: 0, memory: true, logger: env.logger });
  });
  after(async () => {
    await ours?.close();
    await kafka?.stop();
  });

  it("have the same answers from both brokers", async () => {
    await fc.assert(
      fc.asyncProperty(sequence, async (steps) => {
        const prefix = `r${run++}-`;
        const mine = await answers(ours.address, prefix, steps);
        const theirs = await answers({ host: "127.0.0.1", port: kafka.port }, prefix, steps);
        for (let i = 0; i < steps.length; i++) assert.deepEqual(mine[i], theirs[i], `${steps[i]!.name}, ours against Apache Kafka's`);
      }),
      { numRuns: RUNS, seed, endOnFailure: process.env["CI"] === "true" },
    );
  });
});

async function answers(address: Address, prefix: string, steps: readonly Step[]): Promise<unknown[]> {
  const wire = await Wire.connect(env, address);
  try {
    const topics = ["t", "u"].map((name) => newCreatableTopic({ name: prefix + name, numPartitions: 2, replicationFactor: 1 }));
    await wire.call("CreateTopics", 5, newCreateTopicsRequest({ topics, timeoutMs: 10_000 }));
    await settled(wire, prefix);
    await wire.call("FindCoordinator", 4, newFindCoordinatorRequest({ coordinatorKeys: [`${prefix}g`] })); // makes __consumer_offsets
    const learnt: Learnt = { prefix, sessionId: 0, sessionEpoch: 1, memberEpoch: 0 };
    const told: unknown[] = [];
    for (const step of steps) told.push(await ask(wire, step, learnt));
    return told;
  } finally {
    wire.destroy();
  }
}

async function ask(wire: Wire, step: Step, learnt: Learnt): Promise<unknown> {
  const deadline = env.clock.monotonicMs() + WAIT_MS;
  for (;;) {
    const response = await wire.call(step.api, step.version, step.request(learnt));
    const answer = comparable(response);
    if (NOT_YET.test(JSON.stringify(answer)) && env.clock.monotonicMs() < deadline) {
      await env.timers.sleep(50);
      continue;
    }
    step.learn?.(response, learnt);
    return answer;
  }
}

/** Apache Kafka answers CreateTopics before its broker half has seen the topic. */
async function settled(wire: Wire, prefix: string): Promise<void> {
  const partitions = [0, 1].map((partitionIndex) => newListOffsetsPartition({ partitionIndex, timestamp: -1 }));
  const topics = ["t", "u"].map((name) => newListOffsetsTopic({ name: prefix + name, partitions }));
  const deadline = env.clock.monotonicMs() + WAIT_MS;
  for (;;) {
    const response = await wire.call("ListOffsets", 7, newListOffsetsRequest({ topics }));
    if (response.topics.every((topic) => topic.partitions.every(({ errorCode }) => errorCode === 0))) return;
    if (env.clock.monotonicMs() > deadline)
      throw new Error(`The topics did not come within ${WAIT_MS} ms: ${JSON.stringify(response.topics)}`);
    await env.timers.sleep(20);
  }
}
