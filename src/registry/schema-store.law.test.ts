// Registries on one topic in a simulated world: connections break, brokers lose power, registries are killed and others take over while they
// still write. What was answered is in the topic, every id has one schema for ever, also when its schema was deleted for good. One seed is
// one run: MILLRACE_SEED replays it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startBroker, type Broker } from "../broker/broker.ts";
import { KafkaClient } from "../client/client.ts";
import { createSimulation, type Simulation } from "../testing/simulation/simulation.ts";
import { deleteSubject } from "./delete-schema.ts";
import { registerSchema } from "./register-schema.ts";
import { RegistryError } from "./registry-error.ts";
import { RegistryState } from "./registry-state.ts";
import { SchemaParsing } from "./schema-parsing.ts";
import { SchemaStore } from "./schema-store.ts";
import { SCHEMAS_TOPIC } from "./store-topic.ts";
import { decodeRecord } from "./topic-record.ts";

const SEED = process.env["MILLRACE_SEED"];
const SEEDS = SEED === undefined ? [1, 2, 3, 4, 5, 6] : [Number(SEED)];
const CALLERS = 6;
const CALLS = 25;
const NOT_THE_WRITER = 50004;

interface Node {
  readonly host: string;
  readonly store: SchemaStore;
  dead: boolean;
}

class World {
  readonly simulation: Simulation;
  readonly nodes: Node[] = [];
  /** Every id that was ever answered. */
  readonly answered = new Map<number, string>();
  readonly deleted = new Set<string>();
  readonly uncertain = new Set<string>();
  takeovers = 0;
  broker: Broker | undefined;
  #port = 0;
  #hosts = 0;

  constructor(seed: number) {
    this.simulation = createSimulation(seed);
  }

