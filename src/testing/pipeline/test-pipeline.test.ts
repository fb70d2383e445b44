// testPipeline() by example: step by step, whole inputs in several ways, and the mistakes that it names.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { arraySource } from "../../connectors/memory/array-source.ts";
import { blackholeSink } from "../../connectors/memory/function-sink.ts";
import { t } from "../../schema/t.ts";
import { count, sum } from "../../stream/aggregates.ts";
import type { Source } from "../../stream/connector.ts";
import { pipeline } from "../../stream/pipeline.ts";
import { listState, mapState, valueState } from "../../stream/state.ts";
import { boundedOutOfOrderness } from "../../stream/watermarks.ts";
import { tumbling } from "../../stream/windows.ts";
import { testPipeline } from "./test-pipeline.ts";

const Tx = t.record("Tx", { account: t.string(), amount: t.double(), at: t.timestamp() });
interface TxRow {
  readonly account: string;
  readonly amount: number;
  readonly at: number;
}
const Alert = t.record("Alert", { account: t.string(), total: t.double(), why: t.string() });

/** What a test must never touch. */
function unreachable<T>(source: Source<T>): Source<T> {
  return { ...source, connector: "kafka", create: () => assert.fail("the real source was created") };
}

const fraud = pipeline("fraud", (p) => {
  const time = { eventTime: (tx: TxRow) => tx.at, watermarks: boundedOutOfOrderness("5s") };
  const transactions = p.from("transactions", unreachable(arraySource(Tx, [])), time).keyBy("account");
  const checked = transactions.process("check", {
    output: Alert,
    side: { large: Tx },
    state: { total: valueState(t.double()), amounts: listState(t.double()), byTime: mapState(t.timestamp(), t.double()) },
    onElement(tx, { state, emit, side, timers, now }) {
      const total = (state.total.get() ?? 0) + tx.amount;
      state.total.set(total);
      state.amounts.add(tx.amount);
      state.byTime.set(tx.at, tx.amount);
      if (tx.amount > 100) side.large(tx);
      if (total > 200) emit({ account: tx.account, total, why: "total" });
      timers.setEventTime(tx.at + 60_000);
      timers.setProcessingTime(now() + 10_000);
    },
    onTimer(_at, { key, state, emit, domain }) {
      emit({ account: key, total: state.total.get() ?? 0, why: domain });
    },
  });
  checked.to("alerts", blackholeSink());
  checked.side.large.to("large", blackholeSink());
  const windows = transactions
    .window(tumbling("10s"))
    .lateOutput()
    .aggregate("sums", { n: count(), total: sum("amount") });
  windows.to("windows", blackholeSink());
  windows.side.late.to("late", blackholeSink());
});

const tx = (account: string, amount: number, at: number): TxRow => ({ account, amount, at });

