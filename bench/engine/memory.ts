// Memory of what waits: bytes per open window and per timer, as the growth of the process (heap and buffers, after a collection) while a
// subtask is fed by hand with a window or a timer per key, 1,000,000 of them, none of which ends. Prints one JSON line for each kind.
// Needs --expose-gc.
import { count, monotonousTimestamps, pipeline, session, sliding, sum, t, tumbling, type PipelineBuilder, type Sink } from "millrace";
import { generatorSource } from "../../src/connectors/memory/index.ts";
import { buildJobGraph } from "../../src/engine/job-graph-builder.ts";
import { createSubtask } from "../../src/engine/subtask/create-subtask.ts";
import type { Subtask, SubtaskOutput } from "../../src/engine/subtask/subtask.ts";
import { createBatch } from "../../src/schema/columns.ts";

const KEYS = 1_000_000;
const ROWS = 1024;
const START_MS = 1_700_000_000_000;
const HOUR_MS = 3_600_000;

const Row = t.record("Row", { key: t.long(), value: t.double() });
const Out = t.record("Out", { key: t.long() });
const sink: Sink<unknown> = {
  connector: "none",
  type: undefined,
  describe: () => null,
  create: () => {
    throw new Error("never opened");
  },
};

const rows = (p: PipelineBuilder) =>
  p.from("rows", generatorSource(Row, { count: 0, columns: () => undefined }), { watermarks: monotonousTimestamps() }).keyBy("key");
const aggregates = { n: count(), total: sum("value") };

/** By what is counted: how many of it a key has, and the pipeline. */
const KINDS: Readonly<Record<string, { readonly perKey: number; build(p: PipelineBuilder): void }>> = {
  "tumbling-window": { perKey: 1, build: (p) => void rows(p).window(tumbling("1h")).aggregate("held", aggregates).to("out", sink) },
  "sliding-window": { perKey: 5, build: (p) => void rows(p).window(sliding("10h", "2h")).aggregate("held", aggregates).to("out", sink) },
  "session-window": { perKey: 1, build: (p) => void rows(p).window(session("1h")).aggregate("held", aggregates).to("out", sink) },
  timer: {
    perKey: 1,
    build: (p) =>
      void rows(p)
        .process("held", {
          output: Out,
          onElement(row, ctx) {
            ctx.timers.setEventTime(START_MS + HOUR_MS + row.key);
          },
          onTimer: () => undefined,
        })
        .to("out", sink),
  },
};

function subtasksOf(build: (p: PipelineBuilder) => void): readonly Subtask[] {
  const graph = pipeline("memory", (p) => void build(p)).graph();
  const { tasks } = buildJobGraph(graph, { parallelism: 1, maxParallelism: 128 });
  const subtasks: Subtask[] = tasks.map((task) => {
    const out: SubtaskOutput = {
      data: (output, _target, batch) => {
        const { target } = task.outputs[output]!;
        if (target.kind === "task") subtasks[target.task]!.data(target.port, batch);
      },
      watermark: () => undefined,
      status: () => undefined,
    };
    return createSubtask(task, { index: 0, parallelism: 1, maxParallelism: 128, jobName: "memory", now: () => 0 }, out);
  });
  for (const subtask of subtasks) subtask.start(0);
  subtasks[0]!.split("rows-0", "active");
  return subtasks;
}

function usedBytes(): number {
  globalThis.gc!();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function feed(subtasks: readonly Subtask[], keys: number): void {
  const batch = createBatch(Row.type, ROWS);
  const column = (batch.columns[0] as { values: Float64Array }).values;
  const offsets = new Float64Array(ROWS);
  batch.timestamps.fill(START_MS);
  for (let first = 0; first < keys; first += ROWS) {
    batch.rows = Math.min(ROWS, keys - first);
    for (let row = 0; row < batch.rows; row++) column[row] = first + row;
    subtasks[0]!.sourceData("rows-0", { batch, offsets, poison: undefined });
    subtasks[0]!.flush();
  }
}

for (const [kind, { perKey, build }] of Object.entries(KINDS)) {
  const subtasks = subtasksOf(build);
  feed(subtasks, ROWS);
  const before = usedBytes();
  feed(subtasks, KEYS);
  const bytes = usedBytes() - before;
  for (const subtask of subtasks) subtask.close();
  const each = Math.round(bytes / (KEYS * perKey));
  console.log(
    JSON.stringify({ case: "memory", of: kind, keys: KEYS, held: KEYS * perKey, bytesPerKey: Math.round(bytes / KEYS), bytesEach: each }),
  );
}
