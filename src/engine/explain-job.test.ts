// Every cause for which nothing comes out, provoked in a running job on a simulated machine, is named with its number.
import assert from "node:assert/strict";
import { test } from "node:test";
import { collectSink } from "../connectors/memory/index.ts";
import { NO_TIMESTAMP } from "../schema/batch.ts";
import { BatchBuilder } from "../schema/batch-builder.ts";
import { t } from "../schema/t.ts";
import { count } from "../stream/aggregates.ts";
import type { Sink, Source } from "../stream/connector.ts";
import type { DataStream } from "../stream/data-stream.ts";
import { deadLetter } from "../stream/dead-letter.ts";
import type { DeadLetter } from "../stream/graph.ts";
import { pipeline } from "../stream/pipeline.ts";
import { boundedOutOfOrderness } from "../stream/watermarks.ts";
import { countWindow, session, tumbling } from "../stream/windows.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { ExplainError } from "./coordinator/explain-job.ts";
import { jobMetricsText } from "./coordinator/job-metrics-text.ts";
import type { Finding, Job, JobStatus } from "./coordinator/job-status.ts";
import { runJob, type RunJobOptions } from "./run-job.ts";

const Event = t.record("Event", { n: t.int(), at: t.timestamp() });
interface Event {
  readonly n: number;
  readonly at: number;
}

/** Gives the rows of each split, and then waits for ever. */
function openSource(splits: readonly (readonly Event[])[]): Source<Event> {
  return {
    connector: "open",
    type: Event.type,
    describe: () => null,
    create: () => ({
      continuous: true,
      discover: async () => splits.map((_, index) => ({ id: `s-${index}`, data: index })),
      async open({ data }) {
        const rows = splits[data as number]!;
        const builder = new BatchBuilder(Event.type, Math.max(1, rows.length));
        for (const row of rows) builder.append(row, NO_TIMESTAMP);
        let read = rows.length === 0;
        let wake: () => void = () => {};
        return {
          poll() {
            if (read) return undefined;
            read = true;
            return { batch: builder.finish(), offsets: undefined, poison: undefined };
          },
          available: () => (read ? new Promise<void>((resolve) => (wake = resolve)) : Promise.resolve()),
          position: () => ({ read }),
          atEnd: true,
          finished: false,
          stopAtEnd: async () => {},
          pending: 0,
          close: async () => wake(),
        };
      },
      close: async () => {},
    }),
  };
}

type Build = (stream: DataStream<Event>) => DataStream<unknown>;

/** What explain() says once `cause` is in it. */
async function explained(
  splits: readonly (readonly Event[])[],
  build: Build,
  cause: string,
  { stream, onStatus, ...options }: Partial<RunJobOptions> & { stream?: string; onStatus?: (status: JobStatus) => void } = {},
): Promise<{ readonly found: Finding; readonly all: readonly Finding[] }> {
  const made = pipeline("why", (p) => {
    const time = { eventTime: (e: Event) => e.at, watermarks: boundedOutOfOrderness("5s", { idleAfter: "1h" }) };
    build(p.from("in", openSource(splits), time)).to("out", collectSink());
  });
  const simulation = createSimulation(1);
  simulation.files.provideDirectory("/data");
  let all: readonly Finding[] = [];
  await simulation.run(async () => {
    const job: Job = await runJob(simulation.env(), { graph: made.graph(), statusIntervalMs: 10, restart: { kind: "none" }, ...options });
    const asked = stream === undefined ? {} : { stream };
    let stop = (): void => {};
    const look = (resolve: () => void, reject: (error: unknown) => void): void => {
      try {
        const now = job.explain(asked);
        if (!now.some((one) => one.cause === cause)) return;
        stop();
        onStatus?.(job.status());
        all = now;
        resolve();
      } catch (error) {
        reject(error);
      }
    };
    await new Promise<void>((resolve, reject) => {
      stop = job.onStatus(() => look(resolve, reject));
      job.finished.catch(() => look(resolve, reject));
    });
    await job.cancel();
    await job.finished.catch(() => {});
  });
  return { found: all.find((one) => one.cause === cause)!, all };
}

const at = (...seconds: readonly number[]): Event[] => seconds.map((second, n) => ({ n, at: second * 1000 }));
const windows: Build = (stream) =>
  stream
    .keyBy((e) => e.n % 2)
    .window(tumbling("1m"))
    .aggregate("per-minute", { n: count() });

