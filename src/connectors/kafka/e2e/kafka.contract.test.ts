// The Kafka source and sink against the contracts of sources and sinks, with a broker in this process.
import { test } from "node:test";
import { t } from "../../../schema/t.ts";
import { sinkContract, type SinkContractOptions } from "../../../testing/connector-contract/sink-contract.ts";
import { sourceContract } from "../../../testing/connector-contract/source-contract.ts";
import { kafkaSink, type Delivery } from "../kafka-sink.ts";
import { kafkaSource } from "../kafka-source.ts";
import { topic } from "../topic.ts";
import { kafkaWorld } from "./kafka-world.ts";

const Row = t.record("Row", { id: t.int(), name: t.optional(t.string()) });
type RowValue = { id: number; name?: string | undefined };
const world = kafkaWorld();
const row = (id: number): RowValue => ({ id, name: id % 3 === 0 ? undefined : `name ${id}` });
let topics = 0;

async function produce(name: string, values: readonly (string | Uint8Array)[]): Promise<void> {
  const producer = world.client.producer();
  for (const [index, value] of values.entries()) void producer.send({ topic: name, partition: index % 2, value });
  await producer.close();
}

async function topicWith(values: readonly (string | Uint8Array)[]): Promise<string> {
  const name = `contract-${topics++}`;
  await world.createTopic(name, 2);
  await produce(name, values);
  return name;
}

const settings = (): Record<string, string> => ({ "kafka.brokers": world.brokers });

async function sourceWorld() {
  const rows = Array.from({ length: 15 }, (_, id) => row(id));
  const name = await topicWith(rows.map((each, index) => (index === 5 ? "no JSON" : JSON.stringify(each))));
  const add = async () => {
    const added = [row(100), row(101), row(102)];
    await produce(
      name,
      added.map((each) => JSON.stringify(each)),
    );
    return added;
  };
  return { source: kafkaSource(topic(name, Row)), rows: rows.filter(({ id }) => id !== 5), malformed: 1, settings: settings(), add };
}

async function largeWorld() {
  const value = JSON.stringify({ id: 1, name: "x".repeat(900_000) });
  const name = await topicWith(Array.from({ length: 60 }, () => value));
  return { source: kafkaSource(topic(name, Row)), rows: [], settings: settings() };
}

function sinkOptions(delivery: Delivery): SinkContractOptions<RowValue> {
  return {
    name: `a topic, ${delivery}`,
    delivery: delivery === "exactly-once" ? "exactly-once" : "at-least-once",
    async world() {
      const name = await topicWith([]);
      return {
        sink: () => kafkaSink(topic(name, Row), { delivery, transactionalIdPrefix: `contract-${name}` }),
        row,
        visible: async () => (await world.values(name)).map((value) => JSON.parse(value) as RowValue),
        settings: settings(),
      };
    },
  };
}

for (const { name, run } of [
  ...sourceContract({ name: "a topic", world: sourceWorld, largeWorld, maxReadAheadBytes: 48 * 2 ** 20 }),
  ...sinkContract(sinkOptions("exactly-once")),
  ...sinkContract(sinkOptions("at-least-once")),
])
  test(name, run);
