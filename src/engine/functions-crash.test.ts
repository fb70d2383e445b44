// A job with lists of subtasks, broadcast state and elements that wait for answers, on a machine that loses power at every disk operation:
// started again, its output is that of an uninterrupted run, exactly once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { collectSink, type CollectSink } from "../connectors/memory/collect-sink.ts";
import { generatorSource } from "../connectors/memory/generator-source.ts";
import type { Env } from "../env/env.ts";
import { t } from "../schema/t.ts";
import { pipeline } from "../stream/pipeline.ts";
import { listState, mapState, valueState } from "../stream/state.ts";
import { crashAtEveryOperation } from "../testing/simulation/crash-at-every-operation.ts";
import { runJob } from "./run-job.ts";

const SEED = Number(process.env["MILLRACE_SEED"] ?? 11);
const ROWS = 45;
const Row = t.record("Row", { id: t.int(), key: t.string() });
const Out = t.record("Out", { id: t.int(), place: t.int(), rule: t.int(), total: t.int() });

/** place: how many elements a list had before; rule: of the newest id that is divisible by 10; total: ids of the key so far. */
async function run(env: Env, out: CollectSink<unknown>): Promise<void> {
  const { graph } = pipeline("functions", (p) => {
    const rows = p.from("rows", generatorSource(Row, { count: ROWS, ratePerSecond: 1000, row: (id) => ({ id, key: `k${id % 4}` }) }));
    const rules = rows.filter((row) => row.id % 10 === 0).broadcast({ rules: mapState(t.string(), t.int()) });
    rows
      .keyBy("key")
      .connect(rules)
      .process("rule", {
        output: t.record("Ruled", { id: t.int(), rule: t.int(), total: t.int() }),
        state: { total: valueState(t.int()) },
        onElement({ id }, { broadcast, state, emit }) {
          state.total.set((state.total.get() ?? 0) + id);
          emit({ id, rule: broadcast.rules.get("newest") ?? -1, total: state.total.get()! });
        },
        onBroadcast: (row, { broadcast }) => broadcast.rules.set("newest", row.id),
      })
      .mapAsync("ask", async (row) => (await env.timers.sleep((row.id * 7) % 15), row), { capacity: 8, timeout: "10s" })
      .returns(t.record("Asked", { id: t.int(), rule: t.int(), total: t.int() }))
      .process("place", {
        output: Out,
        state: { seen: listState(t.int()) },
        onElement(row, { state, emit }) {
          emit({ ...row, place: state.seen.get().length });
          state.seen.add(row.id);
        },
      })
      .to("out", out);
  });
  const checkpoints = { dir: "/data/checkpoints", everyMs: 30, keep: 2 };
  await (
    await runJob(env, { graph: graph(), checkpoints, discoveryIntervalMs: 600_000, restart: { kind: "none" } })
  ).finished;
}

function expected(): unknown[] {
  const totals = new Map<string, number>();
  return Array.from({ length: ROWS }, (_, id) => {
    const key = `k${id % 4}`;
    totals.set(key, (totals.get(key) ?? 0) + id);
    return { id, place: id, total: totals.get(key)! };
  });
}

test("power cuts at every disk operation change nothing", async () => {
  const report = await crashAtEveryOperation<CollectSink<unknown>>({
    seed: SEED,
    outcomes: 1,
    async workload(env, ack) {
      const out = collectSink();
      ack(out);
      await run(env, out);
    },
    async verify(env, acked) {
      const out = acked[0]!;
      await run(env, out);
      const rows = out.rows as { id: number; place: number; rule: number; total: number }[];
      assert.deepEqual(rows.map(({ id, place, total }) => ({ id, place, total })), expected()); // prettier-ignore
      // A row whose id is divisible by 10 goes both ways, and may come before or after itself.
      for (const { id, rule } of rows)
        assert.ok(rule === Math.floor(id / 10) * 10 || (id % 10 === 0 && rule === (id === 0 ? -1 : id - 10)), `${id} ${rule}`);
    },
  });
  assert.ok(report.crashes > 40, `only ${report.crashes} crashes were tried`);
});
