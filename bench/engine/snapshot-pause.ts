// How long a barrier stops a subtask that holds 1 M keys with a value each, 640,000 timers and 640,000 map entries, and what the first
// touches after it cost: a keyed process function is fed by hand, frame by frame, before, at and after the barrier. Prints one JSON line:
// pauseMs = barrier(); batchMs = mean of a batch of 1,024 random keys before it; slowestBatchMs, slowedBatches (more than 3 ms above the
// mean) = while the snapshot is open and drained at 2 ms between batches, as a host does; drainMs = until all is encoded. All times are
// CPU time of this thread, which others on the machine do not lengthen.
import { mapState, pipeline, t, valueState, type Sink } from "millrace";
import { generatorSource } from "../../src/connectors/memory/index.ts";
import { buildJobGraph } from "../../src/engine/job-graph-builder.ts";
import { createSubtask } from "../../src/engine/subtask/create-subtask.ts";
import type { Subtask, SubtaskOutput } from "../../src/engine/subtask/subtask.ts";
import { createBatch } from "../../src/schema/columns.ts";

const KEYS = 1_000_000;
const SHARE = 0.64;
const ROWS = 1024;
const DRAIN_MS = 2;
const ROUNDS = 5;

const Row = t.record("Row", { key: t.long(), value: t.double() });
const sink: Sink<unknown> = {
  connector: "none",
  type: undefined,
  describe: () => null,
  create: () => {
    throw new Error("never opened");
  },
};

const graph = pipeline("snapshot-pause", (p) => {
  p.from("rows", generatorSource(Row, { count: 0, columns: () => undefined }))
    .keyBy("key")
    .process("held", {
      output: Row,
      state: { sum: valueState(t.double()), seen: mapState(t.long(), t.double()) },
      onElement(row, ctx) {
        ctx.state.sum.set((ctx.state.sum.get() ?? 0) + row.value);
        if (row.key >= KEYS * SHARE) return;
        ctx.state.seen.set(row.key % 16, row.value);
        ctx.timers.setEventTime(1_000_000_000 + row.key);
      },
      onTimer: () => undefined,
    })
    .to("out", sink);
}).graph();

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
  const context = { index: 0, parallelism: 1, maxParallelism: 128, jobName: "snapshot-pause", now: () => 0 };
  return createSubtask(task, context, out);
});
for (const subtask of subtasks) subtask.start(0);
subtasks[0]!.split("rows-0", "active");

const batch = createBatch(Row.type, ROWS);
const keys = (batch.columns[0] as { values: Float64Array }).values;
const values = (batch.columns[1] as { values: Float64Array }).values;
const offsets = new Float64Array(ROWS);
let random = 1;

function now(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function feed(keyOf: (row: number) => number, rows = ROWS): number {
  const since = now();
  for (let row = 0; row < rows; row++) {
    keys[row] = keyOf(row);
    values[row] = row;
  }
  batch.rows = rows;
  subtasks[0]!.sourceData("rows-0", { batch, offsets, poison: undefined });
  subtasks[0]!.flush();
  return now() - since;
}

function randomKey(): number {
  random = (Math.imul(random, 1664525) + 1013904223) | 0;
  return (random >>> 0) % KEYS;
}

for (let first = 0; first < KEYS; first += ROWS) feed((row) => first + row, Math.min(ROWS, KEYS - first));
for (let warm = 0; warm < 500; warm++) feed(randomKey);

const rounds = Array.from({ length: ROUNDS }, (_, round) => {
  let before = 0;
  for (let each = 0; each < 200; each++) before += feed(randomKey) / 200;
  const since = now();
  const cursor = subtasks.at(-1)!.barrier(round);
  const pauseMs = now() - since;
  let slowestBatchMs = 0;
  let slowedBatches = 0;
  let bytes = 0;
  for (let open = true; open;) {
    const ms = feed(randomKey);
    slowestBatchMs = Math.max(slowestBatchMs, ms);
    if (ms > before + 3) slowedBatches++;
    for (const until = now() + DRAIN_MS; open && now() < until;) {
      const chunk = cursor.next();
      if (chunk === undefined) open = false;
      else bytes += chunk.bytes.length;
    }
  }
  const drainMs = now() - since;
  subtasks.at(-1)!.checkpointDone(round);
  return { pauseMs, batchMs: before, slowestBatchMs, slowedBatches, drainMs, bytes };
});

const median = (of: (round: (typeof rounds)[number]) => number): number =>
  Math.round(rounds.map(of).toSorted((a, b) => a - b)[ROUNDS >> 1]! * 100) / 100;
console.log(
  JSON.stringify({
    case: "snapshot-pause",
    keys: KEYS,
    timers: KEYS * SHARE,
    mapEntries: KEYS * SHARE,
    pauseMs: median((round) => round.pauseMs),
    maxPauseMs: Math.round(Math.max(...rounds.map(({ pauseMs }) => pauseMs)) * 100) / 100,
    batchMs: median((round) => round.batchMs),
    slowestBatchMs: median((round) => round.slowestBatchMs),
    slowedBatches: median((round) => round.slowedBatches),
    drainMs: median((round) => round.drainMs),
    snapshotMb: median((round) => round.bytes / 1e6),
    rssMb: Math.round(process.resourceUsage().maxRSS / 1024),
  }),
);
