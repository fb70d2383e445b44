// Records in and out over real sockets. KAFKA_BROKERS runs the same against any other cluster.
import assert from "node:assert/strict";
import { createServer, type AddressInfo } from "node:net";
import { test } from "node:test";
import { TextDecoder } from "node:util";
import type { ClientError, ConsumedRecord, Consumer, TopicPartition } from "../index.ts";
import { testCluster } from "./test-cluster.ts";

const cluster = testCluster();
const decoder = new TextDecoder();
const encoder = new TextEncoder();

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : decoder.decode(bytes);
}

async function take(consumer: Consumer, count: number): Promise<ConsumedRecord[]> {
  const records: ConsumedRecord[] = [];
  if (count === 0) return records;
  for await (const batch of consumer) {
    records.push(...batch.records);
    if (records.length >= count) break;
  }
  return records;
}

test("a record comes back with key, value, headers and timestamp", async () => {
  const client = cluster.client();
  const topic = cluster.unique("round-trip");
  const producer = client.producer({ lingerMs: 0 });
  const position = await producer.send({
    topic,
    partition: 2,
    key: "k",
    value: "värde",
    headers: { a: "1", none: null },
    timestamp: 1_700_000_000_123,
  });
  assert.deepEqual(position, { partition: 2, offset: 0 });
  assert.deepEqual(await producer.send({ topic, partition: 2, key: null, value: null }), { partition: 2, offset: 1 });
  const consumer = client.consumer();
  await consumer.assign([{ topic, partition: 2, offset: "earliest" }]);
  const [first, second] = await take(consumer, 2);
  assert.equal(text(first!.key), "k");
  assert.equal(text(first!.value), "värde");
  assert.equal(first!.timestamp, 1_700_000_000_123);
  assert.deepEqual(
    first!.headers.map(({ key, value }) => [key, text(value)]),
    [
      ["a", "1"],
      ["none", null],
    ],
  );
  assert.equal(second!.key, null);
  assert.equal(second!.value, null);
  assert.equal(second!.offset, 1);
  await client.close();
});

for (const compression of ["none", "gzip", "zstd"] as const)
  test(`ten thousand records through append keep their order per key, compression ${compression}`, async () => {
    const client = cluster.client();
    const topic = cluster.unique("append");
    const producer = client.producer({ compression, batchBytes: 4096, lingerMs: 2 });
    for (let i = 0; i < 10_000; i++) {
      const key = encoder.encode(`key-${i % 50}`);
      const value = encoder.encode(String(i));
      while (!producer.append(topic, -1, 1000 + i, key, value)) await producer.ready();
    }
    await producer.flush();
    const partitions = await producer.partitionCount(topic);
    const consumer = client.consumer();
    await consumer.assign(Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: "earliest" as const })));
    const records = await take(consumer, 10_000);
    assert.equal(records.length, 10_000);
    const last = new Map<string, number>();
    for (const record of records) {
      const value = Number(text(record.value));
      assert.ok(value > (last.get(text(record.key)!) ?? -1));
      assert.equal(record.timestamp, 1000 + value);
      last.set(text(record.key)!, value);
    }
    assert.equal(last.size, 50);
    await client.close();
  });

test("a key goes to the partition that every Kafka client chooses for it", async () => {
  const client = cluster.client();
  const topic = cluster.unique("keys");
  await client.admin().createTopics([{ name: topic, partitions: 10 }]);
  const producer = client.producer({ lingerMs: 0 });
  // Kafka's DefaultPartitioner: murmur2 of the key, sign bit off, modulo 10.
  const { partition } = await producer.send({ topic, key: "customer-42", value: "x" });
  const again = await producer.send({ topic, key: "customer-42", value: "y" });
  assert.equal(again.partition, partition);
  await client.close();
});

test("one megabyte records, and a record over the limit is refused with the numbers", async () => {
  const client = cluster.client();
  const topic = cluster.unique("large");
  const producer = client.producer();
  await producer.send({ topic, partition: 0, value: new Uint8Array(900_000).fill(7) });
  await assert.rejects(producer.send({ topic, partition: 0, value: new Uint8Array(2_000_000) }), (error: ClientError) => {
    assert.equal(error.code, "RECORD_TOO_LARGE");
    assert.match(error.message, /2000000 bytes.*1048576/);
    return true;
  });
  const consumer = client.consumer({ maxPartitionBytes: 1000 });
  await consumer.assign([{ topic, partition: 0, offset: 0 }]);
  const [record] = await take(consumer, 1);
  assert.equal(record!.value!.length, 900_000);
  await client.close();
});

test("acks 0 and acks 1 write too", async () => {
  const client = cluster.client();
  const topic = cluster.unique("acks");
  await client.admin().createTopics([{ name: topic, partitions: 1 }]);
  const fire = client.producer({ acks: 0, lingerMs: 0 });
  assert.equal((await fire.send({ topic, value: "a" })).offset, -1);
  await fire.close();
  const leader = client.producer({ acks: 1, lingerMs: 0 });
  const consumer = client.consumer();
  await consumer.assign([{ topic, partition: 0, offset: 0 }]);
  const [first] = await take(consumer, 1);
  assert.equal(text(first!.value), "a");
  assert.equal((await leader.send({ topic, value: "b" })).offset, 1);
  await client.close();
});

