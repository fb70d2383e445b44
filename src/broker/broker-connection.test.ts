// One connection, by hand: what may overlap, the order of answers, and when reading pauses.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BufferPool } from "../bytes/buffer-pool.ts";
import { ByteReader } from "../bytes/reader.ts";
import { ByteWriter } from "../bytes/writer.ts";
import type { Connection, ConnectionHandlers } from "../env/network.ts";
import { API_KEYS, apiByName, type ApiName } from "../protocol/apis.ts";
import { readResponseHeader, writeRequestHeader } from "../protocol/headers.ts";
import { newHeartbeatRequest, newHeartbeatResponse } from "../protocol/generated/heartbeat.gen.ts";
import { newPartitionProduceData, newProduceRequest, newProduceResponse, newTopicProduceData } from "../protocol/generated/produce.gen.ts";
import { defineApi, type ApiHandler, type BrokerContext } from "./api.ts";
import { MetricCounters } from "./broker-metrics.ts";
import { Faults } from "./faults.ts";
import { BrokerConnection } from "./broker-connection.ts";
import { Dispatcher } from "./dispatch.ts";
import { RequestMemory } from "./request-memory.ts";
import { SupersededConnections } from "./superseded-connections.ts";

class FakeConnection implements Connection {
  readonly remote = { host: "127.0.0.1", port: 5 };
  readonly local = { host: "127.0.0.1", port: 9092 };
  readonly bufferedBytes = 0;
  readonly sent: Uint8Array[] = [];
  readsPaused = false;
  accepts = true;
  ended = false;
  handlers!: ConnectionHandlers;

  handle(handlers: ConnectionHandlers): void {
    this.handlers = handlers;
  }
  write(bytes: Uint8Array, taken?: () => void): boolean {
    this.sent.push(bytes);
    taken?.();
    return this.accepts;
  }
  cork(): void {}
  uncork(): void {}
  pause(): void {
    this.readsPaused = true;
  }
  resume(): void {
    this.readsPaused = false;
  }
  end(): void {
    this.ended = true;
  }
  destroy(): void {
    this.ended = true;
  }
}

/** Requests that have started, each with how to answer it. */
interface Started {
  readonly name: ApiName;
  answer(): void;
  fail(): void;
}

/** Makes a request that is worth a buffer of the pool. */
const LARGE = "x".repeat(10_000);

class Desk {
  readonly connection = new FakeConnection();
  readonly memory: RequestMemory;
  readonly buffers = new BufferPool(1_000_000);
  readonly started: Started[] = [];
  readonly logged: string[] = [];
  readonly broker: BrokerConnection;
  sentTold = 0;
  #next = 0;

