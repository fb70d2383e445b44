// A window's function has what other functions have: side outputs, metrics, its subtask, open() and close(); and these live through kills.
import assert from "node:assert/strict";
import { test } from "node:test";
import { arraySource } from "../../connectors/memory/array-source.ts";
import { collectSink } from "../../connectors/memory/collect-sink.ts";
import { t } from "../../schema/t.ts";
import { pipeline, type PipelineBuilder } from "../../stream/pipeline.ts";
import { PipelineError } from "../../stream/pipeline-error.ts";
import { boundedOutOfOrderness } from "../../stream/watermarks.ts";
import { session, tumbling } from "../../stream/windows.ts";
import { createSimulation } from "../../testing/simulation/simulation.ts";
import { runLives, sortedText } from "../fixtures/lives.ts";
import { runJob } from "../run-job.ts";

const Event = t.record("Event", { key: t.string(), n: t.int(), at: t.timestamp() });
const events = Array.from({ length: 200 }, (_, i) => ({ key: "abcde"[i % 5]!, n: (i * 37) % 23, at: i * 10 - (i % 7 === 0 ? 300 : 0) }));
const Big = t.record("Big", { key: t.string(), from: t.timestamp() });

interface Life {
  readonly subtask: number;
  closed: boolean;
}

function stream(p: PipelineBuilder, ratePerSecond = Infinity) {
  const time = { eventTime: (e: { at: number }) => e.at, watermarks: boundedOutOfOrderness(50) };
  return p.from("events", arraySource(Event, events, { ratePerSecond }), time).keyBy("key");
}

function sums(p: PipelineBuilder, lives: Life[], ratePerSecond?: number) {
  return stream(p, ratePerSecond)
    .window(tumbling(200))
    .lateOutput()
    .process("window", {
      output: t.record("Sum", { key: t.string(), total: t.int() }),
      side: { big: Big },
      open({ subtask, metrics }) {
        const life: Life = { subtask: subtask.index, closed: false };
        lives.push(life);
        return { life, fired: metrics.counter("fired") };
      },
      close({ life }) {
        life.closed = true;
      },
      onWindow(elements, { key, window, emit, side, local, metrics, subtask }) {
        assert.equal(local.life.subtask, subtask.index);
        assert.equal(local.life.closed, false);
        local.fired.inc();
        metrics.histogram("elements").update(elements.length);
        const total = elements.reduce((sum, { n }) => sum + n, 0);
        emit({ key, total });
        if (total > 50) side.big({ key, from: window.start });
      },
    });
}

function whatComesOut(): Readonly<Record<string, string[]>> {
  const seen = { late: [] as unknown[], open: new Map<string, { key: string; start: number; total: number }>() };
  let watermark = -Infinity;
  for (const event of events) {
    const start = Math.floor(event.at / 200) * 200;
    if (start + 199 <= watermark) seen.late.push(event);
    else {
      const row = seen.open.get(`${event.key} ${start}`) ?? { key: event.key, start, total: 0 };
      row.total += event.n;
      seen.open.set(`${event.key} ${start}`, row);
    }
    watermark = Math.max(watermark, event.at - 51);
  }
  const rows = [...seen.open.values()];
  return {
    sums: sortedText(rows.map(({ key, total }) => ({ key, total }))),
    big: sortedText(rows.filter(({ total }) => total > 50).map(({ key, start }) => ({ key, from: start }))),
    late: sortedText(seen.late),
  };
}

for (const parallelism of [[1], [4], [1, 1], [2, 4, 1]]) {
  test(`side outputs of a window's function, with parallelism ${parallelism.join(", then killed and ")}`, async () => {
    const lives: Life[] = [];
    const build = (p: PipelineBuilder, out: (name: string) => ReturnType<typeof collectSink>): void => {
      const made = sums(p, lives, 1000);
      made.to("sums", out("sums"));
      made.side.big.to("big", out("big"));
      made.side.late.to("late", out("late"));
    };
    const rows = await runLives(build, { parallelism });
    const expected = whatComesOut();
    assert.ok(expected["big"]!.length > 5 && expected["late"]!.length > 5);
    for (const [name, wanted] of Object.entries(expected)) assert.deepEqual(sortedText(rows[name]), wanted, name);
    const last = lives.slice(-parallelism.at(-1)!);
    assert.deepEqual(
      last.map(({ subtask }) => subtask).toSorted(),
      Array.from({ length: parallelism.at(-1)! }, (_, index) => index),
    );
    assert.ok(last.every(({ closed }) => closed));
  });
}

test("a window's function counts in metrics of its operator", async () => {
  const made = pipeline("metrics", (p) => {
    const out = sums(p, []);
    for (const [name, rows] of Object.entries({ sums: out, big: out.side.big, late: out.side.late }))
      (rows as typeof out.side.big).to(name, collectSink());
  });
  const simulation = createSimulation(1);
  await simulation.run(async () => {
    const job = await runJob(simulation.env(), { graph: made.graph(), parallelism: 4 });
    await job.finished;
    const { metrics = [] } = job.status().operators.find(({ name }) => name === "window")!;
    const fired = whatComesOut()["sums"]!.length;
    assert.equal(metrics.find(({ name }) => name === "fired")?.value, fired);
    const elements = metrics.find(({ name }) => name === "elements");
    assert.equal(elements?.kind === "histogram" && elements.value.count, fired);
  });
});

test("a declared side output of a window must be used, and cannot be named late beside lateOutput()", () => {
  const fn = { output: t.int(), side: { big: Big }, onWindow: () => undefined };
  const unused = pipeline("unused", (p) => stream(p).window(session(5)).process("w", fn).to("out", collectSink()));
  assert.throws(() => unused.graph(), /"w".*big|big.*"w"/s);
  const taken = pipeline("taken", (p) => {
    const late = { ...fn, side: { late: Big } } as unknown as typeof fn;
    stream(p).window(session(5)).lateOutput().process("w", late);
  });
  assert.throws(
    () => taken.graph(),
    (error) => error instanceof PipelineError && error.code === "BAD_NAME",
  );
});
