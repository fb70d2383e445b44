// What one broker answers to a sequence of requests, made comparable; a broker's own delays (topics that are not everywhere yet, markers on
// their way) are waited for.
import { Wire } from "../../src/broker/e2e/wire.ts";
import type { Env } from "../../src/env/env.ts";
import type { Address } from "../../src/env/network.ts";
import { newCreatableTopic, newCreateTopicsRequest } from "../../src/protocol/generated/create-topics.gen.ts";
import { newDeleteTopicsRequest } from "../../src/protocol/generated/delete-topics.gen.ts";
import { newFindCoordinatorRequest } from "../../src/protocol/generated/find-coordinator.gen.ts";
import { newListOffsetsPartition, newListOffsetsRequest, newListOffsetsTopic } from "../../src/protocol/generated/list-offsets.gen.ts";
import {
  newOffsetCommitRequest,
  newOffsetCommitRequestPartition,
  newOffsetCommitRequestTopic,
} from "../../src/protocol/generated/offset-commit.gen.ts";
import { newOffsetFetchRequest } from "../../src/protocol/generated/offset-fetch.gen.ts";
import { comparable } from "./comparable.ts";
import { newLearnt, step, type Learnt, type Scene, type Stage, type Step } from "./requests.ts";
import { describeTransaction } from "./transaction-requests.ts";

/** Answers of a coordinator that is about to be there; Apache Kafka gives them while it makes its internal topics. */
const NOT_YET =
  /CONCURRENT_TRANSACTIONS|NOT_ENOUGH_REPLICAS|COORDINATOR_NOT_AVAILABLE|COORDINATOR_LOAD_IN_PROGRESS|NOT_COORDINATOR|LEADER_NOT_AVAILABLE/;
const WAIT_MS = 15_000;
/** What a whole sequence may wait for such answers: what does not come is not waited for after every step. */
const patience = new WeakMap<Learnt, number>();
/** Longer than any of these requests may take: a broker that does not answer fails the test instead of holding it. */
const HANG_MS = 30_000;

const ANY_OFFSETS = step<"OffsetFetch">({
  name: "offsets of the group",
  api: "OffsetFetch",
  version: 8,
  request: ({ prefix }) => newOffsetFetchRequest({ groups: [{ groupId: `${prefix}g`, memberId: null, memberEpoch: -1, topics: null }] }),
});

/** `prefix`: of every name, so that sequences do not meet. */
export async function answers(env: Env, address: Address, prefix: string, steps: readonly Scene[]): Promise<unknown[]> {
  const wire = await Wire.connect(env, address);
  const others = new Map<string, Promise<Wire>>();
  try {
    const learnt = newLearnt(prefix);
    const topics = ["t", "u"].map((name) => newCreatableTopic({ name: prefix + name, numPartitions: 2, replicationFactor: 1 }));
    const created = await wire.call("CreateTopics", 7, newCreateTopicsRequest({ topics, timeoutMs: 10_000 }));
    for (const { name, topicId } of created.topics) learnt.topicIds.set(name.slice(prefix.length), topicId);
    await settled(env, wire, topics);
    await wire.call("FindCoordinator", 4, newFindCoordinatorRequest({ coordinatorKeys: [`${prefix}g`] })); // makes __consumer_offsets
    await wire.call("FindCoordinator", 4, newFindCoordinatorRequest({ keyType: 1, coordinatorKeys: [`${prefix}tx`] }));
    await ask(env, wire, ANY_OFFSETS, learnt); // a coordinator that is still reading its topic says NONE to every heartbeat on Apache Kafka
    await recordOfGroups(wire, prefix);
    const told: unknown[] = [];
    const names = topics.map(({ name }) => name);
    const stage: Stage = {
      learnt,
      wire,
      connection: (name) => {
        if (!others.has(name)) others.set(name, Wire.connect(env, address));
        return others.get(name)!;
      },
      sleep: (ms) => env.timers.sleep(ms),
    };
    const stop = (): void => {
      wire.destroy();
      for (const other of others.values()) void other.then((one) => one.destroy());
    };
    for (const [at, step] of steps.entries()) {
      const what = `port ${address.port}, "${step.name}"`;
      const answer = await inTime(env, what, stop, async () => ("play" in step ? comparable(await step.play(stage)) : ask(env, wire, step, learnt))); // prettier-ignore
      told.push(answer);
      if ("play" in step) continue;
      if (step.settles === "transaction") await ask(env, wire, describeTransaction(), learnt, underWay(step, answer));
      if (step.settles === "groups") await recordOfGroups(wire, prefix);
      if (step.settles === "topics" && isAccepted(answer)) {
        names.push(`${prefix}barrier-${at}`);
        await barrier(env, wire, names.at(-1)!);
      }
    }
    // Without them, Apache Kafka takes longer and longer to make new ones.
    await wire.call("DeleteTopics", 5, newDeleteTopicsRequest({ topicNames: names, timeoutMs: 10_000 }));
    return told;
  } finally {
    wire.destroy();
    for (const other of others.values()) (await other).destroy();
  }
}

