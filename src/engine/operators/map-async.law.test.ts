// mapAsync against its definition: every element has one result, in order or between its watermarks, at any parallelism, over kills and at
// another parallelism; capacity, time limits, attempts and signals; and the job waits for the last answer.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { collectSink } from "../../connectors/memory/collect-sink.ts";
import { functionSink } from "../../connectors/memory/function-sink.ts";
import { generatorSource } from "../../connectors/memory/generator-source.ts";
import type { Env } from "../../env/env.ts";
import { MAX_BATCH_ROWS, type Batch } from "../../schema/batch.ts";
import { t } from "../../schema/t.ts";
import type { Sink, Source } from "../../stream/connector.ts";
import type { MapAsyncOptions } from "../../stream/map-async.ts";
import { deadLetter } from "../../stream/dead-letter.ts";
import { pipeline } from "../../stream/pipeline.ts";
import { boundedOutOfOrderness } from "../../stream/watermarks.ts";
import { createSimulation } from "../../testing/simulation/simulation.ts";
import { runLives } from "../fixtures/lives.ts";
import { runJob } from "../run-job.ts";
import { AsyncQueue, type Fence } from "./async-queue.ts";

const seed = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1e9);
const Row = t.record("Row", { id: t.int(), split: t.int(), at: t.timestamp() });
type Row = { readonly id: number; readonly split: number; readonly at: number };
const Out = t.record("Out", { id: t.int(), split: t.int(), at: t.timestamp(), watermark: t.double(), text: t.string() });
const LIVES = [[1], [4], [2, 3], [3, 1], [1, 4, 2]];
const ROWS = 40;
const SPLITS = 3;

/** Disorder within a bound of 20 ms. */
const eventTimeOf = (index: number) => 1000 + index * 10 + ((index * 7) % 3) * 8;

for (const ordered of [true, false]) {
  test(`${ordered ? "ordered" : "unordered"}: every element has one result, no watermark overtakes one, whatever is killed`, async () => {
    for (const parallelism of LIVES) {
      for (const codegen of ["auto", "off"] as const) {
        let env!: Env;
        const open = new Map<string, number>();
        let most = 0;
        const asked = new Map<number, number>();
        const { out } = await runLives(
          (p, sink) => {
            const row = (index: number, split: number) => ({ id: index * SPLITS + split, split, at: eventTimeOf(index) });
            p.from("rows", generatorSource(Row, { count: ROWS, splits: SPLITS, ratePerSecond: 400, row }), {
              eventTime: (e) => e.at,
              watermarks: boundedOutOfOrderness(20),
            })
              .mapAsync(
                "ask",
                async (e, { attempt }) => {
                  const where = env;
                  asked.set(e.id, (asked.get(e.id) ?? 0) + 1);
                  open.set(String(e.split), (open.get(String(e.split)) ?? 0) + 1);
                  most = Math.max(most, ...open.values());
                  await where.timers.sleep((e.id * 13) % 29);
                  open.set(String(e.split), open.get(String(e.split))! - 1);
                  if (attempt === 1 && e.id % 11 === 0) throw new Error("once");
                  return { ...e, text: `answer ${e.id}` };
                },
                { capacity: 5, timeout: "10s", ordered, retries: { attempts: 2, backoff: 7 } },
              )
              .process("watch", { output: Out, onElement: (e, { emit, watermark }) => emit({ ...e, watermark: Math.max(watermark, -1) }) })
              .to("out", sink("out"));
          },
          { parallelism, codegen, onLife: (life) => void (open.clear(), (env = life)) },
        );
        const what = `${parallelism.join(" then ")}, ${codegen}`;
        const rows = out as { id: number; split: number; at: number; watermark: number; text: string }[];
        assert.deepEqual(
          rows.map(({ id }) => id).toSorted((a, b) => a - b),
          Array.from({ length: ROWS * SPLITS }, (_, id) => id),
          what,
        );
        assert.ok(rows.every(({ id, text }) => text === `answer ${id}`));
        for (const row of rows) assert.ok(row.at > row.watermark, `${what}: ${JSON.stringify(row)}`);
        assert.ok(rows.some(({ watermark }) => watermark > 1000), `${what}: time went on`); // prettier-ignore
        if (parallelism.length > 1) assert.ok([...asked.values()].some((times) => times > 2), `${what}: nobody was asked again`); // prettier-ignore
        if (ordered && parallelism.length === 1)
          for (let split = 0; split < SPLITS; split++) {
            const ids = rows.filter((row) => row.split === split).map(({ id }) => id);
            assert.deepEqual(
              ids,
              ids.toSorted((a, b) => a - b),
              what,
            );
          }
        if (parallelism.length === 1 && parallelism[0] === 4) assert.ok(most <= 5, `${most} calls were open`);
      }
    }
  });
}

