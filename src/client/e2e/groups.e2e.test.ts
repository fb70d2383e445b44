// Consumer groups over real sockets: shares, rebalances, committed offsets. KAFKA_BROKERS runs the same against any other cluster.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Consumer, ConsumerOptions, KafkaClient, TopicPartition } from "../index.ts";
import { testCluster } from "./test-cluster.ts";

const cluster = testCluster();

async function fill(client: KafkaClient, name: string, partitions: number, perPartition: number): Promise<string> {
  const topic = cluster.unique(name);
  await client.admin().createTopics([{ name: topic, partitions }]);
  const producer = client.producer();
  for (let partition = 0; partition < partitions; partition++)
    await Promise.all(Array.from({ length: perPartition }, (_, i) => producer.send({ topic, partition, value: `${partition}/${i}` })));
  await producer.close();
  return topic;
}

/** Reads in the background; what was read is in `seen`. */
class Reader {
  readonly seen: string[] = [];
  readonly consumer: Consumer;
  readonly events: string[] = [];
  assigned: readonly TopicPartition[] = [];
  readonly done: Promise<void>;

  constructor(client: KafkaClient, topic: string, options: ConsumerOptions) {
    this.consumer = client.consumer({
      startAt: "earliest",
      heartbeatIntervalMs: 100,
      sessionTimeoutMs: 10_000,
      ...options,
      onRebalance: {
        assigned: (partitions) => {
          this.assigned = partitions;
          this.events.push(`assigned ${partitions.length}`);
        },
        revoked: (partitions) => {
          this.events.push(`revoked ${partitions.length}`);
        },
      },
    });
    this.consumer.subscribe(topic);
    this.done = this.#run();
  }

  async #run(): Promise<void> {
    for await (const batch of this.consumer) for (const record of batch.records) this.seen.push(Buffer.from(record.value!).toString());
  }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) assert.fail(`not within 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

for (const assignor of ["range", "roundrobin"] as const)
  test(`two members share the partitions, a third takes its part, and those who stay take over (${assignor})`, async () => {
    const client = cluster.client();
    const topic = await fill(client, "share", 6, 20);
    const groupId = cluster.unique("group");
    const options = { groupId, assignors: [assignor] };
    const first = new Reader(client, topic, options);
    await until(() => first.seen.length === 120, "the first member reads all");
    const second = new Reader(client, topic, options);
    await until(() => first.assigned.length === 3 && second.assigned.length === 3, "two members, three partitions each");
    const third = new Reader(client, topic, options);
    await until(() => [first, second, third].every((reader) => reader.assigned.length === 2), "three members, two partitions each");
    const names = [first, second, third].flatMap((reader) => reader.assigned.map(({ partition }) => partition));
    assert.deepEqual(names.sort(), [0, 1, 2, 3, 4, 5]);
    await second.consumer.close();
    await third.consumer.close();
    await until(() => first.assigned.length === 6, "the one that stays has all");
    assert.ok(first.events.includes("revoked 6"));
    const producer = client.producer({ lingerMs: 0 });
    await producer.send({ topic, partition: 5, value: "last" });
    await until(() => first.seen.includes("last"), "it goes on reading");
    assert.equal(first.seen.length + second.seen.length + third.seen.length, 121, "committed at the rebalance, so nothing came twice");
    await first.consumer.close();
    await Promise.all([first.done, second.done, third.done]);
    await client.close();
  });

test("a new member goes on where the group has committed", async () => {
  const client = cluster.client();
  const topic = await fill(client, "resume", 1, 30);
  const groupId = cluster.unique("group");
  const reader = new Reader(client, topic, { groupId, maxPartitionBytes: 100 });
  await until(() => reader.seen.length === 30, "all read");
  await reader.consumer.close();
  const producer = client.producer({ lingerMs: 0 });
  await producer.send({ topic, partition: 0, value: "new" });
  assert.deepEqual(await client.admin().groupOffsets(groupId), [{ topic, partition: 0, offset: 30, leaderEpoch: -1, metadata: "" }]);
  const next = new Reader(client, topic, { groupId });
  await until(() => next.seen.length > 0, "the new record");
  assert.deepEqual(next.seen, ["new"]);
  await client.close();
});

test("without auto-commit only commit() counts", async () => {
  const client = cluster.client();
  const topic = await fill(client, "manual", 1, 3);
  const groupId = cluster.unique("group");
  const reader = new Reader(client, topic, { groupId, autoCommit: false });
  await until(() => reader.seen.length === 3, "all read");
  await reader.consumer.commit([{ topic, partition: 0, offset: 2, metadata: "by hand" }]);
  await reader.consumer.close();
  const [committed] = await client.admin().groupOffsets(groupId, [{ topic, partition: 0 }]);
  assert.equal(committed!.offset, 2);
  assert.equal(committed!.metadata, "by hand");
  await client.close();
});

test("auto-commit commits by itself what was processed", async () => {
  const client = cluster.client();
  const topic = await fill(client, "auto", 1, 3);
  const groupId = cluster.unique("group");
  const reader = new Reader(client, topic, { groupId, autoCommitIntervalMs: 50 });
  await until(() => reader.seen.length === 3, "all read");
  const admin = client.admin();
  const deadline = Date.now() + 10_000;
  while (((await admin.groupOffsets(groupId))[0]?.offset ?? -1) !== 3) assert.ok(Date.now() < deadline, "committed within 10 s");
  await client.close();
});

test("groups are listed, described and deleted", async () => {
  const client = cluster.client();
  const topic = await fill(client, "groups", 1, 1);
  const groupId = cluster.unique("group");
  const reader = new Reader(client, topic, { groupId });
  await until(() => reader.seen.length === 1, "read");
  const admin = client.admin();
  assert.ok((await admin.listGroups()).some((group) => group.groupId === groupId));
  const described = await admin.describeGroup(groupId);
  assert.equal(described.state, "Stable");
  assert.equal(described.members.length, 1);
  await assert.rejects(admin.deleteGroups([groupId]), { code: "NON_EMPTY_GROUP" });
  await reader.consumer.close();
  await admin.deleteGroups([groupId]);
  assert.ok(!(await admin.listGroups()).some((group) => group.groupId === groupId));
  await client.close();
});

test("topics are created, described, widened, emptied and deleted", async () => {
  const client = cluster.client();
  const admin = client.admin();
  const topic = await fill(client, "admin", 2, 5);
  await assert.rejects(admin.createTopics([{ name: topic }]), { code: "TOPIC_ALREADY_EXISTS" });
  await admin.createPartitions(topic, 3);
  assert.equal((await admin.describeTopics([topic]))[0]!.partitions.length, 3);
  assert.ok((await admin.listTopics()).some(({ name, partitions }) => name === topic && partitions === 3));
  await admin.alterTopicConfigs(topic, { "retention.ms": "1234567" });
  const config = (await admin.describeTopicConfigs(topic)).find(({ name }) => name === "retention.ms");
  assert.deepEqual([config!.value, config!.source], ["1234567", "topic"]);
  await admin.deleteRecords([{ topic, partition: 0, offset: 3 }]);
  const offsets = await admin.listOffsets(
    [0, 1].flatMap((partition) => [
      { topic, partition, at: "earliest" as const },
      { topic, partition, at: "latest" as const },
    ]),
  );
  assert.deepEqual(
    offsets.map(({ offset }) => offset),
    [3, 5, 0, 5],
  );
  await admin.deleteTopics([topic]);
  await assert.rejects(admin.describeTopics([topic]), { code: "UNKNOWN_TOPIC_OR_PARTITION" });
  await client.close();
});
