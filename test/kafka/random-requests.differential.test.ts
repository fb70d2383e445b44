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
import { adminSteps } from "./admin-requests.ts";
import { groupSteps } from "./group-requests.ts";
import { newLearnt, plainSteps, type Learnt, type Step } from "./requests.ts";
import { describeTransaction, init, transactionSteps } from "./transaction-requests.ts";

/** Sequences per family (`--runs`). */
const RUNS = Number(process.env["MILLRACE_RUNS"] ?? 40);
const STEPS = { minLength: 5, maxLength: 30 };
/** Without a producer id every request would be refused, one way or the other. */
const begun = (step: fc.Arbitrary<Step>) => fc.tuple(init, fc.array(step, STEPS)).map(([first, rest]) => [first, ...rest]);
/** Run at the same time. */
const FAMILIES: Readonly<Record<string, fc.Arbitrary<Step[]>>> = {
  "about records, offsets and consumer groups": fc.array(plainSteps, STEPS),
  "of a classic group": fc.array(fc.oneof(groupSteps, groupSteps, groupSteps, plainSteps), STEPS),
  "about topics, configs and topic ids": fc.array(fc.oneof(adminSteps, adminSteps, adminSteps, plainSteps), STEPS),
};
/** One after the other: Apache Kafka answers what it verifies together in the errors of one of the requests' versions. */
const TRANSACTIONS: typeof FAMILIES = {
  "of transactions of version 1": begun(fc.oneof(transactionSteps.v1, transactionSteps.v1, transactionSteps.v1, plainSteps)),
  "of transactions of version 2": begun(fc.oneof(transactionSteps.v2, transactionSteps.v2, transactionSteps.v2, plainSteps)),
};
/** Answers of a coordinator that is about to be there; Apache Kafka gives them while it makes its internal topics. */
const NOT_YET =
  /CONCURRENT_TRANSACTIONS|NOT_ENOUGH_REPLICAS|COORDINATOR_NOT_AVAILABLE|COORDINATOR_LOAD_IN_PROGRESS|NOT_COORDINATOR|LEADER_NOT_AVAILABLE/;
const WAIT_MS = 15_000;
/** That many seeds, one after the other (`--seeds`). */
const SEEDS = Number(process.env["MILLRACE_SEEDS"] ?? 1);
const FIRST_SEED = Number(process.env["MILLRACE_SEED"] ?? 20_260);
const env = createNodeEnv({ logger: { log: () => {} } });
const missing = missingForKafka();

describe("random requests", { skip: missing, concurrency: true }, () => {
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

  for (const [family, sequence] of Object.entries(FAMILIES)) compare(family, sequence);
  describe("about transactions", { concurrency: 1 }, () => {
    for (const [family, sequence] of Object.entries(TRANSACTIONS)) compare(family, sequence);
  });

  function compare(family: string, sequence: fc.Arbitrary<Step[]>): void {
    it(`${family} have the same answers from both brokers`, async () => {
      const equal = fc.asyncProperty(sequence, async (steps) => {
        const prefix = `r${run++}-`;
        const both = [ours.address, { host: "127.0.0.1", port: kafka.port }].map((address) => answers(address, prefix, steps));
        const [mine, theirs] = (await Promise.all(both)) as [unknown[], unknown[]];
        for (let i = 0; i < steps.length; i++) assert.deepEqual(mine[i], theirs[i], `${steps[i]!.name}, ours against Apache Kafka's`);
      });
      const endOnFailure = process.env["CI"] === "true";
      for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) await fc.assert(equal, { numRuns: RUNS, seed, endOnFailure });
    });
  }
});

async function answers(address: Address, prefix: string, steps: readonly Step[]): Promise<unknown[]> {
  const wire = await Wire.connect(env, address);
  try {
    const learnt = newLearnt(prefix);
    const topics = ["t", "u"].map((name) => newCreatableTopic({ name: prefix + name, numPartitions: 2, replicationFactor: 1 }));
    const created = await wire.call("CreateTopics", 7, newCreateTopicsRequest({ topics, timeoutMs: 10_000 }));
    for (const { name, topicId } of created.topics) learnt.topicIds.set(name.slice(prefix.length), topicId);
    await settled(wire, topics);
    await wire.call("FindCoordinator", 4, newFindCoordinatorRequest({ coordinatorKeys: [`${prefix}g`] })); // makes __consumer_offsets
    await wire.call("FindCoordinator", 4, newFindCoordinatorRequest({ keyType: 1, coordinatorKeys: [`${prefix}tx`] }));
    const told: unknown[] = [];
    for (const [at, step] of steps.entries()) {
      const answer = await ask(wire, step, learnt);
      told.push(answer);
      if (step.settles === "transaction") await ask(wire, describeTransaction(), learnt, underWay(step, answer));
      if (step.settles === "topics") await barrier(wire, `${prefix}barrier-${at}`);
    }
    return told;
  } finally {
    wire.destroy();
  }
}

/** States of a transaction that has not come to the end that this step asked for. */
function underWay({ api }: Step, answer: unknown): RegExp {
  const ended = api === "EndTxn" && (answer as { errorCode: unknown }).errorCode === "NONE";
  return ended ? /Ongoing|PrepareCommit|PrepareAbort/ : /PrepareCommit|PrepareAbort/;
}

async function ask(wire: Wire, step: Step, learnt: Learnt, notYet = NOT_YET): Promise<unknown> {
  const deadline = env.clock.monotonicMs() + WAIT_MS;
  for (;;) {
    const response = await wire.call(step.api, step.version, step.request(learnt));
    const answer = comparable(response);
    if (notYet.test(JSON.stringify(answer)) && env.clock.monotonicMs() < deadline) {
      await env.timers.sleep(50);
      continue;
    }
    step.learn?.(response, learnt);
    return answer;
  }
}

/** Apache Kafka answers CreateTopics before its broker half has seen the topic. */
async function settled(wire: Wire, made: readonly { readonly name: string; readonly numPartitions: number }[]): Promise<void> {
  const topics = made.map(({ name, numPartitions }) => {
    const partitions = Array.from({ length: numPartitions }, (_, i) => newListOffsetsPartition({ partitionIndex: i, timestamp: -1 }));
    return newListOffsetsTopic({ name, partitions });
  });
  const deadline = env.clock.monotonicMs() + WAIT_MS;
  for (;;) {
    const response = await wire.call("ListOffsets", 7, newListOffsetsRequest({ topics }));
    if (response.topics.every((topic) => topic.partitions.every(({ errorCode }) => errorCode === 0))) return;
    if (env.clock.monotonicMs() > deadline)
      throw new Error(`The topics did not come within ${WAIT_MS} ms: ${JSON.stringify(response.topics)}`);
    await env.timers.sleep(20);
  }
}

/** Changes of topics reach Apache Kafka's broker in the order in which its controller made them: when a later topic is there, they are. */
async function barrier(wire: Wire, name: string): Promise<void> {
  const topics = [newCreatableTopic({ name, numPartitions: 1, replicationFactor: 1 })];
  await wire.call("CreateTopics", 5, newCreateTopicsRequest({ topics, timeoutMs: 10_000 }));
  await settled(wire, topics);
}
