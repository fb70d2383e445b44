// The implementations of Env that every contract suite runs against: the real one, and a simulation.
import { createNodeEnv } from "../../env-node/node-env.ts";
import { createTemporaryDirectory } from "../../env-node/temporary-directory.ts";
import type { Env } from "../../env/env.ts";
import { createSimulation } from "../simulation/simulation.ts";

export interface World {
  readonly name: string;
  /** Runs the body with an Env and an empty directory. */
  run(body: (env: Env, directory: string) => Promise<void>): Promise<void>;
}

export const WORLDS: readonly World[] = [
  {
    name: "node",
    async run(body) {
      const directory = await createTemporaryDirectory();
      try {
        await body(createNodeEnv({ logLevel: "error" }), directory.path);
      } finally {
        await directory.remove();
      }
    },
  },
  {
    name: "simulation",
    async run(body) {
      for (let seed = 1; seed <= 5; seed++) {
        const simulation = createSimulation(seed);
        simulation.files.provideDirectory("/data");
        await simulation.run(() => body(simulation.env(), "/data"));
      }
    },
  },
];
