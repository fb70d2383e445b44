// Event time is whole milliseconds: what a lambda, an array's timestamp or a paced generator leaves of a fraction is cut off, so that window
// bounds stay timestamps.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { arraySource, functionSink, generatorSource } from "../connectors/memory/index.ts";
import { t } from "../schema/t.ts";
import { count } from "../stream/aggregates.ts";
import { pipeline, type PipelineBuilder } from "../stream/pipeline.ts";
import { boundedOutOfOrderness } from "../stream/watermarks.ts";
import type { Source } from "../stream/connector.ts";
import type { DataStream } from "../stream/data-stream.ts";
import { session } from "../stream/windows.ts";
import { collectRows, start } from "./index.ts";

const Reading = t.record("Reading", { sensor: t.string(), seconds: t.double() });
const readings = [1.1, 1.16, 2.3, -0.0005].map((seconds) => ({ sensor: "a", seconds }));
const rowsOf = <T>(build: (p: PipelineBuilder) => DataStream<T>): Promise<T[]> => collectRows(build);
const watermarks = boundedOutOfOrderness("10s");

test("seconds times 1,000 are event time, though they leave fractions", async () => {
  const rows = await rowsOf((p) =>
    p
      .from("in", arraySource(Reading, readings), { eventTime: ({ seconds }) => seconds * 1000, watermarks })
      .keyBy("sensor")
      .window(session("100ms"))
      .aggregate("sessions", { n: count() })
      .map(({ window, n }) => ({ start: window.start, end: window.end, n })),
  );
  assert.deepEqual(rows, [
    { start: -1, end: 99, n: 1 },
    { start: 1100, end: 1260, n: 2 },
    { start: 2300, end: 2400, n: 1 },
  ]);
});

test("timestamps of sources are cut to milliseconds, too", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "millrace-fractions-"));
  after(() => rmSync(dataDir, { recursive: true }));
  const times = (source: Source<{ sensor: string; seconds: number }>): Promise<number[]> =>
    rowsOf((p) =>
      p.from("in", source, { watermarks }).process("times", { output: t.long(), onElement: (_row, ctx) => ctx.emit(ctx.timestamp!) }),
    );
  assert.deepEqual(await times(arraySource(Reading, readings, { timestamp: ({ seconds }) => seconds * 1000 })), [1100, 1160, 2300, -1]);
  const generated: number[] = [];
  const paced = generatorSource(Reading, { row: (at) => ({ sensor: "a", seconds: at }), count: 20, ratePerSecond: 3000 });
  const job = await start(
    pipeline("paced", (p) =>
      p.from("in", paced).to(
        "out",
        functionSink((_row, time) => generated.push(time!)),
      ),
    ),
    { dataDir, logger: { log() {} } },
  );
  await job.finished;
  assert.equal(generated.length, 20);
  assert.deepEqual(generated, generated.map(Math.trunc));
});
