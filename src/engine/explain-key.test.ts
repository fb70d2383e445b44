// What explainKey() says of one key, provoked in running jobs on a simulated machine, at parallelism 1 and 4.
import assert from "node:assert/strict";
import { test } from "node:test";
import { collectSink, generatorSource } from "../connectors/memory/index.ts";
import { t } from "../schema/t.ts";
import { count } from "../stream/aggregates.ts";
import type { DataStream } from "../stream/data-stream.ts";
import { pipeline } from "../stream/pipeline.ts";
import { timer } from "./fixtures/key-timer.ts";
import { boundedOutOfOrderness } from "../stream/watermarks.ts";
import { session, sliding, tumbling } from "../stream/windows.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import type { Finding } from "./coordinator/job-status.ts";
import { runJob } from "./run-job.ts";

const Event = t.record("Event", { who: t.string(), n: t.int(), at: t.timestamp() });
interface Event {
  readonly who: string;
  readonly n: number;
  readonly at: number;
}

/** 40 events, one second apart, of the keys a, b, c, d in turn; then silence. Asks about each key when all have come. */
async function explained(
  build: (stream: DataStream<Event>) => DataStream<unknown>,
  keys: readonly string[],
  parallelism: number,
): Promise<Finding[][]> {
  const made = pipeline("why-key", (p) => {
    const source = generatorSource(Event, { ratePerSecond: 1000, row: (n) => ({ who: "abcd"[n % 4]!, n, at: 1000 * Math.min(n, 40) }) });
    const time = { eventTime: (e: Event) => e.at, watermarks: boundedOutOfOrderness("5s") };
    build(p.from("in", source, time).filter((e) => e.n < 40)).to("out", collectSink());
  });
  const simulation = createSimulation(1);
  const answers: Finding[][] = [];
  await simulation.run(async () => {
    const job = await runJob(simulation.env(), { graph: made.graph(), statusIntervalMs: 10, parallelism, restart: { kind: "none" } });
    await new Promise<void>((resolve, reject) => {
      job.onStatus(({ operators }) => (operators.find(({ name }) => name === "in")?.recordsOut ?? 0) > 60 && resolve());
      job.finished.catch(reject);
    });
    for (const key of keys) answers.push([...(await job.explainKey(key))]);
    await job.cancel();
  });
  return answers;
}

const keyed = (findings: readonly Finding[]) => findings.filter(({ cause }) => cause.startsWith("key-"));
const cases = {
  tumbling: tumbling("1h"),
  sliding: sliding("1h", "30m"),
  session: session("1h"),
};

for (const parallelism of [1, 4]) {
  for (const [name, window] of Object.entries(cases))
    test(`a ${name} window that waits has the key that came, and not the one that never did, at parallelism ${parallelism}`, async () => {
      const [a, quoted, never] = await explained(
        (stream) => stream.keyBy("who").window(window).aggregate("hours", { n: count() }),
        ["a", '"a"', "nobody"],
        parallelism,
      );
      const [found] = keyed(a!);
      assert.deepEqual([found!.cause, found!.operator], ["key-in-windows", "hours"]);
      assert.match(found!.text, /open windows of key "a" \(subtask \d\).*the watermark is \d+ ms before it/);
      assert.deepEqual(quoted, a);
      const [none] = keyed(never!);
      assert.equal(none!.cause, "key-not-kept");
      assert.match(none!.text, /keeps nothing of key "nobody" \(of [48] keys, after 40 elements\)/);
      assert.ok(
        never!.some(({ cause }) => cause === "waiting-for-event-time"),
        "the job's own findings follow",
      );
    });

  test(`a function's state and timers of the key, at parallelism ${parallelism}`, async () => {
    const [one, text] = await explained((stream) => timer(stream), ["3", "x"], parallelism);
    const [timers, state] = keyed(one!);
    assert.match(timers!.text, /"remember" has 1 event-time timers of key 3 .*1970-01-02T00:00:00.000Z/);
    assert.match(state!.text, /"remember" keeps state of key 3 .*: sum = 210, names = \[\["d",10\]\]/);
    assert.equal(keyed(text!)[0]!.cause, "key-not-kept");
  });
}

test("without a keyed operator, that is said", async () => {
  const [findings] = await explained((stream) => stream, ["a"], 1);
  assert.equal(findings![0]!.cause, "no-keyed-operator");
});

test("a host that does not answer is told, before what the job's own numbers say", async () => {
  const made = pipeline("silent", (p) => {
    const source = generatorSource(Event, { ratePerSecond: 10, row: (n) => ({ who: "a", n, at: n }) });
    p.from("in", source).keyBy("who").sum("total", "n").to("out", collectSink());
  });
  const simulation = createSimulation(1);
  await simulation.run(async () => {
    const job = await runJob(simulation.env(), { graph: made.graph(), statusIntervalMs: 10, restart: { kind: "none" } });
    await new Promise<void>((resolve) => job.onStatus(({ operators }) => operators.length > 0 && resolve()));
    await job.cancel();
    const [first] = await job.explainKey("a");
    assert.equal(first!.cause, "not-answering");
    assert.match(first!.text, /did not answer/);
  });
});