  async startBroker(): Promise<void> {
    const env = this.simulation.env("broker-host");
    this.broker = await startBroker(env, { dataDir: "/data", host: "localhost", port: this.#port });
    this.#port = this.broker.address.port;
  }

  /** Tries until there is a registry. */
  async addNode(): Promise<Node> {
    for (let attempt = 0; ; attempt++) {
      const host = `registry-${++this.#hosts}`;
      const store = new SchemaStore(this.simulation.env(host), { bootstrapServers: `localhost:${this.#port}` });
      try {
        await store.open();
      } catch (error) {
        if (attempt > 50) throw error;
        continue;
      }
      const node = { host, store, dead: false };
      this.nodes.push(node);
      this.takeovers++;
      return node;
    }
  }

  async restartBroker(): Promise<void> {
    const { simulation } = this;
    simulation.crash("broker-host");
    await simulation.env("chaos").timers.sleep(simulation.random.float() * 300);
    simulation.restart("broker-host");
    await this.startBroker();
  }

  kill(node: Node): void {
    node.dead = true;
    this.simulation.kill(node.host);
  }
}

async function caller(world: World, name: string): Promise<void> {
  const { random } = world.simulation;
  const { timers } = world.simulation.env(`caller-${name}`);
  const mine: string[] = [];
  for (let i = 0; i < CALLS; i++) {
    // Mostly the youngest, at times an old one.
    const node = random.float() < 0.4 ? world.nodes.at(-1)! : world.nodes[Math.floor(random.float() * world.nodes.length)]!;
    if (node.dead) continue;
    const outcome = random.float() < 0.3 && mine.length > 0 ? drop(world, node, mine.pop()!) : register(world, node, `s${name}_${i}`, mine);
    // A killed registry never answers.
    await Promise.race([outcome, timers.sleep(5000)]);
    await timers.sleep(random.float() * 10);
  }
}

async function register(world: World, { store }: Node, subject: string, mine: string[]): Promise<void> {
  const content = {
    schema: JSON.stringify({ type: "enum", name: subject, symbols: ["A"] }),
    schemaType: "AVRO" as const,
    references: [],
    metadata: undefined,
    ruleSet: undefined,
  };
  const parsing = new SchemaParsing();
  try {
    const { id } = await store.change((state) =>
      registerSchema(state, parsing, { subject, content, normalize: false, id: undefined, version: undefined, now: 0 }),
    );
    assert.equal(world.answered.get(id) ?? subject, subject, `id ${id} was given twice`);
    world.answered.set(id, subject);
    mine.push(subject);
    const [seen] = await store.read((state) => state.versions(subject));
    assert.equal(seen?.id, id, "the registry that answered does not know it any more");
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    if (error.code !== NOT_THE_WRITER) world.uncertain.add(subject);
  }
}

async function drop(world: World, { store }: Node, subject: string): Promise<void> {
  world.uncertain.add(subject); // until it is known
  try {
    await store.change((state) => deleteSubject(state, subject, false));
    await store.change((state) => deleteSubject(state, subject, true));
    world.deleted.add(subject);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
  }
}

function chaos(world: World): () => Promise<void> {
  const { random, network } = world.simulation;
  const { timers } = world.simulation.env("chaos");
  let stopped = false;
  network.resetProbability = 0.002;
  const run = (async () => {
    while (!stopped) {
      await timers.sleep(random.float() * 120);
      const dice = random.float();
      if (dice < 0.3) network.reset(() => random.float() < 0.5);
      else if (dice < 0.5) await world.addNode();
      else if (dice < 0.65) await world.restartBroker();
      else if (dice < 0.8) {
        const heal = network.blackHole(() => random.float() < 0.5);
        await timers.sleep(random.float() * 2000);
        heal();
      } else {
        const next = world.addNode();
        world.kill(world.nodes[0]!);
        await next;
        world.nodes.splice(0, 1);
      }
    }
  })();
  return async () => {
    stopped = true;
    network.resetProbability = 0;
    await run;
  };
}

/** The state of a registry that finds only the last record of each key, and nothing of those that were deleted. */
async function afterCompaction({ simulation, broker }: World): Promise<RegistryState> {
  const client = new KafkaClient(simulation.env("reader"), { brokers: `localhost:${broker!.address.port}` });
  const [end] = await client.admin().listOffsets([{ topic: SCHEMAS_TOPIC, partition: 0, at: "latest" }]);
  const consumer = client.consumer();
  await consumer.assign([{ topic: SCHEMAS_TOPIC, partition: 0, offset: 0 }]);
  const last = new Map<string, string>();
  const decoder = new TextDecoder();
  reading: for await (const batch of consumer)
    for (const { key, value, offset } of batch.records) {
      const name = decoder.decode(key!);
      last.delete(name);
      if (value !== null) last.set(name, decoder.decode(value));
      if (offset === end!.offset - 1) break reading;
    }
  await consumer.close();
  await client.close();
  const state = new RegistryState();
  for (const [key, value] of last) {
    const record = decodeRecord(key, value, 0);
    if (record !== undefined) state.apply(record);
  }
  return state;
}

for (const seed of SEEDS)
  test(`registries that take over from each other keep every id and every answer (seed ${seed})`, async () => {
    const world = new World(seed);
    await world.simulation.run(
      async () => {
        await world.startBroker();
        await world.addNode();
        const stop = chaos(world);
        await Promise.all(Array.from({ length: CALLERS }, (_, index) => caller(world, String(index))));
        await stop();
        const { store } = await world.addNode();
        await store.read((state) => {
          assert.equal(state.conflicts, 0);
          for (const [id, subject] of world.answered) {
            const [entry] = state.versions(subject, true);
            if (world.deleted.has(subject)) assert.equal(entry, undefined, `${subject} is there again`);
            else if (entry === undefined) assert.ok(world.uncertain.has(subject), `${subject} is lost`);
            else assert.equal(entry.id, id);
          }
          assert.ok(state.maxId(".") >= Math.max(...world.answered.keys()));
        });
        const compacted = await afterCompaction(world);
        assert.ok(compacted.maxId(".") >= Math.max(...world.answered.keys()), "compaction would take ids away, to be given twice");
        assert.ok(world.answered.size > 10 && world.takeovers > 1, `${world.answered.size} answers, ${world.takeovers} takeovers`);
        for (const node of world.nodes) if (!node.dead) await node.store.close();
        await world.broker!.close();
      },
      { maxVirtualMs: 3_600_000 },
    );
  });
