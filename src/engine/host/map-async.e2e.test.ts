// mapAsync in a real worker thread: answers come from the thread's own event loop, every row arrives, and the status counts who waits.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createNodeEnv } from "../../env-node/node-env.ts";
import { runJob } from "../run-job.ts";

test("answers that come from the worker's event loop arrive all, at several subtasks", async () => {
  const env = createNodeEnv({ logger: { log() {} } });
  const moduleUrl = new URL("./fixtures/async-pipeline.ts?rows=3000&capacity=200", import.meta.url).href;
  const job = await runJob(env, { moduleUrl, parallelism: 2, statusIntervalMs: 50 });
  const { status } = await job.finished;
  const recordsIn = (name: string) => status.operators.find((operator) => operator.name === name)!.recordsIn;
  assert.deepEqual([recordsIn("ask"), recordsIn("right"), recordsIn("out")], [3000, 3000, 3000]);
  const metrics = status.operators.find(({ name }) => name === "ask")!.metrics!;
  assert.equal(metrics.find(({ name }) => name === "waitingElements")!.value, 0);
});