interface Asked {
  readonly rows: readonly unknown[];
  readonly dead: readonly string[];
  readonly virtualMs: number;
  /** Rows that the source had made when the first answer came. */
  readonly readAhead: number;
}

type Ask = (e: Row, call: { readonly signal: AbortSignal; readonly attempt: number }, env: Env) => Promise<string>;

async function ask(
  count: number,
  fn: Ask,
  options: Partial<MapAsyncOptions<Row, string>>,
  codegen: "auto" | "off" = "auto",
): Promise<Asked> {
  const simulation = createSimulation(3);
  const env = simulation.env();
  const out = collectSink<string>(t.string());
  let read = 0;
  let readAhead = 0;
  const dead: string[] = [];
  const policy = options.onError === "skip" ? { onError: deadLetter(functionSink((row) => void dead.push(row.error))) } : {};
  const made = pipeline("ask", (p) => {
    p.from("rows", generatorSource(Row, { count, row: (id) => (read++, { id, split: 0, at: id }) }))
      .mapAsync("ask", (e, call) => fn(e, call, env).finally(() => (readAhead ||= read)), {
        capacity: 4,
        timeout: 100,
        ...options,
        ...policy,
      })
      .returns(t.string())
      .to("out", out);
  });
  const begin = env.clock.now();
  await simulation.run(async () => {
    await (
      await runJob(env, { graph: made.graph(), codegen })
    ).finished;
  });
  return { rows: out.rows, dead, virtualMs: env.clock.now() - begin, readAhead };
}

const answer =
  (ms: number): Ask =>
  (e, _call, env) =>
    env.timers.sleep(ms).then(() => `r${e.id}`);

test("at most `capacity` calls are open, and the input is not read ahead of them without a bound", async () => {
  for (const ordered of [true, false]) {
    let open = 0;
    let most = 0;
    const { rows, virtualMs, readAhead } = await ask(
      3000,
      async (e, _call, env) => {
        most = Math.max(most, ++open);
        await env.timers.sleep(10);
        open--;
        return `r${e.id}`;
      },
      { ordered },
    );
    assert.equal(most, 4);
    assert.equal(rows.length, 3000);
    assert.ok(virtualMs >= 7_500, `${virtualMs} ms for 750 rounds of 10 ms`);
    assert.ok(readAhead <= MAX_BATCH_ROWS, `${readAhead} rows were read ahead`);
  }
});

test("a slow answer holds up only those behind it that want their order", async () => {
  const slowFirst: Ask = (e, _call, env) => env.timers.sleep(e.id === 0 ? 50 : 1).then(() => `r${e.id}`);
  assert.deepEqual((await ask(4, slowFirst, { ordered: true })).rows, ["r0", "r1", "r2", "r3"]);
  assert.deepEqual((await ask(4, slowFirst, { ordered: false })).rows.at(-1), "r0");
});

test("the time limit covers all attempts; then the value of onTimeout is the result, and the signal says so", async () => {
  const reasons: unknown[] = [];
  const never: Ask = (e, { signal }, env) => {
    signal.addEventListener("abort", () => reasons.push((signal.reason as { code?: string }).code));
    return e.id === 1 ? new Promise<string>(() => {}) : answer(5)(e, { signal, attempt: 1 }, env);
  };
  const { rows, virtualMs } = await ask(3, never, { onTimeout: (e) => `none for ${e.id}`, retries: { attempts: 3, backoff: 10 } });
  assert.deepEqual(rows, ["r0", "none for 1", "r2"]);
  assert.deepEqual(reasons, ["ASYNC_TIMEOUT"]);
  assert.ok(virtualMs >= 100 && virtualMs < 200, `${virtualMs} ms`);
});

test("without a value a timeout fails the job, with the operator and what to do", async () => {
  const never: Ask = () => new Promise<string>(() => {});
  await assert.rejects(ask(3, never, {}), (error: Error & { operator?: string }) => {
    assert.equal(error.operator, "ask");
    assert.match(error.message, /No answer within 100 ms \(1 attempt\)\. Raise timeout/);
    return true;
  });
});

