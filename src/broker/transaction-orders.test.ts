// The transaction protocol, version 2 (KIP-890), when the network keeps no order: three transactions of one producer as single messages, with
// every two of them exchanged, every one sent twice, every one held up behind later ones; answered one after the other, and all at once.
// Whatever was answered decides what a read_committed reader must see; nothing of an old epoch gets into a later transaction.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Env } from "../env/env.ts";
import { KafkaClient } from "../client/client.ts";
import { errorByCode } from "../protocol/errors.ts";
import { newEndTxnRequest } from "../protocol/generated/end-txn.gen.ts";
import { newInitProducerIdRequest } from "../protocol/generated/init-producer-id.gen.ts";
import { newPartitionProduceData, newProduceRequest, newTopicProduceData } from "../protocol/generated/produce.gen.ts";
import {
  newTxnOffsetCommitRequest,
  newTxnOffsetCommitRequestPartition,
  newTxnOffsetCommitRequestTopic,
} from "../protocol/generated/txn-offset-commit.gen.ts";
import { BatchWriter } from "../protocol/records/batch-writer.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { startBroker, type Broker } from "./broker.ts";
import { Wire } from "./e2e/wire.ts";

const SEED = Number(process.env["MILLRACE_SEED"] ?? 4);
const PARTITIONS = 2;
const TRIES = 30;
const PAUSE_MS = 5;
const PRODUCE_VERSION = 12;
const END_VERSION = 5;
const OFFSETS_VERSION = 5;

/** `epoch` counts from the producer's first. */
type Message =
  | { readonly send: "records"; readonly epoch: number; readonly partition: number }
  | { readonly send: "offsets"; readonly epoch: number; readonly offset: number }
  | { readonly send: "end"; readonly epoch: number; readonly commit: boolean };

/** In the order in which the producer means them. */
const MESSAGES: readonly Message[] = [
  { send: "records", epoch: 0, partition: 0 },
  { send: "records", epoch: 0, partition: 1 },
  { send: "offsets", epoch: 0, offset: 10 },
  { send: "end", epoch: 0, commit: true },
  { send: "records", epoch: 1, partition: 0 },
  { send: "records", epoch: 1, partition: 1 },
  { send: "offsets", epoch: 1, offset: 20 },
  { send: "end", epoch: 1, commit: false },
  { send: "records", epoch: 2, partition: 0 },
  { send: "end", epoch: 2, commit: true },
];

interface Arrangement {
  readonly name: string;
  readonly order: readonly number[];
}

/** The plain order, every exchange of two, every repetition at every later place, every delay to every later place. */
function arrangements(): Arrangement[] {
  const plain = MESSAGES.map((_, index) => index);
  const found: Arrangement[] = [{ name: "in order", order: plain }];
  for (let i = 0; i < plain.length; i++) {
    for (let j = i + 1; j <= plain.length; j++) {
      const others = plain.filter((index) => index !== i);
      if (j < plain.length) {
        found.push({ name: `${i} and ${j} exchanged`, order: plain.map((index) => (index === i ? j : index === j ? i : index)) });
        found.push({ name: `${i} behind ${j}`, order: [...others.slice(0, j), i, ...others.slice(j)] });
      }
      found.push({ name: `${i} again at ${j}`, order: [...plain.slice(0, j), i, ...plain.slice(j)] });
    }
  }
  return found;
}

interface Answer {
  readonly message: Message;
  /** Position in the order of answers. */
  readonly at: number;
  readonly error: string;
}

/** One producer with its own topic and group. */
class Case {
  readonly name: string;
  readonly #env: Env;
  readonly #broker: Broker;
  readonly answers: Answer[] = [];
  #producerId = -1;
  #firstEpoch = -1;

  constructor(env: Env, broker: Broker, name: string) {
    this.#env = env;
    this.#broker = broker;
    this.name = name;
  }