async function inTime<T>(env: Env, what: string, stop: () => void, run: () => Promise<T>): Promise<T> {
  let hangs = false;
  const guard = env.timers.after(HANG_MS, () => {
    hangs = true;
    stop();
  });
  try {
    return await run();
  } catch (error) {
    throw hangs ? new Error(`No answer within ${HANG_MS} ms: ${what}`, { cause: error }) : error;
  } finally {
    guard.cancel();
  }
}

/** Whether any part of the request was. */
const isAccepted = (answer: unknown): boolean => JSON.stringify(answer).includes('"errorCode":"NONE"');

/** States of a transaction that has not come to the end that this step asked for. */
function underWay({ api }: Step, answer: unknown): RegExp {
  const ended = api === "EndTxn" && (answer as { errorCode: unknown }).errorCode === "NONE";
  return ended ? /Ongoing|PrepareCommit|PrepareAbort/ : /PrepareCommit|PrepareAbort/;
}

async function ask(env: Env, wire: Wire, step: Step, learnt: Learnt, notYet = NOT_YET): Promise<unknown> {
  const began = env.clock.monotonicMs();
  const left = patience.get(learnt) ?? WAIT_MS;
  for (;;) {
    const response = await wire.call(step.api, step.version, step.request(learnt));
    const answer = comparable(toldOf(step, response, learnt));
    const waitedMs = env.clock.monotonicMs() - began;
    if (notYet.test(JSON.stringify(answer)) && waitedMs < left) {
      await env.timers.sleep(10);
      continue;
    }
    patience.set(learnt, left - waitedMs);
    step.learn?.(response, learnt);
    return answer;
  }
}

/** What of the answer is compared. */
export function toldOf(step: Step, response: object, learnt: Learnt): object {
  const ours = step.ours === undefined ? response : onlyOurs(step, response, learnt);
  return step.told === undefined ? ours : step.told(ours as never, learnt);
}

function onlyOurs(step: Step, response: object, learnt: Learnt): object {
  const isOurs = (entry: unknown): boolean => typeof entry !== "object" || step.ours!(entry as never, learnt);
  const told = Object.entries(response).map(([name, value]) => [name, Array.isArray(value) ? value.filter(isOurs) : value] as const);
  return Object.fromEntries(told);
}

/**
 * An offset of the group of no name, which is everybody's and there from now on: Apache Kafka's descriptions are of the moment of the last record: what a request made without
 * one is there after the next.
 */
export async function recordOfGroups(wire: Wire, prefix: string): Promise<void> {
  const topics = [newOffsetCommitRequestTopic({ name: `${prefix}t`, partitions: [newOffsetCommitRequestPartition()] })];
  await wire.call("OffsetCommit", 9, newOffsetCommitRequest({ groupId: "", generationIdOrMemberEpoch: -1, topics }));
}

/** Apache Kafka answers CreateTopics before its broker half has seen the topic. */
async function settled(env: Env, wire: Wire, made: readonly { readonly name: string; readonly numPartitions: number }[]): Promise<void> {
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
    await env.timers.sleep(5);
  }
}

/** Changes of topics reach Apache Kafka's broker in the order in which its controller made them: when a later topic is there, they are. */
async function barrier(env: Env, wire: Wire, name: string): Promise<void> {
  const topics = [newCreatableTopic({ name, numPartitions: 1, replicationFactor: 1 })];
  await wire.call("CreateTopics", 5, newCreateTopicsRequest({ topics, timeoutMs: 10_000 }));
  await settled(env, wire, topics);
}
