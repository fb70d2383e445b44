// A job that writes files on a simulated machine, which loses power at every disk operation, before, after and in the middle of it. Started
// again, the visible files together hold every row exactly once, and nothing unfinished is left behind.
import assert from "node:assert/strict";
import { test } from "node:test";
import { runJob, type RunJobOptions } from "../../engine/run-job.ts";
import type { Env } from "../../env/env.ts";
import { t } from "../../schema/t.ts";
import { pipeline, type Pipeline } from "../../stream/pipeline.ts";
import { crashAtEveryOperation } from "../../testing/simulation/crash-at-every-operation.ts";
import { createSimulation } from "../../testing/simulation/simulation.ts";
import { deadLetter } from "../../stream/dead-letter.ts";
import type { DeadLetter } from "../../stream/graph.ts";
import { collectSink } from "../memory/collect-sink.ts";
import { generatorSource } from "../memory/generator-source.ts";
import { csv } from "./csv-format.ts";
import { fileSink, type FileSinkOptions } from "./file-sink.ts";

const SEED = Number(process.env["MILLRACE_SEED"] ?? 5);
const ROWS = 24;
const Reading = t.record("Reading", { id: t.int(), site: t.string() });
type ReadingRow = { id: number; site: string };

function readings(options: FileSinkOptions<ReadingRow>, splits: number): Pipeline {
  return pipeline("readings", (p) => {
    const row = (index: number, split: number): ReadingRow => ({ id: index * splits + split, site: `s${index % 2}` });
    const source = generatorSource(Reading, { count: ROWS / splits, splits, ratePerSecond: 1000 / splits, row });
    p.from("in", source).to("files", fileSink("/data/out", csv(Reading), options));
  });
}

test("rows that are not of the sink's schema are skipped or dead letters, those around them are written once", async () => {
  for (const parallelism of [1, 4]) {
    const simulation = createSimulation(SEED);
    simulation.files.provideDirectory("/data");
    const letters = collectSink<DeadLetter>();
    const made = pipeline("letters", (p) => {
      p.from(
        "in",
        generatorSource(t.record("Number", { n: t.int() }), { count: 500, splits: 2, ratePerSecond: 10_000, row: (n) => ({ n }) }),
      )
        .map(({ n }): ReadingRow => ({ id: n % 7 === 3 ? ("odd" as never) : n, site: "a" }))
        .to("files", fileSink("/data/out", csv(Reading)), { onError: deadLetter(letters) });
    });
    const env = simulation.env();
    const found = await simulation.run(async () => {
      const job = await runJob(env, { graph: made.graph(), parallelism, checkpoints: { dir: "/data/checkpoints", everyMs: 20 } });
      await job.finished;
      return visible(env);
    });
    const odd = Array.from({ length: 500 }, (_, n) => n).filter((n) => n % 7 === 3);
    const expected = Array.from({ length: 1000 }, (_, at) => Math.floor(at / 2)).filter((n) => !odd.includes(n));
    assert.deepEqual(found.ids, expected);
    assert.deepEqual(
      letters.rows.map(({ offset }) => offset).toSorted((a, b) => a - b),
      odd.flatMap((n) => [n, n]),
    );
    for (const { error, operator } of letters.rows) assert.match(`${operator}: ${error}`, /^files: FileConnectorError: .*id: expected int/);
  }
});

async function runToEnd(env: Env, options: FileSinkOptions<ReadingRow>, overrides: Partial<RunJobOptions> = {}): Promise<void> {
  const job = await runJob(env, {
    graph: readings(options, overrides.parallelism ?? 1).graph(),
    checkpoints: { dir: "/data/checkpoints", everyMs: 20, keep: 1 },
    discoveryIntervalMs: 600_000,
    restart: { kind: "none" },
    ...overrides,
  });
  await job.finished;
}

async function visible(env: Env, directory = "/data/out"): Promise<{ ids: number[]; files: string[] }> {
  const ids: number[] = [];
  const files: string[] = [];
  for (const name of await env.files.list(directory)) {
    const path = `${directory}/${name}`;
    if (name.startsWith(".")) continue;
    if ((await env.files.stat(path))!.kind === "directory") {
      const below = await visible(env, path);
      ids.push(...below.ids);
      files.push(...below.files);
      continue;
    }
    const [header, ...rows] = new TextDecoder()
      .decode(await env.files.readFile(path))
      .trimEnd()
      .split("\n");
    assert.equal(header, "id,site");
    files.push(path);
    ids.push(...rows.map((row) => Number(row.split(",")[0])));
  }
  return { ids: ids.toSorted((a, b) => a - b), files };
}

async function staged(env: Env): Promise<string[]> {
  return await env.files.list("/data/out/.millrace-staging/readings+files");
}

const everyId = Array.from({ length: ROWS }, (_, id) => id);
const CASES: readonly { readonly name: string; readonly options: FileSinkOptions<ReadingRow> }[] = [
  { name: "a file per checkpoint", options: { roll: { onCheckpoint: true } } },
  { name: "files over several checkpoints, by size", options: { roll: { sizeBytes: 150 } } },
  { name: "files by age, in partitions", options: { roll: { every: 30 }, partitionBy: "site" } },
];

for (const { name, options } of CASES) {
  test(`power cuts at every disk operation lose and repeat no row: ${name}`, async () => {
    const report = await crashAtEveryOperation<undefined>({
      seed: SEED,
      outcomes: 1,
      workload: (env) => runToEnd(env, options),
      async verify(env) {
        await runToEnd(env, options);
        assert.deepEqual((await visible(env)).ids, everyId);
        assert.deepEqual(await staged(env), []);
      },
    });
    assert.ok(report.crashes > 40, `only ${report.crashes} crashes were tried`);
  });
}

test("kill -9 and power cuts at random moments, many times over, change nothing in the files", async () => {
  for (let seed = SEED; seed < SEED + 8; seed++) {
    const simulation = createSimulation(seed);
    simulation.files.provideDirectory("/data");
    const options: FileSinkOptions<ReadingRow> = { roll: { sizeBytes: 120 }, partitionBy: (row) => `by/${row.site}` };
    let done = false;
    for (let life = 0; !done && life < 60; life++) {
      const env = simulation.env();
      await simulation.run(async () => {
        const ended = runToEnd(env, options, { parallelism: 2 }).then(() => {
          done = true;
        });
        ended.catch(() => {});
        await Promise.race([ended, env.timers.sleep(simulation.random.between(20, 160))]);
      });
      if (done) break;
      if (simulation.random.float() < 0.5) simulation.kill();
      else {
        simulation.crash();
        simulation.restart();
      }
    }
    const env = simulation.env();
    await simulation.run(async () => {
      assert.deepEqual((await visible(env)).ids, everyId, `seed ${seed}`);
      assert.deepEqual(await staged(env), [], `seed ${seed}`);
    });
  }
});
