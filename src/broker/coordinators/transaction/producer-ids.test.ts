// A producer id that was given away is never given away again, wherever the power is cut.
import assert from "node:assert/strict";
import { test } from "node:test";
import { crashAtEveryOperation } from "../../../testing/simulation/crash-at-every-operation.ts";
import { ProducerIds } from "./producer-ids.ts";

test("no power cut makes a producer id come twice", async () => {
  const { crashes } = await crashAtEveryOperation<number>({
    seed: Number(process.env["MILLRACE_SEED"] ?? 3),
    outcomes: 10,
    workload: async (env, acknowledge) => {
      const ids = new ProducerIds(env.files, "/data/broker");
      for (let count = 0; count < 3; count++) acknowledge(await ids.allocate());
      await env.files.stat("/data");
      acknowledge(await new ProducerIds(env.files, "/data/broker").allocate());
    },
    verify: async (env, given) => {
      const next = await new ProducerIds(env.files, "/data/broker").allocate();
      assert.ok(!given.includes(next), `producer id ${next} was given away before`);
    },
  });
  assert.ok(crashes > 0);
});