test("no records", async () => {
  const { found } = await explained([[], []], (stream) => stream, "no-records");
  assert.deepEqual([found.operator, found.number], ["in", 0]);
  assert.match(found.text, /2 splits/);
});

test("all filtered, by which operator, how many", async () => {
  const none: Build = (stream) => stream.filter(() => true).filter((e) => e.n > 100, { name: "large" });
  const { found, all } = await explained([at(1, 2, 3)], none, "all-filtered");
  assert.deepEqual([found.operator, found.number], ["large", 3]);
  assert.ok(!all.some(({ cause }) => cause === "no-records"));
});

test("a window that is open: its end and how far the watermark is from it", async () => {
  const { found } = await explained([at(1, 20)], windows, "waiting-for-event-time");
  assert.equal(found.operator, "per-minute");
  // The window's last millisecond is 59,999; the watermark 20,000 − 5,000 − 1.
  assert.equal(found.number, 59_999 - 14_999);
  assert.match(found.text, /1970-01-01T00:00:59.999Z/);
});

test("a window that has ended and waits for late elements", async () => {
  const final: Build = (stream) =>
    stream.keyBy("n").window(tumbling("1m")).allowedLateness("30s", { emit: "final" }).aggregate("per-minute", { n: count() });
  const { found, all } = await explained([at(1, 70)], final, "waiting-for-lateness");
  // The watermark is 70,000 − 5,000 − 1; the lateness of the first window ends with 89,999.
  assert.deepEqual([found.operator, found.number], ["per-minute", 89_999 - 64_999]);
  assert.match(found.text, /has ended at 1970-01-01T00:00:59\.999Z and takes late elements for 30000 ms/);
  assert.ok(!all.some(({ cause }) => cause === "waiting-for-event-time"));
});

test("sessions and timers that wait: when the first of them really fires", async () => {
  const sessions: Build = (stream) =>
    stream
      .keyBy(() => "one", t.string())
      .window(session("1m"))
      .aggregate("visits", { n: count() });
  // 1, 20 and 40 s are one session, which ends at 100 s; the watermark is 40,000 − 5,000 − 1.
  const { found } = await explained([at(1, 20, 40)], sessions, "waiting-for-event-time");
  assert.deepEqual([found.operator, found.number], ["visits", 99_999 - 34_999]);
  const timers: Build = (stream) =>
    stream.keyBy("n").process("alarms", {
      output: t.int(),
      onElement(e, { timers: own }) {
        own.setEventTime(e.at + 70_000);
        if (e.n === 0) own.deleteEventTime(e.at + 70_000);
      },
      onTimer: () => undefined,
    });
  const { found: alarm } = await explained([at(1, 20, 40)], timers, "waiting-for-event-time");
  assert.deepEqual([alarm.operator, alarm.number], ["alarms", 90_000 - 34_999]);
});

test("windows whose trigger waits for more elements: how many", async () => {
  const tens: Build = (stream) => stream.keyBy("n").window(countWindow(10)).aggregate("tens", { n: count() });
  const { found } = await explained([at(1, 20)], tens, "waiting-for-trigger");
  assert.deepEqual([found.operator, found.number], ["tens", 2]);
  assert.match(found.text, /"tens" has 2 open windows that no watermark ends/);
});

test("a watermark that one split holds", async () => {
  const { found, all } = await explained([at(1, 200), at(2, 10), []], windows, "watermark-held");
  assert.match(found.text, /s-2/);
  assert.match(found.text, /no watermark yet/);
  assert.equal(all[0], found);
  const two = await explained([at(1, 200), at(2, 10)], windows, "watermark-held");
  assert.match(two.found.text, /s-1/);
  assert.equal(two.found.number, 190_000);
});

test("dropped late, how many", async () => {
  const { found } = await explained([at(1, 200, 2, 3)], windows, "dropped-late");
  assert.deepEqual([found.operator, found.number], ["per-minute", 2]);
  // 194,999 − 2,000; the samples are the late elements themselves.
  assert.match(found.text, /the worst 192999 ms behind the watermark/);
  assert.match(found.text, /\{"n":2,"at":2000\} of 1970-01-01T00:00:02\.000Z/);
});

test("errors that became dead letters", async () => {
  const letters = collectSink<DeadLetter>();
  const failing: Build = (stream) =>
    stream.map(
      (e) => {
        if (e.n < 2) throw new Error("broken");
        return e;
      },
      { name: "careful", onError: deadLetter(letters) },
    );
  const { found } = await explained([at(1, 2, 3)], failing, "dead-lettered");
  assert.equal(found.number, 2);
  assert.match(
    found.text,
    /has failed for 2 of \d elements, which are dead letters; the last error was Error: broken \(.*explain-job\.test\.ts:\d+:\d+\)/,
  );
});

