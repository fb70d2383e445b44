// start(): one call from a pipeline to a durable, exactly-once job, with its own broker if it needs one.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createClient } from "../client/index.ts";
import { kafkaSink } from "../connectors/kafka/kafka-sink.ts";
import { kafkaSource } from "../connectors/kafka/kafka-source.ts";
import { topic } from "../connectors/kafka/topic.ts";
import { arraySource } from "../connectors/memory/array-source.ts";
import { collectSink } from "../connectors/memory/collect-sink.ts";
import { generatorSource } from "../connectors/memory/generator-source.ts";
import { JobFailedError } from "../engine/coordinator/job-failure.ts";
import { t } from "../schema/t.ts";
import { pipeline } from "../stream/pipeline.ts";
import { valueState } from "../stream/state.ts";
import { start } from "./start.ts";

const scratch = mkdtempSync(join(tmpdir(), "millrace-start-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
let directories = 0;
const options = () => ({ dataDir: join(scratch, String(directories++)), checkpoints: { every: "50ms" }, logger: { log() {} } }) as const;
const Row = t.record("Row", { id: t.int() });

test("a bounded pipeline in this thread: await its end, read what came out", async () => {
  const out = collectSink(Row);
  const rows = Array.from({ length: 2500 }, (_, id) => ({ id }));
  const job = await start(
    pipeline("bounded", (p) => p.from("rows", arraySource(Row, rows)).to("out", out)),
    options(),
  );
  const result = await job.finished;
  assert.equal(result.state, "finished");
  assert.equal(job.brokers, undefined);
  assert.deepEqual(out.rows, rows);
});

test("`await using` stops with a final checkpoint, and the next start goes on behind it", async () => {
  const out = collectSink(Row);
  const endless = () =>
    pipeline("endless", (p) => p.from("rows", generatorSource(Row, { ratePerSecond: 5000, row: (id) => ({ id }) })).to("out", out));
  const given = options();
  for (let life = 1; life <= 2; life++) {
    const before = out.rows.length;
    await using job = await start(endless(), given);
    await new Promise<void>((resolve) => void out.onCommit(() => out.rows.length > before + 100 && resolve()));
    assert.equal(job.status().state, "running");
  }
  assert.deepEqual(
    out.rows.map(({ id }) => id),
    Array.from({ length: out.rows.length }, (_, id) => id),
  );
});

test("an aborted signal cancels the job at once", async () => {
  const abort = new AbortController();
  const out = collectSink(Row);
  const job = await start(
    pipeline("aborted", (p) => p.from("rows", generatorSource(Row, { ratePerSecond: 100, row: (id) => ({ id }) })).to("out", out)),
    { ...options(), signal: abort.signal },
  );
  abort.abort();
  assert.equal((await job.finished).state, "canceled");
  await assert.rejects(
    start(
      pipeline("late", (p) => p.from("rows", arraySource(Row, [])).to("out", collectSink())),
      { ...options(), signal: abort.signal },
    ),
    /abort/i,
  );
});

test("a failed job says where: operator, key, split, offset, and the user's own error", async () => {
  const job = await start(
    pipeline("failing", (p) => {
      p.from(
        "rows",
        arraySource(
          Row,
          Array.from({ length: 100 }, (_, id) => ({ id })),
        ),
      )
        .keyBy("id")
        .process("picky", {
          output: Row,
          state: { seen: valueState(t.boolean()) },
          onElement(row) {
            if (row.id === 42) throw new RangeError("not this one");
          },
        })
        .to("out", collectSink());
    }),
    { ...options(), restart: { kind: "none" } },
  );
  const error: unknown = await job.finished.catch((reason: unknown) => reason);
  assert.ok(error instanceof JobFailedError);
  assert.equal(error.operator, "picky");
  assert.equal(error.key, "42");
  assert.equal(error.topic, "array");
  assert.equal(error.offset, 42);
  assert.match((error.cause as Error).stack!, /start\.e2e\.test\.ts/);
});

test("a pipeline over topics gets a broker of its own, from which a client reads the output exactly once", async () => {
  const numbers = topic("numbers", Row);
  const doubled = topic("doubled", Row);
  const made = pipeline("topics", (p) => {
    p.from("numbers", kafkaSource(numbers))
      .map((row) => ({ id: row.id * 2 }))
      .to("doubled", kafkaSink(doubled));
  });
  await using job = await start(made, options());
  assert.match(job.brokers!, /^127\.0\.0\.1:\d+$/);
  const client = createClient({ brokers: job.brokers! });
  const producer = client.producer();
  for (let id = 0; id < 500; id++) void producer.send({ topic: "numbers", value: JSON.stringify({ id }) });
  await producer.flush();
  const consumer = client.consumer({ groupId: "readers" });
  consumer.subscribe(["doubled"]);
  const got: number[] = [];
  for await (const batch of consumer) {
    for (const { value } of batch.records) got.push((JSON.parse(new TextDecoder().decode(value!)) as { id: number }).id);
    if (got.length >= 500) break;
  }
  assert.deepEqual(
    got,
    Array.from({ length: 500 }, (_, id) => id * 2),
  );
  await consumer.close();
  await client.close();
});

test("a call without a data directory is told what to give", async () => {
  const made = pipeline("numbers", (p) => p.from("in", arraySource(Row, [{ id: 1 }])).to("out", collectSink(Row)));
  const expected = { code: "DATA_MISSING", message: /start\(pipeline, \{ dataDir: "\.millrace" \}\)/ };
  for (const given of [undefined, {}, { dataDir: "" }]) await assert.rejects(start(made, given as never), expected);
});
