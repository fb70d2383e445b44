// Two-phase commit (KIP-939): no timeout, a new epoch that keeps what is prepared, and both over crashes at any operation of the broker.
import assert from "node:assert/strict";
import { test } from "node:test";
import { KafkaClient } from "../../../client/client.ts";
import { resumeTransaction } from "../../../client/resume-transaction.ts";
import type { Env } from "../../../env/env.ts";
import { ErrorCode } from "../../../protocol/errors.ts";
import { newInitProducerIdRequest, type InitProducerIdRequest, type InitProducerIdResponse } from "../../../protocol/generated/init-producer-id.gen.ts"; // prettier-ignore
import { crashAtEveryOperation } from "../../../testing/simulation/crash-at-every-operation.ts";
import { createSimulation, type Simulation } from "../../../testing/simulation/simulation.ts";
import { startBroker } from "../../broker.ts";
import { TransactionScript } from "./transaction-script.ts";

const HOUR_MS = 3_600_000;
const SETTINGS = {
  "unstable.api.versions.enable": "true",
  "transaction.two.phase.commit.enable": "true",
  "transaction.abort.timed.out.transaction.cleanup.interval.ms": "100",
};

function world(
  settings: Readonly<Record<string, string>>,
  body: (simulation: Simulation, start: () => Promise<unknown>, client: KafkaClient) => Promise<void>,
) {
  // prettier-ignore
  return async () => {
    const simulation = createSimulation(9);
    simulation.filesOf("broker").provideDirectory("/data");
    await simulation.run(async () => {
      const start = (): Promise<unknown> =>
        startBroker(simulation.env("broker"), { host: "broker", port: 9092, dataDir: "/data", insecure: true, settings });
      await start();
      const client = new KafkaClient(simulation.env("client"), { brokers: "broker:9092" });
      await body(simulation, start, client);
      await client.close();
    });
  };
}

async function prepare(client: KafkaClient, transactionalId: string, twoPhaseCommit: boolean) {
  const producer = client.producer({ transactionalId, transactionTimeoutMs: 5000, twoPhaseCommit });
  await producer.beginTransaction();
  await producer.send({ topic: "t", value: transactionalId });
  const { identity } = producer;
  await producer.close({ transaction: "leave" });
  return identity;
}

function init(client: KafkaClient, request: Partial<InitProducerIdRequest>): Promise<InitProducerIdResponse> {
  const transactionalId = request.transactionalId ?? "";
  return client.cluster.retriedCall(
    { to: "coordinator", kind: "transaction", key: transactionalId },
    "InitProducerId",
    newInitProducerIdRequest({ transactionTimeoutMs: 5000, enable2Pc: true, keepPreparedTxn: true, ...request }),
    (response) => response,
    { what: "Initialising", maxVersion: 6 },
  );
}

test(
  "a transaction of two-phase commit never times out, over restarts and hours; one without does",
  world(SETTINGS, async (simulation, start, client) => {
    const [kept, timed] = [await prepare(client, "kept", true), await prepare(client, "timed", false)];
    for (let i = 0; i < 2; i++) {
      simulation.kill("broker");
      simulation.clock.jumpWallClock(HOUR_MS);
      await start();
      await simulation.env("client-2").timers.sleep(HOUR_MS / 4);
    }
    const described = await client.admin().describeTransaction("kept");
    assert.deepEqual([described.state, described.timeoutMs], ["Ongoing", 0x7fffffff]);
    assert.equal(await resumeTransaction(client, kept, "commit"), "done");
    await assert.rejects(resumeTransaction(client, timed, "commit"));
  }),
);

