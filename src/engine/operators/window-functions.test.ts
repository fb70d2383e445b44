// What a window's function may keep: state of the window, which ends with it, and state of the key; and aggregates that keep an element.
import assert from "node:assert/strict";
import { test } from "node:test";
import { t } from "../../schema/t.ts";
import { collectSet, maxBy, minBy } from "../../stream/aggregates.ts";
import type { Source } from "../../stream/connector.ts";
import type { KeyedStream } from "../../stream/data-stream.ts";
import type { DataStream } from "../../stream/data-stream.ts";
import { pipeline } from "../../stream/pipeline.ts";
import { listState, mapState, valueState } from "../../stream/state.ts";
import { countTrigger } from "../../stream/triggers.ts";
import { boundedOutOfOrderness } from "../../stream/watermarks.ts";
import { session, sliding, tumbling } from "../../stream/windows.ts";
import { HandDriver } from "../subtask/fixtures/hand-driver.ts";

const Event = t.record("Event", { key: t.string(), n: t.int(), at: t.timestamp() });
interface Event {
  readonly key: string;
  readonly n: number;
  readonly at: number;
}
const events: readonly Event[] = Array.from({ length: 60 }, (_, i) => ({ key: "abc"[i % 3]!, n: (i * 37) % 23, at: i * 2 }));

/** Rows at a parallelism; with `cut` over a restart there, at one more. */
function run(build: (stream: KeyedStream<string, Event>) => DataStream<unknown>, parallelism: number, cut = events.length): string[] {
  const create = (): never => assert.fail("the driver creates no connectors");
  const source: Source<Event> = { connector: "fake", type: Event.type, describe: () => null, create };
  const graph = pipeline("test", (p) => {
    const stream = p.from("in", source, { eventTime: (e) => e.at, watermarks: boundedOutOfOrderness(3) }).keyBy("key");
    build(stream).to("out", { connector: "fake", type: undefined, describe: () => null, create });
  }).graph();
  let driver = new HandDriver(graph, { parallelism });
  const feed = (some: readonly Event[]): void => {
    driver.split("in", "in-0", "active");
    driver.feed(
      "in",
      "in-0",
      some.map((value) => ({ value })),
    );
  };
  feed(events.slice(0, cut));
  let rows: unknown[] = [];
  if (cut < events.length) {
    const restore = driver.snapshot();
    rows = driver.rows("out");
    driver = new HandDriver(graph, { parallelism: parallelism + 1, restore });
    feed(events.slice(cut));
  }
  driver.end();
  return [...rows, ...driver.rows("out")].map((row) => JSON.stringify(row)).toSorted();
}

function everywhere(build: (stream: KeyedStream<string, Event>) => DataStream<unknown>): string[] {
  const whole = run(build, 1);
  for (const parallelism of [1, 4]) for (const cut of [7, 30, 41, 60]) assert.deepEqual(run(build, parallelism, cut), whole);
  return whole;
}

test("a window's state is kept from firing to firing and gone with the window; the key's state stays", () => {
  const rows = everywhere((stream) =>
    stream
      .window(tumbling(30))
      .trigger(countTrigger(2))
      .process("w", {
        output: t.array(t.double()),
        windowState: { fired: valueState(t.int()), sizes: listState(t.int()), seen: mapState(t.int(), t.boolean()) },
        globalState: { fired: valueState(t.int()) },
        onWindow(elements, { window, windowState, globalState, emit }) {
          windowState.fired.set((windowState.fired.get() ?? 0) + 1);
          globalState.fired.set((globalState.fired.get() ?? 0) + 1);
          windowState.sizes.add(elements.length);
          windowState.seen.set(elements.length, true);
          emit([window.start, windowState.fired.get()!, globalState.fired.get()!, ...windowState.sizes.get(), windowState.seen.size]);
        },
      }),
  );
  // Five elements of a key in each of four windows: two firings per window.
  const expected = [0, 30, 60, 90].flatMap((start, index) => [
    [start, 1, index * 2 + 1, 2, 1],
    [start, 2, index * 2 + 2, 2, 4, 2],
  ]);
  assert.deepEqual(rows, [...expected, ...expected, ...expected].map((row) => JSON.stringify(row)).toSorted());
});

test("onClear sees the window's state when the window ends", () => {
  const rows = everywhere((stream) =>
    stream.window(sliding(24, 12)).process("w", {
      output: t.array(t.double()),
      windowState: { total: valueState(t.int()) },
      globalState: { cleared: valueState(t.int()) },
      onWindow(elements, { windowState }) {
        windowState.total.set(elements.reduce((sum, { n }) => sum + n, 0));
      },
      onClear({ window, windowState, globalState }) {
        assert.equal(windowState.total.get() === undefined, false, `window ${window.start} has fired before it ended`);
        globalState.cleared.set((globalState.cleared.get() ?? 0) + 1);
      },
    }),
  );
  assert.deepEqual(rows, []);
});

for (const [name, assigner] of [
  ["tumbling", tumbling(30)],
  ["sliding", sliding(30, 10)],
  ["session", session(7)],
] as const) {
  test(`minBy and maxBy keep the element, in ${name} windows`, () => {
    const rows = everywhere((stream) => stream.window(assigner).aggregate("w", { least: minBy("n"), most: maxBy("n") }));
    assert.ok(rows.length > 0);
    for (const row of rows) {
      const { key, window, least, most } = JSON.parse(row) as {
        key: string;
        window: { start: number; end: number };
        least: Event;
        most: Event;
      };
      const inside = events.filter((e) => e.key === key && e.at >= window.start && e.at < window.end).toSorted((a, b) => a.n - b.n);
      assert.equal(least.n, inside[0]!.n);
      assert.equal(most.n, inside.at(-1)!.n);
      assert.ok(inside.some((e) => e.at === least.at && e.n === least.n));
    }
  });
}

test("different values that are long", () => {
  const text = (n: number): string => "ä".repeat(200_000) + (n % 2);
  for (const assigner of [tumbling(1000), session(50)]) {
    const rows = run((stream) => stream.window(assigner).aggregate("w", { set: collectSet(t.array(t.string()), ({ n }) => [text(n)]) }), 1);
    assert.deepEqual(rows.map((row) => (JSON.parse(row) as { set: string[][] }).set.map(([one]) => one!.at(-1)).sort()), [["0", "1"], ["0", "1"], ["0", "1"]]); // prettier-ignore
  }
});
