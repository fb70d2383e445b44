// collectRows: a bounded run of a pipeline, whose result is that of the stream.
import assert from "node:assert/strict";
import { test } from "node:test";
import { arraySource } from "../connectors/memory/array-source.ts";
import { functionSink } from "../connectors/memory/function-sink.ts";
import { generatorSource } from "../connectors/memory/generator-source.ts";
import { JobFailedError } from "../engine/coordinator/job-failure.ts";
import { t } from "../schema/t.ts";
import { count, sum } from "../stream/aggregates.ts";
import { monotonousTimestamps } from "../stream/watermarks.ts";
import { tumbling } from "../stream/windows.ts";
import { collectRows } from "./index.ts";

const Sale = t.record("Sale", { shop: t.string(), amount: t.double(), at: t.timestamp() });
const sales = [
  { shop: "a", amount: 3, at: 1000 },
  { shop: "b", amount: 4, at: 2000 },
  { shop: "a", amount: 5, at: 3000 },
  { shop: "a", amount: 6, at: 61_000 },
];

test("every window of bounded input is there, once", async () => {
  for (const parallelism of [1, 4]) {
    const rows = await collectRows(
      (p) =>
        p
          .from("sales", arraySource(Sale, sales), { eventTime: (sale) => sale.at, watermarks: monotonousTimestamps() })
          .keyBy("shop")
          .window(tumbling("1m"))
          .aggregate("per-minute", { n: count(), total: sum("amount") }),
      { parallelism },
    );
    const first: { readonly key: string; readonly n: number; readonly total: number } = rows[0]!;
    assert.ok(first.n >= 1);
    assert.deepEqual(rows.map(({ key, window, n, total }) => `${key} ${window.start} ${n} ${total}`).toSorted(), [
      "a 0 2 8",
      "a 60000 1 6",
      "b 0 1 4",
    ]);
  }
});

test("a source without an end is read to where it ends now", async () => {
  const rows = await collectRows((p) => p.from("rows", generatorSource(t.int(), { row: (n) => n, ratePerSecond: 1000 })));
  assert.deepEqual(rows, []);
});

test("other outputs of the pipeline go where they go", async () => {
  const seen: number[] = [];
  const rows = await collectRows((p) => {
    const numbers = p.from("rows", arraySource(t.int(), [1, 2, 3]));
    numbers.to("seen", functionSink((n) => void seen.push(n))); // prettier-ignore
    return numbers.map((n) => n * 2);
  });
  assert.deepEqual([rows, seen], [[2, 4, 6], [1, 2, 3]]); // prettier-ignore
});

test("an error in user code, and an abort, reject", async () => {
  const failing = collectRows((p) =>
    p.from("rows", arraySource(t.int(), [1])).map(() => {
      throw new RangeError("no");
    }),
  );
  await assert.rejects(failing, JobFailedError);
  const stop = new AbortController();
  const endless = collectRows(
    (p) =>
      p
        .from("rows", arraySource(t.int(), [1]))
        .mapAsync("wait", () => (stop.abort(new Error("enough")), new Promise<number>(() => {})), { capacity: 1, timeout: "1h" }),
    { signal: stop.signal },
  );
  await assert.rejects(endless, /enough/);
});