test(
  "who keeps a prepared transaction is told which it is, fences its former owner, and can do nothing but end it",
  world(SETTINGS, async (simulation, start, client) => {
    const before = await prepare(client, "kept", true);
    const first = await init(client, { transactionalId: "kept" });
    assert.equal(first.errorCode, ErrorCode.NONE);
    assert.deepEqual([first.ongoingTxnProducerId, first.ongoingTxnProducerEpoch], [before.producerId, before.producerEpoch]);
    assert.deepEqual([first.producerId, first.producerEpoch], [before.producerId, before.producerEpoch + 1]);
    await assert.rejects(resumeTransaction(client, before, "commit"), /PRODUCER_FENCED|fenced/);
    simulation.kill("broker");
    await start();
    const second = await init(client, { transactionalId: "kept" });
    assert.deepEqual([second.ongoingTxnProducerEpoch, second.producerEpoch], [before.producerEpoch, before.producerEpoch + 2]);
    const now = { transactionalId: "kept", producerId: second.producerId, producerEpoch: second.producerEpoch };
    assert.equal(await resumeTransaction(client, now, "commit"), "done");
    const after = await init(client, { transactionalId: "kept" });
    assert.deepEqual([after.errorCode, after.ongoingTxnProducerId, after.ongoingTxnProducerEpoch], [ErrorCode.NONE, -1, -1]);
  }),
);

test("a kept transaction takes no more partitions, and a repeated request gets the same epoch", () => {
  const script = new TransactionScript();
  const owner = script.initNow();
  script.addNow("t-0");
  const kept = script.init(owner, -1, true) ?? script.persisted();
  assert.equal(kept.producerEpoch, owner.producerEpoch + 1);
  const repeated = script.init(owner, -1, true) ?? script.persisted();
  assert.equal(repeated.producerEpoch, kept.producerEpoch);
  assert.equal(script.add("t-1", kept)?.error, ErrorCode.INVALID_TXN_STATE);
  assert.equal(script.state.data.keptEpoch, owner.producerEpoch);
});

test(
  "two-phase commit is refused where it is not allowed, and version 6 not served where it is not enabled",
  world({ "unstable.api.versions.enable": "true" }, async (_simulation, _start, client) => {
    const answer = await init(client, { transactionalId: "x", keepPreparedTxn: false });
    assert.equal(answer.errorCode, ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    assert.equal((await init(client, { transactionalId: "x", enable2Pc: false, keepPreparedTxn: false })).errorCode, ErrorCode.NONE);
  }),
);

test(
  "a client that asks a broker without it for two-phase commit is told what to set",
  world({}, async (_simulation, _start, client) => {
    await assert.rejects(prepare(client, "x", true), /two-phase commit.*unstable\.api\.versions\.enable/);
  }),
);

test("wherever a power cut meets the broker, what was prepared can be kept and committed", async () => {
  const open = async (env: Env) => {
    const broker = await startBroker(env, { port: 9092, dataDir: "/data", settings: SETTINGS });
    return { broker, client: new KafkaClient(env, { brokers: broker.bootstrapServers }) };
  };
  const { crashes } = await crashAtEveryOperation<{ producerId: number; producerEpoch: number }>({
    seed: 31,
    select: ({ kind, index }) => kind !== "read" && index % 5 === 0,
    workload: async (env, ack) => {
      const { broker, client } = await open(env);
      ack(await prepare(client, "kept", true));
      await init(client, { transactionalId: "kept" });
      await client.close();
      await broker.close();
    },
    verify: async (env, acked) => {
      const { broker, client } = await open(env);
      const answer = await init(client, { transactionalId: "kept" });
      const [prepared] = acked;
      if (prepared !== undefined && answer.ongoingTxnProducerId !== -1) {
        assert.deepEqual([answer.ongoingTxnProducerId, answer.ongoingTxnProducerEpoch], [prepared.producerId, prepared.producerEpoch]);
        await resumeTransaction(client, { transactionalId: "kept", ...answer }, "commit");
      }
      if (prepared !== undefined) {
        const log = broker.logs.topic("t")!.partitions[0]!;
        while (log.lastStableOffset < log.highWatermark) await env.timers.sleep(10);
        const { bytes, abortedTransactions } = await log.read(0, { maxBytes: 1000, minOneBatch: true, isolation: "read_committed" });
        assert.ok(bytes.length > 0 && abortedTransactions.length === 0, "the prepared record is committed");
      }
      await client.close();
      await broker.close();
    },
  });
  assert.ok(crashes > 10, `${crashes} crashes`);
});
