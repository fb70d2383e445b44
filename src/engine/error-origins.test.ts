// Behind any number of exchanges, a failing element still says which record it came from: in dead letters and in the error that ends a job.
import assert from "node:assert/strict";
import { test } from "node:test";
import { collectSink } from "../connectors/memory/collect-sink.ts";
import { arraySource } from "../connectors/memory/array-source.ts";
import { t } from "../schema/t.ts";
import { count } from "../stream/aggregates.ts";
import { deadLetter } from "../stream/dead-letter.ts";
import type { DeadLetter } from "../stream/graph.ts";
import { pipeline, type PipelineBuilder } from "../stream/pipeline.ts";
import { boundedOutOfOrderness } from "../stream/watermarks.ts";
import { tumbling } from "../stream/windows.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { JobFailedError } from "./coordinator/job-failure.ts";
import { runJob } from "./run-job.ts";

const Row = t.record("Row", { n: t.int(), key: t.string(), at: t.timestamp() });
const rows = Array.from({ length: 3000 }, (_, n) => ({ n, key: `k${n % 13}`, at: n }));

/** Throws at every hundredth element, named by its number, which is its offset. */
function explode(n: number): void {
  if (n % 100 === 99) throw new RangeError(`element ${n}`);
}

function stages(p: PipelineBuilder, onError: "fail" | "skip" | ReturnType<typeof deadLetter>) {
  return p
    .from("rows", arraySource(Row, rows), { eventTime: (row) => row.at, watermarks: boundedOutOfOrderness(0) })
    .rebalance()
    .map((row) => row, { name: "through" })
    .returns(Row)
    .filter((row) => row.n % 2 === 1)
    .keyBy("key")
    .process("check", {
      output: Row,
      onError,
      onElement(row, { emit, timers, timestamp }) {
        if (row.n === 1501) timers.setEventTime(timestamp + 5);
        explode(row.n);
        emit(row);
      },
      onTimer() {
        throw new RangeError("a timer");
      },
    });
}

async function run(build: (p: PipelineBuilder) => undefined, parallelism: number, codegen: "auto" | "off") {
  const simulation = createSimulation(3);
  const made = pipeline("origins", build);
  await simulation.run(async () => {
    const job = await runJob(simulation.env(), { graph: made.graph(), parallelism, codegen, restart: { kind: "none" } });
    await job.finished;
  });
}

for (const codegen of ["auto", "off"] as const)
  for (const parallelism of [1, 4]) {
    const how = `parallelism ${parallelism}, ${codegen === "off" ? "interpreted" : "generated"}`;

    test(`dead letters behind two exchanges have their record's split and offset (${how})`, async () => {
      const letters = collectSink<DeadLetter>();
      await run((p) => stages(p, deadLetter(letters)).to("out", collectSink()), parallelism, codegen);
      const failed = letters.rows.filter(({ error }) => error !== "RangeError: a timer");
      assert.deepEqual(
        failed.map(({ offset }) => offset).toSorted((a, b) => a - b),
        Array.from({ length: 30 }, (_, index) => index * 100 + 99),
      );
      for (const { operator, error, offset, value, key, topic, place } of failed) {
        assert.equal(operator, "check");
        assert.match(place!, /^\/.*error-origins\.test\.ts:\d+:\d+$/);
        assert.equal(error, `RangeError: element ${offset}`);
        assert.equal((JSON.parse(value) as { n: number }).n, offset);
        assert.equal(key, JSON.stringify(`k${offset % 13}`));
        assert.notEqual(topic, "");
      }
      // A timer comes from no record.
      assert.deepEqual(
        letters.rows
          .filter(({ error }) => error === "RangeError: a timer")
          .map(({ topic, partition, offset }) => ({ topic, partition, offset })),
        [{ topic: "", partition: -1, offset: -1 }],
      );
    });

    test(`a job that fails behind two exchanges names operator, key, record and the user's line (${how})`, async () => {
      await assert.rejects(
        run((p) => stages(p, "fail").to("out", collectSink()), parallelism, codegen),
        (error) => {
          assert.ok(error instanceof JobFailedError);
          assert.equal(error.operator, "check");
          assert.equal(typeof error.offset, "number");
          assert.equal(error.offset! % 100, 99);
          assert.equal(error.key, JSON.stringify(`k${error.offset! % 13}`));
          assert.match(error.message, new RegExp(`in "check" at key "k\\d+", record .*@${error.offset}: element ${error.offset}`));
          assert.match(error.message, /: element \d+ \(\/.*error-origins\.test\.ts:\d+:\d+\)$/);
          assert.match((error.cause as Error).stack!, /error-origins\.test\.ts:\d+/);
          return true;
        },
      );
    });
  }

test("what a window sends comes from no single record", async () => {
  const letters = collectSink<DeadLetter>();
  await run(
    (p) => {
      stages(p, "skip")
        .keyBy("key")
        .window(tumbling(1000))
        .aggregate("counts", { n: count() })
        .map(
          () => {
            throw new Error("after the window");
          },
          { onError: deadLetter(letters) },
        )
        .to("out", collectSink());
    },
    4,
    "auto",
  );
  assert.ok(letters.rows.length > 0);
  assert.ok(letters.rows.every(({ topic, partition, offset }) => topic === "" && partition === -1 && offset === -1));
});

test("an answer that fails behind an exchange says for which record it was asked", async () => {
  for (const parallelism of [1, 4])
    for (const ordered of [true, false]) {
      const letters = collectSink<DeadLetter>();
      const ask = async (row: { readonly n: number }): Promise<number> => {
        await Promise.resolve();
        explode(row.n);
        return row.n;
      };
      await run(
        (p) =>
          p
            .from("rows", arraySource(Row, rows))
            .rebalance()
            .mapAsync("ask", ask, { capacity: 20, timeout: "1h", ordered, onError: deadLetter(letters) })
            .map(
              (n) => {
                if (n % 100 === 98) throw new RangeError(`element ${n}`);
                return n;
              },
              { onError: deadLetter(letters) },
            )
            .to("out", collectSink()),
        parallelism,
        "auto",
      );
      assert.deepEqual(
        letters.rows.map(({ offset }) => offset).toSorted((a, b) => a - b),
        Array.from({ length: 60 }, (_, index) => Math.floor(index / 2) * 100 + 98 + (index % 2)),
      );
      for (const { error, offset, place } of letters.rows) {
        assert.equal(error, `RangeError: element ${offset}`);
        assert.match(place!, /error-origins\.test\.ts:\d+:\d+$/);
      }
    }
});
