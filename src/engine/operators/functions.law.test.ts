// Functions with a lifecycle, operator state and broadcast state: against naive models at every parallelism, over a kill and at another
// parallelism, generated and interpreted.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { arraySource } from "../../connectors/memory/array-source.ts";
import { functionSink } from "../../connectors/memory/function-sink.ts";
import { generatorSource } from "../../connectors/memory/generator-source.ts";
import { t } from "../../schema/t.ts";
import { deadLetter } from "../../stream/dead-letter.ts";
import { unionListState } from "../../stream/operator-state.ts";
import { pipeline } from "../../stream/pipeline.ts";
import { listState, mapState, valueState } from "../../stream/state.ts";
import { createSimulation } from "../../testing/simulation/simulation.ts";
import { runLives, sortedText } from "../fixtures/lives.ts";
import { userMetricsText } from "../coordinator/user-metrics-text.ts";
import { runJob } from "../run-job.ts";
import { HandDriver } from "../subtask/fixtures/hand-driver.ts";

const seed = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1e9);
const Row = t.record("Row", { id: t.int(), split: t.int() });
const LIVES = [[1], [4], [2, 3], [4, 1], [3, 1, 2]];

test("elements in a list of a subtask are shared out at a restore: none is lost, none is there twice", async () => {
  const ROWS = 60;
  const Held = t.record("Held", { held: t.array(t.int()), subtask: t.int(), parallelism: t.int() });
  for (const parallelism of LIVES) {
    for (const codegen of ["auto", "off"] as const) {
      const { out } = await runLives(
        (p, sink) => {
          p.from(
            "rows",
            generatorSource(Row, { count: ROWS, splits: 4, ratePerSecond: 400, row: (n, split) => ({ id: n * 4 + split, split }) }),
          )
            .process("hold", {
              output: Held,
              state: { held: listState(t.int()) },
              onElement(row, { state, emit, subtask }) {
                state.held.add(row.id);
                emit({ held: [...state.held.get()], ...subtaskOf(subtask) });
              },
            })
            .to("out", sink("out"));
        },
        { parallelism, codegen },
      );
      const newest = new Map<number, readonly number[]>();
      for (const row of out as { held: number[]; subtask: number; parallelism: number }[])
        if (row.parallelism === parallelism.at(-1)) newest.set(row.subtask, row.held);
      const held = [...newest.values()].flat().toSorted((a, b) => a - b);
      assert.deepEqual(held, Array.from({ length: ROWS * 4 }, (_, id) => id), `${parallelism.join(" then ")}, ${codegen}`); // prettier-ignore
    }
  }
});

const subtaskOf = ({ index, parallelism }: { index: number; parallelism: number }) => ({ subtask: index, parallelism });

test("every subtask gets the union of a united list at a restore, and its own part of a shared one when nothing changed", () => {
  const Text = t.record("Text", { own: t.string(), all: t.string() });
  const graph = pipeline("union", (p) => {
    p.from("in", arraySource(Row, []))
      .process("keep", {
        output: Text,
        state: { own: listState(t.int()), all: unionListState(t.int()) },
        onElement(row, { state, emit }) {
          if (row.id >= 0) {
            state.own.add(row.id);
            state.all.addAll([row.id]);
          }
          emit({ own: state.own.get().join(), all: state.all.get().join() });
        },
      })
      .to(
        "out",
        functionSink(() => {}),
      );
  }).graph();
  const first = new HandDriver(graph, { parallelism: 2 });
  for (const id of [0, 1, 2, 3, 4]) first.feed("in", `s-${id % 2}`, [{ value: { id, split: 0 } }], id % 2);
  const chunks = first.snapshot(() => first.feed("in", "s-0", [{ value: { id: 99, split: 0 } }], 0));
  const seen = (parallelism: number) => {
    const driver = new HandDriver(graph, { parallelism, restore: chunks });
    for (let index = 0; index < parallelism; index++) driver.feed("in", `s-${index}`, [{ value: { id: -1, split: 0 } }], index);
    driver.flush();
    return driver.rows("out");
  };
  assert.deepEqual(seen(2), [
    { own: "0,2,4", all: "0,2,4,1,3" },
    { own: "1,3", all: "0,2,4,1,3" },
  ]);
  assert.deepEqual(seen(3), [
    { own: "0,1", all: "0,2,4,1,3" },
    { own: "2,3", all: "0,2,4,1,3" },
    { own: "4", all: "0,2,4,1,3" },
  ]);
});

const Event = t.record("Event", { kind: t.literal("rule", "add", "data"), key: t.string(), n: t.int() });
interface Event {
  readonly kind: "rule" | "add" | "data";
  readonly key: string;
  readonly n: number;
}
const Out = t.record("Out", { key: t.string(), text: t.string() });