test("a slow consumer stops the fetching, and a full buffer the producer", async () => {
  const client = cluster.client();
  const topic = cluster.unique("pressure");
  await client.admin().createTopics([{ name: topic, partitions: 1 }]);
  const producer = client.producer({ maxBufferedBytes: 100_000, batchBytes: 20_000 });
  const value = new Uint8Array(1000);
  let refused = 0;
  for (let i = 0; i < 2000; i++)
    while (!producer.append(topic, 0, i, null, value)) {
      refused++;
      await producer.ready();
    }
  await producer.flush();
  assert.ok(refused > 5);
  assert.equal(producer.bufferedBytes, 0);
  const consumer = client.consumer({ maxPartitionBytes: 50_000, maxBufferedBytes: 100_000 });
  await consumer.assign([{ topic, partition: 0, offset: 0 }]);
  assert.equal((await take(consumer, 2000)).length, 2000);
  await client.close();
});

test("seek, pause, resume and position", async () => {
  const client = cluster.client();
  const topic = cluster.unique("seek");
  const producer = client.producer({ lingerMs: 0 });
  for (let i = 0; i < 5; i++) await producer.send({ topic, partition: 0, value: String(i) });
  const consumer = client.consumer();
  const partition: TopicPartition = { topic, partition: 0 };
  await consumer.assign([{ ...partition, offset: "latest" }]);
  assert.equal(consumer.position(partition), 5);
  await consumer.seek(partition, 3);
  assert.deepEqual(
    (await take(consumer, 2)).map((record) => text(record.value)),
    ["3", "4"],
  );
  await consumer.seek(partition, "earliest");
  consumer.pause([partition]);
  const iterator = consumer.batches({ signal: AbortSignal.timeout(150) });
  await assert.rejects(iterator.next(), { name: "TimeoutError" });
  consumer.resume([partition]);
  assert.equal((await take(consumer, 5)).length, 5);
  assert.equal(consumer.position(partition), 5);
  await client.close();
});

test("an offset beyond the log says which offsets there are", async () => {
  const client = cluster.client();
  const topic = cluster.unique("range");
  await client.producer({ lingerMs: 0 }).send({ topic, partition: 0, value: "only" });
  const consumer = client.consumer({ startAt: "error" });
  await consumer.assign([{ topic, partition: 0, offset: 99 }]);
  await assert.rejects(take(consumer, 1), (error: ClientError) => {
    assert.equal(error.code, "OFFSET_OUT_OF_RANGE");
    assert.match(error.message, new RegExp(`${topic}-0 at offset 99.*holds offsets 0 to 0`));
    return true;
  });
  await client.close();
});

test("closing ends a waiting iteration, and a closed client refuses work", async () => {
  const client = cluster.client();
  const topic = cluster.unique("closing");
  await client.admin().createTopics([{ name: topic, partitions: 1 }]);
  const consumer = client.consumer();
  await consumer.assign([{ topic, partition: 0, offset: "latest" }]);
  const waiting = take(consumer, 1);
  await consumer.close();
  assert.deepEqual(await waiting, []);
  await client.close();
  assert.throws(() => client.producer(), { code: "CLIENT_CLOSED" });
});

test("a topic that does not exist and may not be created is one clear error", async () => {
  const client = cluster.client({ apiTimeoutMs: 8000 });
  const producer = client.producer({ autoCreateTopics: false });
  await assert.rejects(producer.send({ topic: cluster.unique("missing"), value: "x" }), (error: ClientError) => {
    assert.equal(error.code, "UNKNOWN_TOPIC_OR_PARTITION");
    assert.match(error.message, /missing-.*Create the topic first/);
    return true;
  });
  await client.close();
});

test("something else listens: one error says who did not answer what, and what to look at", async () => {
  const silent = createServer((socket) => void socket.on("error", () => {}).resume());
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as AddressInfo;
  const client = cluster.client({ brokers: `127.0.0.1:${port}`, connectTimeoutMs: 100, apiTimeoutMs: 400 });
  await assert.rejects(client.admin().listTopics(), (error: ClientError) => {
    assert.match(error.message, /did not answer ApiVersions within 100 ms\. Check the address and that a broker runs there\.$/);
    return true;
  });
  await client.close();
  silent.close();
});

test("nothing listens: one error names the address, the time and the setting", async () => {
  const client = cluster.client({ brokers: "127.0.0.1:1", apiTimeoutMs: 400 });
  await assert.rejects(client.admin().listTopics(), (error: ClientError) => {
    assert.equal(error.code, "BROKER_UNREACHABLE");
    assert.match(error.message, /Listing topics did not succeed within 400 ms \(apiTimeoutMs\).*127\.0\.0\.1:1/);
    return true;
  });
  await client.close();
});
