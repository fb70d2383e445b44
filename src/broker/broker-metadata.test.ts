// Metadata asked for by topic ids: from version 12 on; 10 and 11 have the field and must refuse it, as Apache Kafka does.
// Coordinators' topics are in it from the first FindCoordinator on.
import assert from "node:assert/strict";
import { it } from "node:test";
import { newFindCoordinatorRequest } from "../protocol/generated/find-coordinator.gen.ts";
import { newMetadataRequest } from "../protocol/generated/metadata.gen.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { ZERO_UUID } from "../protocol/primitives.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { startBroker } from "./broker.ts";
import { Wire } from "./e2e/wire.ts";

const UNKNOWN_ID = "BBBBBBBBBBBBBBBBBBBBBA";

interface Told {
  readonly topics: readonly (readonly [name: string | null, errorCode: number])[];
  readonly brokers: number;
  readonly errorCode: number;
}

async function ask(questions: readonly { version: number; name: string | null; id: "zero" | "unknown" | "own" }[]): Promise<Told[]> {
  const simulation = createSimulation(Number(process.env["MILLRACE_SEED"] ?? 5));
  simulation.files.provideDirectory("/data");
  return simulation.run(async () => {
    const broker = await startBroker(simulation.env(), { dataDir: "/data", port: 9092 });
    const { id: own } = await broker.logs.createTopic("t", { partitions: 1 });
    const wire = await Wire.connect(simulation.env(), broker.address);
    const told: Told[] = [];
    for (const { version, name, id } of questions) {
      const topics = [{ name, topicId: { zero: ZERO_UUID, unknown: UNKNOWN_ID, own }[id] }];
      const answer = await wire.call("Metadata", version, newMetadataRequest({ topics, allowAutoTopicCreation: false }));
      const shown = answer.topics.map((topic) => [topic.name, topic.errorCode] as const);
      told.push({ topics: shown, brokers: answer.brokers.length, errorCode: answer.errorCode });
    }
    wire.destroy();
    await broker.close();
    return told;
  });
}

it("refuses ids and missing names below version 12, with an answer that these versions can carry", async () => {
  const refused = { brokers: 0, errorCode: 0 };
  const { INVALID_REQUEST } = ErrorCode;
  assert.deepEqual(
    await ask([
      { version: 10, name: null, id: "own" },
      { version: 11, name: null, id: "zero" },
      { version: 11, name: "t", id: "unknown" },
      { version: 11, name: "t", id: "zero" },
    ]),
    [
      { ...refused, topics: [["", INVALID_REQUEST]] },
      { ...refused, topics: [["", INVALID_REQUEST]] },
      { ...refused, topics: [["t", INVALID_REQUEST]] },
      { brokers: 1, errorCode: 0, topics: [["t", 0]] },
    ],
  );
});

it("finds topics by id from version 12 on, and refuses who names neither id nor name", async () => {
  const { UNKNOWN_SERVER_ERROR, UNKNOWN_TOPIC_ID } = ErrorCode;
  assert.deepEqual(
    await ask([
      { version: 12, name: null, id: "own" },
      { version: 13, name: null, id: "unknown" },
      { version: 12, name: null, id: "zero" },
      { version: 13, name: null, id: "zero" },
    ]),
    [
      { brokers: 1, errorCode: 0, topics: [["t", 0]] },
      { brokers: 1, errorCode: 0, topics: [[null, UNKNOWN_TOPIC_ID]] },
      { brokers: 0, errorCode: 0, topics: [["", UNKNOWN_SERVER_ERROR]] },
      { brokers: 0, errorCode: UNKNOWN_SERVER_ERROR, topics: [["", UNKNOWN_SERVER_ERROR]] },
    ],
  );
});

it("shows the coordinator's topic to whoever has looked for a coordinator, as Apache Kafka does", async () => {
  const simulation = createSimulation(Number(process.env["MILLRACE_SEED"] ?? 5));
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    const broker = await startBroker(simulation.env(), { dataDir: "/data", port: 9092 });
    const wire = await Wire.connect(simulation.env(), broker.address);
    const internal = async () => {
      const { topics } = await wire.call("Metadata", 12, newMetadataRequest({ topics: null }));
      return topics.map(({ name, isInternal }) => [name, isInternal]);
    };
    const find = (version: number, keyType: number) =>
      wire.call(
        "FindCoordinator",
        version,
        newFindCoordinatorRequest({ keyType, ...(version < 4 ? { key: "k" } : { coordinatorKeys: ["k"] }) }),
      );
    assert.deepEqual(await internal(), []);
    assert.equal((await find(6, 0)).coordinators[0]!.errorCode, ErrorCode.NONE);
    assert.deepEqual(await internal(), [["__consumer_offsets", true]]);
    assert.equal((await find(3, 1)).errorCode, ErrorCode.NONE);
    assert.deepEqual((await internal()).sort(), [
      ["__consumer_offsets", true],
      ["__transaction_state", true],
    ]);
    assert.equal((await find(4, 7)).coordinators[0]!.errorCode, ErrorCode.INVALID_REQUEST);
    wire.destroy();
    await broker.close();
  });
});

it("answers that the coordinator is not available as long as its topic cannot be made", async () => {
  const simulation = createSimulation(Number(process.env["MILLRACE_SEED"] ?? 5));
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    const broker = await startBroker(simulation.env(), { dataDir: "/data", port: 9092 });
    const wire = await Wire.connect(simulation.env(), broker.address);
    const find = () => wire.call("FindCoordinator", 4, newFindCoordinatorRequest({ coordinatorKeys: ["g"] }));
    simulation.files.onOperation = ({ path }) => (path.includes("__consumer_offsets") ? { error: "ENOSPC" } : "ok");
    const [refused] = (await find()).coordinators;
    assert.deepEqual([refused!.errorCode, refused!.nodeId], [ErrorCode.COORDINATOR_NOT_AVAILABLE, -1]);
    simulation.files.onOperation = () => "ok";
    assert.equal((await find()).coordinators[0]!.errorCode, ErrorCode.NONE);
    wire.destroy();
    await broker.close();
  });
});
