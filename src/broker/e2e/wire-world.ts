// A broker on a simulated machine that is spoken to in bare requests: what tests of single APIs need.
import type { Env } from "../../env/env.ts";
import { createSimulation } from "../../testing/simulation/simulation.ts";
import { startBroker, type Broker } from "../broker.ts";
import { Wire } from "./wire.ts";

export interface WireWorld {
  readonly env: Env;
  readonly broker: Broker;
  readonly wire: Wire;
  /** The same data directory under a new broker, with a new connection. */
  restart(): Promise<void>;
}

export interface WireWorldOptions {
  readonly settings?: Readonly<Record<string, string>>;
  /** Partitions by name. */
  readonly topics?: Readonly<Record<string, number>>;
}

export function inWireWorld(
  body: (world: WireWorld) => Promise<void>,
  { settings = {}, topics = {} }: WireWorldOptions = {},
): Promise<void> {
  const simulation = createSimulation(Number(process.env["MILLRACE_SEED"] ?? 5));
  simulation.files.provideDirectory("/data");
  return simulation.run(async () => {
    const env = simulation.env();
    const open = async () => {
      const broker = await startBroker(env, { dataDir: "/data", port: 0, settings });
      return { broker, wire: await Wire.connect(env, broker.address) };
    };
    const close = async ({ wire, broker }: Pick<WireWorld, "wire" | "broker">) => {
      wire.destroy();
      await broker.close();
    };
    const restart = async () => {
      await close(world);
      Object.assign(world, await open());
    };
    const world: WireWorld = { env, ...(await open()), restart };
    for (const [name, partitions] of Object.entries(topics)) await world.broker.logs.createTopic(name, { partitions });
    await body(world);
    await close(world);
  });
}