describe("step by step", () => {
  test("rows, watermarks, timers of both times, windows, side outputs and state", async () => {
    await testPipeline(fraud, async (run) => {
      await run.send("transactions", tx("a", 150, 1000));
      assert.deepEqual(run.output("alerts"), []);
      assert.deepEqual(run.side("check", "large"), [tx("a", 150, 1000)]);
      assert.deepEqual(run.output("large"), run.side("check", "large"));
      await run.send("transactions", tx("a", 70, 2000));
      assert.deepEqual(run.newOutput("alerts"), [{ account: "a", total: 220, why: "total" }]);
      assert.deepEqual(run.newOutput("alerts"), []);

      assert.equal(await run.state("check", "total", "a"), 220);
      assert.deepEqual(await run.state("check", "amounts", "a"), [150, 70]);
      assert.deepEqual(await run.state("check", "byTime", "a"), new Map([[1000, 150], [2000, 70]])); // prettier-ignore
      assert.equal(await run.state("check", "total", "nobody"), undefined);

      const before = run.now();
      await run.advanceProcessingTime("9s");
      assert.deepEqual(run.newOutput("alerts"), []);
      await run.advanceProcessingTime("2s");
      assert.ok(run.now() - before >= 11_000 && run.now() - before < 11_100);
      assert.ok(run.newOutput<{ why: string }>("alerts").every(({ why }) => why === "processing-time"));

      assert.deepEqual(run.output("windows"), []);
      await run.watermark(9_999);
      assert.deepEqual(run.output("windows"), [{ key: "a", window: { start: 0, end: 10_000 }, n: 2, total: 220 }]);
      await run.send("transactions", tx("a", 1, 3000));
      assert.deepEqual(run.output("late"), [tx("a", 1, 3000)]);
      assert.deepEqual(run.side("sums", "late"), run.output("late"));
      await run.watermark(61_000);
      assert.deepEqual(run.newOutput<{ why: string }>("alerts").map(({ why }) => why), ["total", "event-time"]); // prettier-ignore
    });
  });

  test("the strategy's own watermarks count, too; the end fires what is left", async () => {
    await testPipeline(fraud, async (run) => {
      await run.sendAll("transactions", [tx("a", 1, 0), tx("b", 2, 20_000)]);
      assert.deepEqual(run.newOutput("windows"), [{ key: "a", window: { start: 0, end: 10_000 }, n: 1, total: 1 }]);
      await run.sendAll(
        "transactions",
        Array.from({ length: 150_000 }, () => tx("a", 1, 0)),
      );
      assert.equal(run.newOutput("late").length, 150_000);
      await run.end();
      assert.deepEqual(run.newOutput("windows"), [{ key: "b", window: { start: 20_000, end: 30_000 }, n: 1, total: 2 }]);
      await assert.rejects(run.send("transactions", tx("a", 1, 1)), /has ended/);
    });
  });

  test("goes on from a checkpoint at another parallelism", async () => {
    await testPipeline(
      fraud,
      async (run) => {
        for (const account of ["a", "b", "c", "d"]) await run.send("transactions", tx(account, 150, 1000));
        await run.restart({ parallelism: 3 });
        for (const account of ["a", "b", "c", "d"]) await run.send("transactions", tx(account, 60, 1001));
        assert.deepEqual(
          run.output<{ account: string; total: number }>("alerts").map(({ account, total }) => [account, total]),
          [["a", 210], ["b", 210], ["c", 210], ["d", 210]], // prettier-ignore
        );
        assert.equal(await run.state("check", "total", "c"), 210);
      },
      { parallelism: 2 },
    );
  });

  test("an error of the pipeline comes out of the step that caused it", async () => {
    const failing = pipeline("failing", (p) => {
      p.from("in", arraySource(Tx, [])).map((row) => { if (row.amount < 0) throw new RangeError("negative"); return row; }).to("out", blackholeSink()); // prettier-ignore
    });
    await testPipeline(failing, async (run) => {
      await run.send("in", tx("a", 1, 1));
      await assert.rejects(run.send("in", tx("a", -1, 1)), { code: "JOB_FAILED", message: /negative/ });
    });
  });

  test("names that do not exist are errors that say which do", async () => {
    await testPipeline(fraud, async (run) => {
      await assert.rejects(run.send("tx", {}), { code: "BAD_ARGUMENT", message: /has no source "tx"; it has "transactions"/ });
      assert.throws(() => run.output("alert"), {
        message: /"alert"; it has "alerts", "large", "windows", "late", "check.large", "sums.late"/,
      });
      await assert.rejects(run.state("check", "sum", "a"), { message: /no state "sum"; it declares "total", "amounts", "byTime"/ });
      await assert.rejects(run.state("sums", "total", "a"), { message: /no process function "sums"; there are "check"/ });
      await assert.rejects(run.watermark(Number.NaN), { code: "BAD_ARGUMENT" });
    });
  });
});

describe("whole inputs", () => {
  const transactions = Array.from({ length: 300 }, (_, index) => tx(`a${index % 7}`, (index * 37) % 160, index * 100));
  const sums = pipeline("sums", (p) => {
    p.from("transactions", arraySource(Tx, []), { eventTime: (row) => row.at, watermarks: boundedOutOfOrderness("3s") })
      .keyBy("account")
      .window(tumbling("5s"))
      .aggregate("sums", { n: count(), total: sum("amount") })
      .to("out", blackholeSink());
  });

  test("give the same rows at every parallelism, killed and restored, and shuffled within the bound", async () => {
    const result = await testPipeline(sums, { transactions }, { parallelism: [1, 2, 3], crashAt: [0.3, 0.7], shuffleWithin: "3s" });
    assert.equal(result.ways.length, 9);
    assert.equal(
      result.output<{ n: number }>("out").reduce((total, { n }) => total + n, 0),
      300,
    );
    assert.deepEqual(result.ways.slice(0, 3), [
      "parallelism 1",
      "parallelism 1, killed at 0.3 and 0.7",
      "parallelism 1, shuffled within 3000 ms",
    ]);
  });

  test("a pipeline that keeps something outside of its state is found by a kill, one that depends on the order by a shuffle", async () => {
    let seen = 0;
    const forgetful = pipeline("forgetful", (p) => {
      p.from("transactions", arraySource(Tx, [])).map(() => (seen += 1)).to("out", blackholeSink()); // prettier-ignore
    });
    await assert.rejects(testPipeline(forgetful, { transactions }, { crashAt: 0.5 }), { code: "VARIANTS_DIFFER" });
    const hasty = pipeline("hasty", (p) => {
      p.from("transactions", arraySource(Tx, []), { eventTime: (row) => row.at, watermarks: boundedOutOfOrderness("1s") })
        .keyBy("account").window(tumbling("5s")).aggregate("sums", { n: count() }).to("out", blackholeSink()); // prettier-ignore
    });
    await assert.rejects(testPipeline(hasty, { transactions }, { shuffleWithin: "10s" }), {
      code: "VARIANTS_DIFFER",
      message: /at "out" with parallelism 1, shuffled within 10000 ms/,
    });
  });

  test("options that cannot be are refused", async () => {
    await assert.rejects(testPipeline(sums, { transactions }, { crashAt: 2 }), { code: "BAD_ARGUMENT" });
    await assert.rejects(testPipeline(sums, { tx: [] }), { code: "BAD_ARGUMENT", message: /no source "tx"/ });
    await assert.rejects(testPipeline(fraud, {}), { code: "BAD_ARGUMENT", message: /no input for source "transactions"/ });
  });
});