const events = fc.array(
  fc.record({
    kind: fc.constantFrom<Event["kind"]>("rule", "add", "data", "data", "data", "data"),
    key: fc.constantFrom("a", "b", "c", "d", "e"),
    n: fc.integer({ min: -3, max: 9 }),
  }),
  { minLength: 40, maxLength: 80 },
);

/** Rules by key (negative: removed); an "add" adds to the totals of all keys. */
function naive(all: readonly Event[]): string[] {
  const rules = new Map<string, number>();
  const totals = new Map<string, number>();
  const out: { key: string; text: string }[] = [];
  for (const { kind, key, n } of all) {
    if (kind === "rule") {
      if (n < 0) rules.delete(key);
      else rules.set(key, n);
    } else if (kind === "add") {
      for (const [one, total] of totals) {
        totals.set(one, total + n);
        out.push({ key: one, text: `all ${total + n}` });
      }
    } else {
      totals.set(key, (totals.get(key) ?? 0) + n);
      out.push({ key, text: `${n} rule ${rules.get(key)} of ${rules.size}, total ${totals.get(key)}` });
    }
  }
  return sortedText(out);
}

test("elements see the broadcast state as it is when they come, keyed state can be changed for all keys, and both survive", async () => {
  await fc.assert(
    fc.asyncProperty(
      events,
      fc.constantFrom(...LIVES),
      fc.constantFrom<("auto" | "off")[]>("auto", "off"),
      async (all, parallelism, codegen) => {
        const { out } = await runLives(
          (p, sink) => {
            const stream = p.from("in", arraySource(Event, all, { ratePerSecond: 700 }));
            const rules = stream.filter((e) => e.kind !== "data").broadcast({ rules: mapState(t.string(), t.int()) });
            stream
              .filter((e) => e.kind === "data")
              .keyBy("key")
              .connect(rules)
              .process("apply", {
                output: Out,
                state: { total: valueState(t.int()) },
                onElement({ key, n }, { broadcast, state, emit }) {
                  state.total.set((state.total.get() ?? 0) + n);
                  emit({ key, text: `${n} rule ${broadcast.rules.get(key)} of ${broadcast.rules.size}, total ${state.total.get()}` });
                },
                onBroadcast({ kind, key, n }, { broadcast, applyToKeyedState, emit }) {
                  if (kind === "add")
                    return applyToKeyedState("total", (one, total) => {
                      total.set(total.get()! + n);
                      emit({ key: one, text: `all ${total.get()}` });
                    });
                  if (n < 0) broadcast.rules.delete(key);
                  else broadcast.rules.set(key, n);
                },
              })
              .to("out", sink("out"));
          },
          { parallelism, codegen: codegen as "auto" | "off" },
        );
        assert.deepEqual(sortedText(out), naive(all));
      },
    ),
    { seed, numRuns: 25 },
  );
});

test("a stream without keys sees the broadcast state, too", async () => {
  const Rule = t.record("Rule", { key: t.string(), most: t.int(), tags: t.array(t.string()) });
  for (const parallelism of LIVES) {
    const { out } = await runLives(
      (p, sink) => {
        const all = p.from("in", generatorSource(Row, { count: 300, ratePerSecond: 3000, row: (id) => ({ id, split: 0 }) }));
        const rules = all
          .filter((row) => row.id % 10 === 0)
          .map((row) => ({ key: `k${row.id % 3}`, most: row.id, tags: ["x"] }))
          .returns(Rule)
          .broadcast({ rules: mapState(t.string(), Rule) });
        all
          .filter((row) => row.id % 10 !== 0)
          .connect(rules)
          .process("check", {
            output: t.string(),
            state: { seen: listState(t.int()) },
            onElement(row, { broadcast, emit, state }) {
              state.seen.update([row.id]);
              emit(
                `${row.id} ${[...broadcast.rules.values()]
                  .map((rule) => rule.most)
                  .toSorted()
                  .join()}`,
              );
            },
            onBroadcast(rule, { broadcast }) {
              broadcast.rules.set(rule.key, rule);
              assert.throws(() => ((broadcast.rules.get(rule.key) as { most: number }).most = 0), TypeError);
            },
          })
          .to("out", sink("out"));
      },
      { parallelism },
    );
    const expected = Array.from({ length: 300 }, (_, id) => id)
      .filter((id) => id % 10 !== 0)
      .map((id) => {
        const rules = new Map<string, number>();
        for (let rule = 0; rule <= id; rule += 10) rules.set(`k${rule % 3}`, rule);
        return `${id} ${[...rules.values()].toSorted().join()}`;
      });
    assert.deepEqual([...(out as string[])].toSorted(), expected.toSorted(), parallelism.join());
  }
});