test("errors that were skipped", async () => {
  const failing: Build = (stream) =>
    stream.map(
      (e) => {
        if (e.n > 0) throw new Error("no");
        return e;
      },
      { name: "parse", onError: "skip" },
    );
  const { found } = await explained([at(1, 2, 3)], failing, "skipped");
  assert.equal(found.number, 2);
});

test("answers that have not come", async () => {
  const asking: Build = (stream) =>
    stream.mapAsync("ask", (e) => (e.n === 0 ? Promise.resolve(e) : new Promise<Event>(() => {})), { capacity: 10, timeout: "1h" });
  const { found } = await explained([at(1, 2, 3)], asking, "waiting-for-answers");
  assert.equal(found.operator, "ask");
  assert.ok(found.number > 0);
});

test("a sink that does not take more", async () => {
  const slow: Sink<unknown> = {
    connector: "slow",
    type: undefined,
    describe: () => null,
    create: ({ env }) => ({
      recover: async () => {},
      writer: async () => ({
        write: () => false,
        ready: () => new Promise<void>((resolve) => void env.timers.after(1000, resolve)),
        prepare: async () => [],
        commit: async () => {},
        failed: new Promise<never>(() => {}),
        close: async () => {},
      }),
      close: async () => {},
    }),
  };
  const { found } = await explained([at(1, 2, 3)], (stream) => (stream.to("slow", slow), stream), "backpressured");
  assert.ok(found.number >= 50 && found.number <= 100, found.text);
});

test("metrics have Flink's names, of each operator", async () => {
  let text = "";
  await explained([at(1, 20, 200, 2)], windows, "dropped-late", { onStatus: (status) => (text = jobMetricsText([status])) });
  for (const line of [
    "# TYPE flink_taskmanager_job_task_operator_numRecordsIn counter\n",
    'flink_taskmanager_job_task_operator_numRecordsIn{job_name="why",operator_name="per-minute",subtask_index="0"} 4\n',
    'flink_taskmanager_job_task_operator_numLateRecordsDropped{job_name="why",operator_name="per-minute",subtask_index="0"} 1\n',
    'flink_taskmanager_job_task_operator_currentOutputWatermark{job_name="why",operator_name="per-minute",subtask_index="0"} 194999\n',
    'flink_taskmanager_job_task_idleTimeMsPerSecond{job_name="why",operator_name="in",subtask_index="0"} ',
    'flink_taskmanager_job_task_operator_currentInputWatermark{job_name="why",operator_name="per-minute",subtask_index="0"} 194999\n',
    'flink_taskmanager_job_task_operator_numOpenWindows{job_name="why",operator_name="per-minute",subtask_index="0"} 1\n',
    'flink_taskmanager_job_task_operator_stateBytes{job_name="why",operator_name="per-minute",subtask_index="0"} ',
    'flink_taskmanager_job_task_operator_pendingRecords{job_name="why",operator_name="in",split="s-0"} 0\n',
    'flink_taskmanager_job_task_operator_split_watermark_currentWatermark{job_name="why",operator_name="in",split="s-0"} 194999\n',
  ])
    assert.ok(text.includes(line), `${line} in ${text}`);
});

test("records that wait for a checkpoint", async () => {
  const options = { checkpoints: { dir: "/data/checkpoints", everyMs: 3_600_000 } };
  const { found } = await explained([at(1, 2, 3)], (stream) => stream, "waiting-for-checkpoint", options);
  assert.equal(found.number, 3);
});

test("a job that has not reported yet", async () => {
  const { all } = await explained([at(1)], windows, "not-reported", { stream: "per-minute" });
  assert.equal(all.length, 1);
});

test("a job that has failed", async () => {
  const failing: Build = (stream) =>
    stream.map(() => {
      throw new Error("broken");
    });
  const { found } = await explained([at(1)], failing, "not-running");
  assert.match(found.text, /failed.*broken/);
});

test("one stream is asked about: others do not answer, and one that is not there is an error", async () => {
  const { all } = await explained([at(1, 200, 2)], windows, "dropped-late", { stream: "per-minute" });
  assert.ok(all.every(({ operator }) => operator === "per-minute" || operator === "in" || operator === undefined));
  await assert.rejects(explained([at(1)], windows, "no-records", { stream: "nowhere" }), ExplainError);
});
