// Windows by the machine's clock that were due while the job was down fire at once when it is back, each element in one of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { arraySource, collectSink } from "../connectors/memory/index.ts";
import { t } from "../schema/t.ts";
import { collect } from "../stream/aggregates.ts";
import { pipeline } from "../stream/pipeline.ts";
import { tumbling } from "../stream/windows.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import type { Job } from "./coordinator/job-status.ts";
import { runJob } from "./run-job.ts";

const Row = t.record("Row", { id: t.int() });
const DOWN_MS = 3_600_000;

interface Result {
  readonly window: { readonly start: number; readonly end: number };
  readonly ids: readonly number[];
}

test("windows by the machine's clock that were due while the job was down fire at once after the restore", async () => {
  const rows = Array.from({ length: 100 }, (_, id) => ({ id }));
  const out = collectSink();
  const graph = pipeline("clock", (p) => {
    p.from("rows", arraySource(Row, rows, { ratePerSecond: 10 }))
      .keyBy((row) => row.id % 3)
      .window(tumbling("2s", { time: "processing-time" }))
      .aggregate("windows", { ids: collect("id") })
      .to("out", out);
  }).graph();
  const simulation = createSimulation(1);
  simulation.files.provideDirectory("/data");
  const options = {
    graph,
    parallelism: 2,
    checkpoints: { dir: "/data/checkpoints", everyMs: 500 },
    restart: { kind: "none" },
    statusIntervalMs: 100,
  } as const;
  const first = simulation.env();
  let downAt = 0;
  await simulation.run(async () => {
    const job: Job = await runJob(first, options);
    await new Promise<void>((resolve) => job.onStatus(({ checkpoints }) => void (checkpoints.completed >= 7 && resolve())));
    downAt = first.clock.now();
  });
  simulation.kill();
  simulation.clock.jumpWallClock(DOWN_MS);
  const second = simulation.env();
  let overdue: readonly Result[] = [];
  await simulation.run(async () => {
    const job = await runJob(second, options);
    const backAt = second.clock.now();
    await new Promise<void>((resolve) =>
      job.onStatus(() => {
        if (second.clock.now() < backAt + 600) return;
        overdue = (out.rows as readonly Result[]).filter(({ window }) => window.end > downAt - 2000 && window.end < backAt);
        resolve();
      }),
    );
    await job.finished;
  });
  assert.ok(overdue.length > 0, "some windows were open at the kill");
  const ids = (out.rows as readonly Result[]).flatMap((row) => row.ids).toSorted((a, b) => a - b);
  // The last windows are not over when the input ends, and send nothing.
  assert.ok(ids.length >= 60, `${ids.length} ids`);
  assert.deepEqual(
    ids,
    rows.slice(0, ids.length).map(({ id }) => id),
  );
});