test("open runs once in each subtask before its first element and close at its end; what open returns is the subtask's own", async () => {
  for (const codegen of ["auto", "off"] as const) {
    const calls: string[] = [];
    const simulation = createSimulation(3);
    const made = pipeline("lifecycle", (p) => {
      p.from("in", generatorSource(Row, { count: 10, splits: 3, row: (id, split) => ({ id, split }) }))
        .process("plain", {
          output: Row,
          open({ subtask }) {
            calls.push(`open plain ${subtask.index} of ${subtask.parallelism}`);
            return { mine: subtask.index, count: 0 };
          },
          onElement(row, { local, emit, subtask }) {
            assert.equal(local.mine, subtask.index);
            local.count++;
            emit(row);
          },
          close: ({ mine, count }) => void calls.push(`close plain ${mine} after ${count}`),
        })
        .keyBy("id")
        .process("keyed", {
          output: Row,
          open: ({ subtask }) => void calls.push(`open keyed ${subtask.index}`),
          onElement: (row, { emit }) => emit(row),
          close: () => void calls.push("close keyed"),
        })
        .to(
          "out",
          functionSink(() => {}),
        );
    });
    await simulation.run(async () => {
      const job = await runJob(simulation.env(), { graph: made.graph(), parallelism: 3, codegen });
      await job.finished;
    });
    assert.deepEqual(calls.toSorted(), [
      "close keyed",
      "close keyed",
      "close keyed",
      ...[0, 1, 2].map((index) => `close plain ${index} after 10`),
      ...[0, 1, 2].map((index) => `open keyed ${index}`),
      ...[0, 1, 2].map((index) => `open plain ${index} of 3`),
    ]);
  }
});

test("counters, gauges and histograms of a function are in the job's status, over all subtasks", async () => {
  const simulation = createSimulation(3);
  const made = pipeline("metrics", (p) => {
    p.from("in", generatorSource(Row, { count: 50, splits: 2, row: (id, split) => ({ id, split }) }))
      .process("measure", {
        output: Row,
        open({ metrics }) {
          const local = { odd: metrics.counter("odd"), ids: metrics.histogram("ids"), last: 0 };
          metrics.gauge("last", () => local.last);
          return local;
        },
        onElement(row, { local, emit, metrics }) {
          if (row.id % 2 === 1) local.odd.inc();
          metrics.counter("all").inc(2);
          local.ids.update(row.id + 1);
          local.last = row.id;
          emit(row);
        },
      })
      .to(
        "out",
        functionSink(() => {}),
      );
  });
  await simulation.run(async () => {
    const job = await runJob(simulation.env(), { graph: made.graph(), parallelism: 2 });
    const { status } = await job.finished;
    const metrics = status.operators.find(({ name }) => name === "measure")!.metrics!;
    const of = (name: string) => metrics.find((metric) => metric.name === name)?.value;
    assert.equal(of("odd"), 50);
    assert.equal(of("all"), 200);
    assert.equal(of("last"), 98);
    const ids = of("ids") as { count: number; min: number; max: number; p50: number; p99: number };
    assert.deepEqual([ids.count, ids.min, ids.max], [100, 1, 50]);
    const text = userMetricsText([status]);
    assert.match(text, /^# TYPE flink_taskmanager_job_task_operator_odd counter$/m);
    assert.match(text, /^flink_taskmanager_job_task_operator_odd\{job_name="metrics",operator_name="measure"\} 50$/m);
    assert.match(text, /^flink_taskmanager_job_task_operator_ids_count\{job_name="metrics",operator_name="measure"\} 100$/m);
    assert.ok(Math.abs(ids.p50 - 25) <= 2 && Math.abs(ids.p99 - 50) <= 3, JSON.stringify(ids));
  });
});

test("an element that the function throws on is skipped or becomes a dead letter, and the context is closed behind it", async () => {
  for (const codegen of ["auto", "off"] as const) {
    const dead: string[] = [];
    let taken: (() => void) | undefined;
    const made = pipeline("policies", (p) => {
      p.from("in", generatorSource(Row, { count: 5, row: (id) => ({ id, split: 0 }) }))
        .process("picky", {
          output: Row,
          onError: deadLetter(functionSink((row) => void dead.push(`${row.operator}: ${row.error} ${row.value}`))),
          onElement(row, { emit }) {
            taken ??= () => emit(row);
            if (row.id === 3) throw new RangeError("not three");
            emit(row);
          },
        })
        .to(
          "out",
          functionSink((row) => void dead.push(String(row.id))),
        );
    });
    const simulation = createSimulation(3);
    await simulation.run(async () => {
      await (
        await runJob(simulation.env(), { graph: made.graph(), codegen })
      ).finished;
    });
    assert.deepEqual(dead.toSorted(), ["0", "1", "2", "4", 'picky: RangeError: not three {"id":3,"split":0}']);
    assert.throws(() => taken!(), /only until the function returns/);
  }
});