  constructor(maxQueuedBytes = 1_000_000) {
    this.memory = new RequestMemory(maxQueuedBytes);
    const handlers: ApiHandler[] = [
      defineApi("Produce", {
        overlaps: true,
        handle: (_broker, request, call) => {
          if (request.transactionalId === "exclusive") call.exclusive = true;
          call.requestIsFree = request.transactionalId === LARGE;
          call.onSent(() => this.sentTold++);
          return this.#waiting("Produce", newProduceResponse());
        },
      }),
      defineApi("Heartbeat", { handle: () => this.#waiting("Heartbeat", newHeartbeatResponse()) }),
    ];
    const clock = { now: () => 0, monotonicMs: () => 0 };
    const logger = { log: (_level: string, event: string) => void this.logged.push(event) };
    this.broker = new BrokerConnection(this.connection, {
      broker: { env: { clock, logger }, faults: new Faults(), counters: new MetricCounters() } as unknown as BrokerContext,
      dispatcher: new Dispatcher(handlers),
      memory: this.memory,
      buffers: this.buffers,
      maxRequestBytes: 10_000_000,
      number: 0,
      superseded: new SupersededConnections(),
      advertised: { host: "localhost", port: 0 },
      closed: () => {},
    });
  }

  produce(transactionalId: string | null = null, recordBytes = 0): void {
    const partitionData = [newPartitionProduceData({ records: new Uint8Array(recordBytes) })];
    const topicData = recordBytes === 0 ? [] : [newTopicProduceData({ name: "t", partitionData })];
    this.#send("Produce", 9, (w, v) => apiByName("Produce").writeRequest(w, newProduceRequest({ acks: 1, transactionalId, topicData }), v));
  }

  heartbeat(): void {
    this.#send("Heartbeat", 4, (w, v) => apiByName("Heartbeat").writeRequest(w, newHeartbeatRequest({ groupId: "g" }), v));
  }

  names(): ApiName[] {
    return this.started.map(({ name }) => name);
  }

  /** Correlation ids of the answers so far. */
  async answered(): Promise<number[]> {
    for (let i = 0; i < 10; i++) await Promise.resolve();
    return this.connection.sent.map((bytes) => readResponseHeader(new ByteReader(bytes, 4), API_KEYS.Heartbeat, 4));
  }

  #send(name: ApiName, version: number, write: (w: ByteWriter, version: number) => void): void {
    const w = new ByteWriter();
    w.reserve(4);
    writeRequestHeader(w, { apiKey: API_KEYS[name], apiVersion: version, correlationId: this.#next++, clientId: "c" });
    write(w, version);
    w.patchInt32(0, w.length - 4);
    this.connection.handlers.data(w.take());
  }

  #waiting<R>(name: ApiName, response: R): Promise<R> {
    return new Promise((resolve, reject) => {
      this.started.push({ name, answer: () => resolve(response), fail: () => reject(new Error("planned")) });
    });
  }
}

describe("a broker connection", () => {
  it("lets produce requests overlap and answers them in their order", async () => {
    const desk = new Desk();
    for (let i = 0; i < 3; i++) desk.produce();
    assert.equal(desk.started.length, 3);
    desk.started[2]!.answer();
    desk.started[1]!.answer();
    assert.deepEqual(await desk.answered(), []);
    desk.started[0]!.answer();
    assert.deepEqual(await desk.answered(), [0, 1, 2]);
    assert.equal(desk.memory.bytes, 0);
  });

  it("runs every other request alone: after those before it, before those behind it", async () => {
    const desk = new Desk();
    desk.produce();
    desk.heartbeat();
    desk.produce();
    assert.deepEqual(desk.names(), ["Produce"]);
    desk.started[0]!.answer();
    await desk.answered();
    assert.deepEqual(desk.names(), ["Produce", "Heartbeat"]);
    desk.started[1]!.answer();
    await desk.answered();
    assert.deepEqual(desk.names(), ["Produce", "Heartbeat", "Produce"]);
  });

  it("holds back what follows a produce request that asks for it", async () => {
    const desk = new Desk();
    desk.produce("exclusive");
    desk.produce();
    assert.equal(desk.started.length, 1);
    desk.started[0]!.answer();
    await desk.answered();
    assert.equal(desk.started.length, 2);
  });

  it("stops reading while too many requests wait, and goes on afterwards", async () => {
    const desk = new Desk();
    for (let i = 0; i < 64; i++) desk.heartbeat();
    assert.equal(desk.connection.readsPaused, true);
    desk.started[0]!.answer();
    await desk.answered();
    assert.equal(desk.connection.readsPaused, false);
  });

  it("stops reading while requests of many bytes are in work, and goes on afterwards", async () => {
    const desk = new Desk(1_000_000_000);
    for (let i = 0; i < 3; i++) desk.produce(null, 1_500_000);
    assert.deepEqual([desk.started.length, desk.connection.readsPaused], [3, true]);
    desk.started[0]!.answer();
    await desk.answered();
    assert.equal(desk.connection.readsPaused, false);
  });

  it("stops reading and starting while the peer does not read its answers", async () => {
    const desk = new Desk();
    desk.connection.accepts = false;
    desk.heartbeat();
    desk.started[0]!.answer();
    await desk.answered();
    desk.heartbeat();
    assert.deepEqual([desk.started.length, desk.connection.readsPaused], [1, true]);
    desk.connection.accepts = true;
    desk.connection.handlers.drain!();
    assert.deepEqual([desk.started.length, desk.connection.readsPaused], [2, false]);
  });

  it("stops reading while all connections together have too many bytes in work", async () => {
    const desk = new Desk(10);
    desk.produce();
    assert.equal(desk.connection.readsPaused, true);
    desk.started[0]!.answer();
    await desk.answered();
    assert.deepEqual([desk.connection.readsPaused, desk.memory.bytes], [false, 0]);
  });

  it("gives a request's memory back when it is answered, if its API says that nobody holds on to it", async () => {
    const desk = new Desk();
    desk.produce(LARGE);
    desk.produce(LARGE.slice(1));
    desk.produce(LARGE);
    assert.equal(desk.buffers.freeBytes, 0);
    for (const { answer } of desk.started) answer();
    await desk.answered();
    assert.equal(desk.buffers.freeBytes, 2 * 10_240);
    desk.produce(LARGE);
    assert.equal(desk.buffers.freeBytes, 10_240);
  });

  it("gives no memory back of what it did not answer", async () => {
    const desk = new Desk();
    desk.produce(LARGE);
    desk.started[0]!.fail();
    await desk.answered();
    assert.equal(desk.buffers.freeBytes, 0);
  });

  it("tells an API when its answer is sent, and never when the connection ends before", async () => {
    const desk = new Desk();
    desk.produce();
    desk.produce();
    desk.started[0]!.answer();
    assert.equal(desk.sentTold, 0);
    await desk.answered();
    assert.equal(desk.sentTold, 1);
    desk.connection.handlers.close();
    desk.started[1]!.answer();
    await desk.answered();
    assert.equal(desk.sentTold, 1);
  });

  it("is closed, with one line in the log, when a request fails unexpectedly", async () => {
    const desk = new Desk();
    desk.heartbeat();
    desk.heartbeat();
    desk.started[0]!.fail();
    await desk.answered();
    assert.deepEqual([desk.connection.ended, desk.logged, desk.memory.bytes], [true, ["request-failed"], 0]);
  });

  it("answers what has started before it ends", async () => {
    const desk = new Desk();
    desk.heartbeat();
    desk.heartbeat();
    desk.broker.finish();
    assert.equal(desk.connection.ended, false);
    desk.started[0]!.answer();
    assert.deepEqual(await desk.answered(), [0]);
    assert.deepEqual([desk.connection.ended, desk.started.length, desk.memory.bytes], [true, 1, 0]);
  });

  const ENDS: Readonly<Record<string, (desk: Desk) => void>> = {
    "a frame that is no request": ({ connection }) => void connection.handlers.data(new Uint8Array([0, 0, 0, 4, 0, 0, 0, 9])),
    "a length that is none": ({ connection }) => void connection.handlers.data(new Uint8Array([255, 255, 255, 255])),
    "a request that fails": (desk) => {
      desk.produce();
      desk.started[1]!.fail();
    },
  };
  for (const [end, come] of Object.entries(ENDS)) {
    it(`answers what was asked before ${end}, and then ends`, async () => {
      const desk = new Desk();
      desk.produce();
      come(desk);
      await desk.answered();
      desk.produce();
      assert.deepEqual([desk.connection.ended, desk.connection.readsPaused, desk.logged], [false, true, []]);
      desk.started[0]!.answer();
      assert.deepEqual(await desk.answered(), [0]);
      assert.deepEqual([desk.connection.ended, desk.logged.length, desk.memory.bytes], [true, 1, 0]);
      assert.equal(desk.started.length, end === "a request that fails" ? 2 : 1);
    });
  }

  it("ends behind an answer only when the peer reads it", async () => {
    const desk = new Desk();
    desk.connection.accepts = false;
    desk.produce();
    desk.connection.handlers.data(new Uint8Array([255, 255, 255, 255]));
    desk.started[0]!.answer();
    assert.deepEqual(await desk.answered(), [0]);
    assert.equal(desk.connection.ended, false);
    desk.connection.accepts = true;
    desk.connection.handlers.drain!();
    assert.deepEqual([desk.connection.ended, desk.logged], [true, ["bad-frame"]]);
  });
});
