// A directory that was made durably is there after a power cut, even if an earlier process was killed while it made it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { makeDirectoryDurably } from "./durable-directory.ts";

test("it finishes what a killed process began, however far that came", async () => {
  for (let killedAt = 0; killedAt < 8; killedAt++) {
    const simulation = createSimulation(5);
    simulation.files.provideDirectory("/disk");
    await simulation.run(async () => {
      const first = simulation.env();
      const stop = new Promise<void>((resolve) => {
        simulation.files.onOperation = ({ index }) => {
          if (index === killedAt) resolve();
          return "ok";
        };
        makeDirectoryDurably(first.files, "/disk/data/log").then(resolve, () => {});
      });
      await stop;
      simulation.kill();
      simulation.files.onOperation = undefined;
      await makeDirectoryDurably(simulation.env().files, "/disk/data/log");
      simulation.crash("localhost", { style: "lose" });
      simulation.restart();
      assert.equal((await simulation.env().files.stat("/disk/data/log"))?.kind, "directory", `killed at operation ${killedAt}`);
    });
  }
});