test("a failed call is tried again after pauses that double, and then fails for good", async () => {
  for (const codegen of ["auto", "off"] as const) {
    const at: number[] = [];
    const failing: Ask = async (e, { attempt }, env) => {
      if (e.id !== 1) return `r${e.id}`;
      at.push(env.clock.now());
      throw new RangeError(`attempt ${attempt}`);
    };
    const options = { timeout: "1m", onError: "skip", retries: { attempts: 3, backoff: 10, maxBackoff: 15 } } as const;
    const { rows, dead } = await ask(3, failing, options, codegen);
    assert.deepEqual(rows, ["r0", "r2"]);
    assert.deepEqual(dead, ["RangeError: attempt 4"]);
    assert.deepEqual(at.slice(1).map((time, index) => time - at[index]!), [10, 15, 15]); // prettier-ignore
  }
});

test("a function that throws or returns no promise is told apart from an answer", async () => {
  await assert.rejects(ask(1, (() => Object.assign("now", { finally: () => "now" })) as unknown as Ask, {}), /must return a promise/);
  await assert.rejects(ask(1, (() => assert.fail("thrown at once")) as unknown as Ask, {}), /thrown at once/);
});

test("a job that ends aborts its open calls", async () => {
  const simulation = createSimulation(3);
  const env = simulation.env();
  const signals: AbortSignal[] = [];
  const made = pipeline("aborted", (p) => {
    p.from("rows", generatorSource(Row, { count: 3, row: (id) => ({ id, split: 0, at: id }) }))
      .mapAsync("ask", (_e, { signal }) => (signals.push(signal), new Promise<string>(() => {})), { capacity: 2, timeout: "1h" })
      .to(
        "out",
        functionSink(() => {}),
      );
  });
  await simulation.run(async () => {
    const job = await runJob(env, { graph: made.graph() });
    while (signals.length < 2) await env.timers.sleep(1);
    assert.equal(signals.some(({ aborted }) => aborted), false); // prettier-ignore
    await job.cancel();
  });
  assert.deepEqual(signals.map(({ aborted }) => aborted), [true, true]); // prettier-ignore
});

/** One row at once, and then silence: its split is read to its end and stays open. */
function oneRow(): Source<Row> {
  const inner = generatorSource(Row, { count: 1, row: (id) => ({ id, split: 0, at: id }) });
  return {
    ...inner,
    create(context) {
      const connector = inner.create(context);
      const open: typeof connector.open = async (split, position) => {
        const reader = await connector.open(split, position);
        const poll = (rows: number) => reader.poll(rows);
        const silent = { atEnd: true, finished: false, pending: 0, available: () => new Promise<void>(() => {}) };
        return { poll, position: () => reader.position(), stopAtEnd: () => reader.stopAtEnd(), close: () => reader.close(), ...silent };
      };
      return { ...connector, open };
    },
  };
}

test("idleness waits behind the elements that came before it, so nothing is late because it waited", async () => {
  for (const answers of [true, false]) {
    const simulation = createSimulation(3);
    const env = simulation.env();
    const seen: string[] = [];
    let newest = -Infinity;
    const made = pipeline("idle", (p) => {
      const time = { eventTime: (e: Row) => e.at, watermarks: boundedOutOfOrderness(0, { idleAfter: 50 }) };
      const fast = generatorSource(Row, { ratePerSecond: 100, row: (id) => ({ id, split: 0, at: 10_000 + id }) });
      p.from("slow", oneRow(), time)
        .mapAsync("ask", async (e) => (await env.timers.sleep(1200), e), { capacity: 10, timeout: "1m" })
        .filter(() => answers)
        .returns(Row)
        .union(p.from("fast", fast, time))
        .process("watch", {
          output: t.string(),
          onElement(e, { watermark, emit }) {
            newest = watermark;
            return e.at < 10_000 ? emit(e.at > watermark ? "in time" : "late") : undefined;
          },
        })
        .to("out", functionSink((row) => void seen.push(row))); // prettier-ignore
    });
    await simulation.run(async () => {
      const job = await runJob(env, { graph: made.graph() });
      await env.timers.sleep(1000);
      assert.equal(newest, -Infinity, "time went on without the element that waits");
      await env.timers.sleep(1000);
      assert.ok(newest > 10_000, "idleness did not come through behind it");
      await job.cancel();
    });
    assert.deepEqual(seen, answers ? ["in time"] : []);
  }
});

