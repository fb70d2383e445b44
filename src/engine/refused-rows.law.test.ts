// Rows that a sink refuses, in a sink that is often not ready: over kills and rescales, whatever stands before and behind them in a batch, the
// rest is written once and each of them is one dead letter, once.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { arraySource, type CollectSink } from "../connectors/memory/index.ts";
import type { Env } from "../env/env.ts";
import { rowAt } from "../schema/columns.ts";
import { t } from "../schema/t.ts";
import type { ConnectorContext, Sink, SinkConnector, SinkWriter } from "../stream/connector.ts";
import { deadLetter } from "../stream/dead-letter.ts";
import type { DeadLetter } from "../stream/graph.ts";
import { SinkRowError } from "../stream/sink-row-error.ts";
import { copyBatch } from "./exchange/copy-batch.ts";
import { runLives } from "./fixtures/lives.ts";

const Row = t.record("Row", { n: t.int(), text: t.string() });
interface Row {
  readonly n: number;
  readonly text: string;
}

const SEED = process.env["MILLRACE_SEED"];
const RUNS = { numRuns: 15, ...(SEED === undefined ? {} : { seed: Number(SEED) }) };

const BUSY_MS = 15;

/** Takes rows one by one, refuses those that `refuses` names, and after some needs a while. */
function picky(inner: CollectSink<unknown>, refuses: (n: number) => boolean, busyEvery: number): Sink<Row> {
  const writerOf = (writer: SinkWriter, env: Env): SinkWriter => ({
    ready: () => new Promise((resolve) => void env.timers.after(BUSY_MS, resolve)),
    prepare: (id) => writer.prepare(id),
    commit: (id) => writer.commit(id),
    failed: writer.failed,
    close: () => writer.close(),
    write(batch) {
      let ready = true;
      for (let row = 0; row < batch.rows; row++) {
        const { n } = rowAt(batch, row) as Row;
        if (n % busyEvery === 0) ready = false;
        if (refuses(n)) throw new SinkRowError(row, new RangeError(`not ${n}`), ready);
        const one = copyBatch(batch, row);
        one.rows = 1;
        writer.write(one);
      }
      return ready;
    },
  });
  return {
    connector: "picky",
    type: undefined,
    describe: () => null,
    create(context: ConnectorContext): SinkConnector {
      const connector = inner.create(context);
      return {
        recover: (committables) => connector.recover(committables),
        writer: async (subtask, parallelism) => writerOf(await connector.writer(subtask, parallelism), context.env),
        close: () => connector.close(),
      };
    },
  };
}

test("each refused row is one dead letter and each other row is written, once, over kills and rescales", async () => {
  const cases = fc.record({
    count: fc.integer({ min: 1, max: 2000 }),
    /** Of so many rows each. */
    refuseEvery: fc.integer({ min: 2, max: 9 }),
    busyEvery: fc.integer({ min: 20, max: 300 }),
    parallelism: fc.array(fc.constantFrom(1, 2, 4), { minLength: 1, maxLength: 3 }),
    ratePerSecond: fc.constantFrom(3000, 10_000),
    seed: fc.nat(1000),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ count, refuseEvery, busyEvery, parallelism, ratePerSecond, seed }) => {
      const isRefused = (n: number): boolean => n % refuseEvery === 1;
      const rows = Array.from({ length: count }, (_, n) => ({ n, text: `row ${n}` }));
      const sinks = await runLives(
        (p, out) => {
          p.from("in", arraySource(Row, rows, { splits: 3, ratePerSecond }))
            .rebalance()
            .filter((row) => row.n >= 0)
            .to("picky", picky(out("main"), isRefused, busyEvery), { onError: deadLetter(out("letters") as CollectSink<DeadLetter>) });
        },
        { parallelism, seed },
      );
      const numbers = (all: readonly unknown[], of: (row: unknown) => number): number[] => all.map(of).toSorted((a, b) => a - b);
      const expected = (wanted: boolean): number[] => rows.map(({ n }) => n).filter((n) => isRefused(n) === wanted);
      assert.deepEqual(
        numbers(sinks["main"]!, (row) => (row as Row).n),
        expected(false),
      );
      assert.deepEqual(
        numbers(sinks["letters"]!, (row) => (JSON.parse((row as DeadLetter).value) as Row).n),
        expected(true),
      );
      for (const { operator, error, offset, topic, value } of sinks["letters"] as readonly DeadLetter[]) {
        const { n } = JSON.parse(value) as Row;
        assert.deepEqual([operator, error, topic, offset], ["picky", `RangeError: not ${n}`, "array", Math.floor(n / 3)]);
      }
    }),
    RUNS,
  );
});
