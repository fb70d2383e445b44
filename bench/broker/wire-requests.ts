// Many connections, each with one request of one record at a time: no client is in the way, nothing is batched.
import { connect, type Socket } from "node:net";
import { newPartitionProduceData, newProduceRequest, newTopicProduceData } from "../../src/protocol/generated/produce.gen.ts";
import { BatchWriter } from "../../src/protocol/records/batch-writer.ts";
import { requestFrame } from "../../src/broker/e2e/wire.ts";
import type { Figures, Work } from "./compare-case.ts";
import { percentile } from "./process-figures.ts";

const PRODUCE_VERSION = 9;
/** Fewer than wait to be accepted by Apache Kafka (socket.listen.backlog.size = 50): beyond that connections are dropped, and nobody tells the client. */
const AT_ONCE = 20;

export async function runRequests(brokers: string, one: Work, topic: string): Promise<Figures> {
  const frame = produceFrame(topic, one.valueBytes);
  const [host, port] = brokers.split(":") as [string, string];
  const sockets: Socket[] = [];
  while (sockets.length < one.connections) {
    const some = await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, one.connections - sockets.length) }, () => opened(host, Number(port))),
    );
    await Promise.all(some.map((socket) => answered(socket, frame))); // now they are accepted
    sockets.push(...some);
  }
  let left = one.records;
  const took: number[] = [];
  const begin = performance.now();
  await Promise.all(
    sockets.map(async (socket) => {
      while (left-- > 0) {
        const at = performance.now();
        await answered(socket, frame);
        took.push(performance.now() - at);
      }
    }),
  );
  const seconds = (performance.now() - begin) / 1000;
  for (const socket of sockets) socket.destroy();
  return { recordsPerS: Math.round(took.length / seconds), p50Ms: percentile(took, 0.5), p99Ms: percentile(took, 0.99) };
}

function produceFrame(topic: string, valueBytes: number): Uint8Array {
  const writer = new BatchWriter();
  writer.append(Date.now(), null, new Uint8Array(valueBytes).fill(120));
  const partitionData = [newPartitionProduceData({ index: 0, records: writer.take() })];
  const topicData = [newTopicProduceData({ name: topic, partitionData })];
  return requestFrame("Produce", PRODUCE_VERSION, newProduceRequest({ acks: -1, timeoutMs: 30_000, topicData }), 1);
}

function opened(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true }, () => resolve(socket));
    socket.once("error", reject);
  });
}

/** One answer: its length, header, topic, partition, error. */
function answered(socket: Socket, frame: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    const onData = (bytes: Buffer): void => {
      received = received.length === 0 ? bytes : Buffer.concat([received, bytes]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      socket.off("data", onData);
      const error = errorOf(received);
      if (error === 0) resolve();
      else reject(new Error(`The broker refused a record with error ${error}`));
    };
    socket.on("data", onData);
    socket.write(frame);
  });
}

/** Length 4, correlation id 4, tags 1, topics 1, name, partitions 1, index 4, error 2. */
function errorOf(answer: Buffer): number {
  const name = answer[10]! - 1;
  return answer.readInt16BE(11 + name + 1 + 4);
}