test("a stop with a final checkpoint does not wait for answers: the next start asks again", async () => {
  const simulation = createSimulation(3);
  simulation.files.provideDirectory("/data");
  const out = collectSink<number>(t.int());
  let patient = false;
  let asked = 0;
  const env = simulation.env();
  const made = pipeline("stopped", (p) => {
    p.from("rows", generatorSource(Row, { count: 20, ratePerSecond: 1000, row: (id) => ({ id, split: 0, at: id }) }))
      .mapAsync("ask", (e) => (asked++, patient ? Promise.resolve(e.id) : new Promise<number>(() => {})), { capacity: 6, timeout: "1h" })
      .returns(t.int())
      .to("out", out);
  });
  const options = { graph: made.graph(), checkpoints: { dir: "/data/checkpoints", everyMs: 10 } };
  await simulation.run(async () => {
    const first = await runJob(env, options);
    while (asked < 6) await env.timers.sleep(1);
    await first.stop();
    assert.deepEqual([asked, out.rows.length], [6, 0]);
    patient = true;
    await (
      await runJob(env, options)
    ).finished;
  });
  assert.deepEqual(out.rows, Array.from({ length: 20 }, (_, id) => id)); // prettier-ignore
});

test("answers wait while a sink is not ready, and all arrive in order", async () => {
  const simulation = createSimulation(3);
  const env = simulation.env();
  const got: number[] = [];
  const inner = functionSink<number>((id) => void got.push(id));
  const slow: Sink<number> = {
    ...inner,
    create(context) {
      const connector = inner.create(context);
      const writer = async (subtask: number, parallelism: number) => {
        const own = await connector.writer(subtask, parallelism);
        return { ...own, write: (batch: Batch) => (own.write(batch), false), ready: () => env.timers.sleep(5) };
      };
      return { ...connector, writer };
    },
  };
  const made = pipeline("slow-sink", (p) => {
    p.from("rows", generatorSource(Row, { count: 200, ratePerSecond: 5000, row: (id) => ({ id, split: 0, at: id }) }))
      .mapAsync("ask", async (e) => (await env.timers.sleep(e.id % 3), e.id), { capacity: 7, timeout: "1s" })
      .returns(t.int())
      .to("out", slow);
  });
  await simulation.run(async () => void (await (await runJob(env, { graph: made.graph() })).finished));
  assert.deepEqual(got, Array.from({ length: 200 }, (_, id) => id)); // prettier-ignore
});

type Step =
  | { readonly kind: "element" }
  | { readonly kind: "fence"; readonly time: number }
  | { readonly kind: "ready"; readonly which: number };
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Step>({ kind: "element" }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("fence" as const), time: fc.nat(9) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("ready" as const), which: fc.nat(30) }) },
  ),
  { maxLength: 60 },
);

test("the queue lets elements go in order, or freely between fences, and never across one", () => {
  fc.assert(
    fc.property(steps, fc.boolean(), (story, ordered) => {
      const queue = new AsyncQueue<number>(ordered);
      const ready = new Set<number>();
      /** Elements by number; a fence as the number of elements before it. */
      const out: (number | { before: number })[] = [];
      let next = 0;
      const fences: { fence: Fence; before: number }[] = [];
      const drain = () =>
        queue.drain(
          (element) => ready.has(element),
          (element) => out.push(element),
          (fence) => out.push({ before: fences.findLast((one) => one.fence === fence)!.before }),
        );
      for (const step of story) {
        if (step.kind === "element") queue.push(next++);
        else if (step.kind === "ready") ready.add(step.which);
        else {
          const fence: Fence = { kind: "watermark", time: step.time };
          fences.push({ fence, before: next });
          queue.fence(fence);
        }
        drain();
      }
      for (let element = 0; element < next; element++) ready.add(element);
      drain();
      assert.ok(queue.isEmpty && queue.size === 0);
      const elements = out.filter((one) => typeof one === "number");
      assert.deepEqual(elements.toSorted((a, b) => a - b), Array.from({ length: next }, (_, n) => n)); // prettier-ignore
      if (ordered) assert.deepEqual(elements, elements.toSorted((a, b) => a - b)); // prettier-ignore
      out.forEach((one, at) => {
        if (typeof one === "number") return;
        const before = out.slice(0, at).filter((other) => typeof other === "number");
        assert.deepEqual(before.toSorted((a, b) => a - b), Array.from({ length: one.before }, (_, n) => n)); // prettier-ignore
      });
    }),
    { seed, numRuns: 300 },
  );
});
