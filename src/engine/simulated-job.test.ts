// A whole job on a simulated machine: deterministic source, keyed state, transactional sink. The machine loses power at every disk
// operation, before, after and in the middle of it; started again, the job's output equals the uninterrupted run's, exactly once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { collectSink, type CollectSink } from "../connectors/memory/collect-sink.ts";
import { generatorSource } from "../connectors/memory/generator-source.ts";
import type { Env } from "../env/env.ts";
import { t } from "../schema/t.ts";
import { pipeline, type Pipeline } from "../stream/pipeline.ts";
import { valueState } from "../stream/state.ts";
import { crashAtEveryOperation } from "../testing/simulation/crash-at-every-operation.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { runJob } from "./run-job.ts";
import type { RunJobOptions } from "./run-job.ts";

const SEED = Number(process.env["MILLRACE_SEED"] ?? 11);
const ROWS = 120;
const Tx = t.record("Tx", { id: t.int(), account: t.string(), amount: t.double() });
const Total = t.record("Total", { id: t.int(), account: t.string(), total: t.double() });

interface TotalRow {
  readonly id: number;
  readonly account: string;
  readonly total: number;
}

const account = (index: number) => `a${(index * 7) % 5}`;

/** Running totals per account: one output row per input row, so every loss and every repetition shows. */
function totals(out: CollectSink<TotalRow>, ratePerSecond: number, splits = 1): Pipeline {
  return pipeline("totals", (p) => {
    p.from(
      "tx",
      generatorSource(Tx, {
        count: ROWS / splits,
        splits,
        ratePerSecond,
        row: (index, split) => ({ id: index * splits + split, account: account(index * splits + split), amount: index + 1 }),
      }),
    )
      .keyBy("account")
      .process("sum", {
        output: Total,
        state: { total: valueState(t.double()) },
        onElement(tx, ctx) {
          const total = (ctx.state.total.get() ?? 0) + tx.amount;
          ctx.state.total.set(total);
          ctx.emit({ id: tx.id, account: tx.account, total });
        },
      })
      .to("out", out);
  });
}

/** No state at all but the source's position. */
function doubled(out: CollectSink<TotalRow>, ratePerSecond: number): Pipeline {
  return pipeline("doubled", (p) => {
    p.from(
      "tx",
      generatorSource(Tx, { count: ROWS, ratePerSecond, row: (index) => ({ id: index, account: account(index), amount: index }) }),
    )
      .filter((tx) => tx.id % 3 !== 0)
      .map((tx) => ({ id: tx.id, account: tx.account, total: tx.amount * 2 }))
      .to("out", out);
  });
}

function expectedDoubled(): TotalRow[] {
  const ids = Array.from({ length: ROWS }, (_, id) => id);
  return ids.filter((id) => id % 3 !== 0).map((id) => ({ id, account: account(id), total: id * 2 }));
}

function expectedTotals(): TotalRow[] {
  const sums = new Map<string, number>();
  return Array.from({ length: ROWS }, (_, id) => {
    const total = (sums.get(account(id)) ?? 0) + id + 1;
    sums.set(account(id), total);
    return { id, account: account(id), total };
  });
}

async function runToEnd(env: Env, out: CollectSink<TotalRow>, options: Partial<RunJobOptions> = {}): Promise<void> {
  const job = await runJob(env, {
    graph: totals(out, 1000).graph(),
    checkpoints: { dir: "/data/checkpoints", everyMs: 40, keep: 2 },
    discoveryIntervalMs: 600_000,
    restart: { kind: "none" },
    ...options,
  });
  await job.finished;
}

const CASES = [
  { name: "without state", build: doubled, expected: expectedDoubled, codegen: "auto" },
  { name: "with keyed state", build: totals, expected: expectedTotals, codegen: "auto" },
  { name: "with keyed state, interpreted", build: totals, expected: expectedTotals, codegen: "off" },
] as const;

for (const { name, build, expected, codegen } of CASES) {
  test(`power cuts at every disk operation change nothing in the output of a job ${name}`, async () => {
    const report = await crashAtEveryOperation<CollectSink<TotalRow>>({
      seed: SEED,
      outcomes: build === totals && codegen === "auto" ? 2 : 1,
      async workload(env, ack) {
        const out = collectSink(Total);
        ack(out);
        await runToEnd(env, out, { codegen, graph: build(out, 1000).graph() });
      },
      async verify(env, acked) {
        const out = acked[0]!;
        await runToEnd(env, out, { codegen, graph: build(out, 1000).graph() });
        assert.deepEqual(out.rows, expected());
      },
    });
    assert.ok(report.crashes > 80, `only ${report.crashes} crashes were tried`);
  });
}

test("kill -9 at random moments, many times over, changes nothing in the output", async () => {
  for (let seed = SEED; seed < SEED + 8; seed++) {
    const simulation = createSimulation(seed);
    simulation.files.provideDirectory("/data");
    const out = collectSink(Total);
    for (let life = 0; out.rows.length < ROWS && life < 30; life++) {
      const env = simulation.env();
      await simulation.run(async () => {
        const ended = runToEnd(env, out, { graph: totals(out, 2000, 2).graph() });
        ended.catch(() => {});
        await Promise.race([ended, env.timers.sleep(simulation.random.between(5, 120))]);
      });
      if (simulation.random.float() < 0.5) simulation.kill();
      else {
        simulation.crash();
        simulation.restart();
      }
    }
    const ids = out.rows.map((row) => row.id).sort((a, b) => a - b);
    assert.deepEqual(
      ids,
      Array.from({ length: ROWS }, (_, id) => id),
      `seed ${seed}`,
    );
  }
});