  /** A new identity: fences what was before and aborts what it left open. */
  async init(): Promise<void> {
    const request = newInitProducerIdRequest({ transactionalId: this.name, transactionTimeoutMs: 60_000 });
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const answer = await this.#call((wire) => wire.call("InitProducerId", 5, request));
      if (answer.errorCode === 0) {
        this.#producerId = answer.producerId;
        this.#firstEpoch = answer.producerEpoch;
        return;
      }
      await this.#env.timers.sleep(PAUSE_MS);
    }
    assert.fail("InitProducerId did not come through");
  }

  /** Sends it on a connection of its own; as a client does, again while the coordinator is busy with the end of a transaction. */
  async send(message: Message): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const error = errorByCode(await this.#call((wire) => this.#ask(wire, message))).name;
      if (error === "CONCURRENT_TRANSACTIONS" && attempt < TRIES) await this.#env.timers.sleep(PAUSE_MS);
      else return void this.answers.push({ message, at: this.answers.length, error });
    }
  }

  async #call<T>(body: (wire: Wire) => Promise<T>): Promise<T> {
    const wire = await Wire.connect(this.#env, this.#broker.address);
    try {
      return await body(wire);
    } finally {
      wire.destroy();
    }
  }

  async #ask(wire: Wire, message: Message): Promise<number> {
    const identity = { producerId: this.#producerId, producerEpoch: this.#firstEpoch + message.epoch };
    if (message.send === "end") {
      const request = newEndTxnRequest({ transactionalId: this.name, ...identity, committed: message.commit });
      return (await wire.call("EndTxn", END_VERSION, request)).errorCode;
    }
    if (message.send === "offsets") {
      const partitions = [newTxnOffsetCommitRequestPartition({ committedOffset: message.offset })];
      const topics = [newTxnOffsetCommitRequestTopic({ name: this.name, partitions })];
      const request = newTxnOffsetCommitRequest({ transactionalId: this.name, groupId: this.name, ...identity, topics });
      return (await wire.call("TxnOffsetCommit", OFFSETS_VERSION, request)).topics[0]!.partitions[0]!.errorCode;
    }
    const writer = new BatchWriter();
    writer.append(this.#env.clock.now(), null, new TextEncoder().encode(`${message.epoch}/${message.partition}`));
    const records = writer.finish({ ...identity, baseSequence: 0, transactional: true }).slice();
    const partitionData = [newPartitionProduceData({ index: message.partition, records })];
    const topicData = [newTopicProduceData({ name: this.name, partitionData })];
    const request = newProduceRequest({ transactionalId: this.name, acks: -1, timeoutMs: 1000, topicData });
    return (await wire.call("Produce", PRODUCE_VERSION, request)).responses[0]!.partitionResponses[0]!.errorCode;
  }

  // What must hold -------------------------------------------------------------------------------------------------------------------------

  async check(client: KafkaClient, together: boolean): Promise<void> {
    await this.init();
    const said = `${this.name}: ${this.answers.map(({ message, error }) => `${message.send} ${message.epoch} ${error}`).join(", ")}`;
    const ended = new Map<number, Answer>();
    for (const answer of this.answers)
      if (answer.message.send === "end" && answer.error === "NONE" && !ended.has(answer.message.epoch))
        ended.set(answer.message.epoch, answer);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const values = await this.#read(client, partition);
      assert.equal(new Set(values).size, values.length, `something twice; ${said}`);
      for (const value of values) assert.equal(this.#fate(ended, Number(value.split("/")[0])), "committed", `${value} shows; ${said}`);
      for (const { message, error, at } of this.answers) {
        if (message.send !== "records" || message.partition !== partition || error !== "NONE") continue;
        const end = ended.get(message.epoch);
        if (end === undefined || this.#fate(ended, message.epoch) !== "committed") continue;
        // All at once: an answer may overtake another.
        if (!together && at > end.at) assert.ok(this.#wasAnswered(message, end.at), `taken after the end of its transaction; ${said}`);
        assert.ok(
          values.includes(`${message.epoch}/${partition}`),
          `${message.epoch}/${partition} was acknowledged and committed; ${said}`,
        );
      }
    }
    const offset = (await client.admin().groupOffsets(this.name)).find(({ partition }) => partition === 0)?.offset ?? -1;
    const taken = this.answers.some(({ message, error }) => message.send === "offsets" && message.epoch === 0 && error === "NONE");
    assert.equal(offset, taken && this.#fate(ended, 0) === "committed" ? 10 : -1, `the group's offset; ${said}`);
    await this.#nothingIsOpen(client, said);
  }

  #fate(ended: ReadonlyMap<number, Answer>, epoch: number): "committed" | "aborted" {
    const end = ended.get(epoch)?.message;
    return end?.send === "end" && end.commit ? "committed" : "aborted";
  }

  /** It is the repetition of a message that had been taken before. */
  #wasAnswered(message: Message, before: number): boolean {
    return this.answers.some((answer) => answer.message === message && answer.error === "NONE" && answer.at < before);
  }

  async #read(client: KafkaClient, partition: number): Promise<string[]> {
    const consumer = client.consumer({ maxWaitMs: 10 });
    await consumer.assign([{ topic: this.name, partition, offset: "earliest" }]);
    const values: string[] = [];
    for await (const batch of consumer.batches({ until: "end" }))
      for (const { value } of batch.records) values.push(new TextDecoder().decode(value!));
    await consumer.close();
    return values;
  }

  async #nothingIsOpen(client: KafkaClient, said: string): Promise<void> {
    const partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: this.name, partition, at: "latest" as const }));
    const stable = await client.admin().listOffsets(partitions, { isolation: "read_committed" });
    const high = await client.admin().listOffsets(partitions, { isolation: "read_uncommitted" });
    assert.deepEqual(
      stable.map(({ offset }) => offset),
      high.map(({ offset }) => offset),
      `a transaction is open; ${said}`,
    );
  }
}

for (const together of [false, true])
  test(`transactions are whole whatever order their messages come in, ${together ? "all at once" : "one after the other"}`, async (context) => {
    const simulation = createSimulation(SEED);
    simulation.filesOf("broker").provideDirectory("/data");
    const all = arrangements();
    await simulation.run(async () => {
      const broker = await startBroker(simulation.env("broker"), { host: "broker", port: 9092, dataDir: "/data", insecure: true });
      const env = simulation.env("client");
      const client = new KafkaClient(env, { brokers: broker.bootstrapServers });
      for (const [index, { order }] of all.entries()) {
        const each = new Case(env, broker, `case-${index}`);
        await client.admin().createTopics([{ name: each.name, partitions: PARTITIONS }]);
        await each.init();
        const sends = order.map((number) => () => each.send(MESSAGES[number]!));
        if (together) await Promise.all(sends.map((send) => send()));
        else for (const send of sends) await send();
        try {
          await each.check(client, together);
        } catch (error) {
          throw new Error(`${all[index]!.name}, seed ${SEED}: ${(error as Error).message}`, { cause: error });
        }
      }
      await client.close();
      await broker.close();
    });
    context.diagnostic(`${all.length} orders of ${MESSAGES.length} messages`);
    assert.equal(all.length, 146);
  });
