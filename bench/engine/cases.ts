// The benchmark's pipelines, through the public API. Rows are made by columns from a small multiplicative generator, so making them is
// cheap but part of the measured work. Event time is the row's due time (half load) or 1,000 rows per millisecond (full load).
import { count, monotonousTimestamps, pipeline, t, tumbling, valueState, type Pipeline, type Sink, type Source } from "millrace";
import type { Batch } from "../../src/schema/batch.ts";
import { generatorSource } from "../../src/connectors/memory/index.ts";

export const KEYS = 100_000;
const ROWS_PER_MS = 1000;
const START_MS = 1_700_000_000_000;

export interface Load {
  readonly events: number;
  /** Undefined: as fast as possible. */
  readonly ratePerSecond: number | undefined;
}

export interface EngineCase {
  readonly name: string;
  /** events/s per core that the project wants. */
  readonly goal: number;
  readonly events: number;
  build(load: Load, sink: Sink<unknown>): Pipeline;
}

const Bid = t.record("Bid", {
  auction: t.long(),
  bidder: t.long(),
  price: t.double(),
  channel: t.string(),
  dateTime: t.timestamp(),
});

interface BidRow {
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly channel: string;
  readonly dateTime: number;
}

const CHANNELS = ["Apple", "Google", "Facebook", "Baidu"];

/** A number below 2^24 that looks random. */
function mix(row: number): number {
  return (Math.imul(row, 0x9e3779b1) ^ (row >>> 7)) >>> 8;
}

function bids({ events, ratePerSecond }: Load): Source<BidRow> {
  return generatorSource(Bid, {
    count: events,
    ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
    columns(batch, first, rows) {
      const [auction, bidder, price, channel, dateTime] = batch.columns;
      const auctions = (auction as { values: Float64Array }).values;
      const bidders = (bidder as { values: Float64Array }).values;
      const prices = (price as { values: Float64Array }).values;
      const channels = (channel as { values: string[] }).values;
      const times = (dateTime as { values: Float64Array }).values;
      for (let i = 0; i < rows; i++) {
        const random = mix(first + i);
        auctions[i] = 1000 + (random & 0xffff);
        bidders[i] = 2000 + (random >>> 4);
        prices[i] = 100 + (random & 0xfffff);
        channels[i] = CHANNELS[random & 3]!;
      }
      eventTimes(batch, times, first, rows, ratePerSecond !== undefined);
    },
  });
}

/** At half load the timestamps are when the rows were due; at full load event time passes at 1,000 rows per ms. */
function eventTimes(batch: Batch, times: Float64Array | undefined, first: number, rows: number, paced: boolean): void {
  if (!paced) for (let i = 0; i < rows; i++) batch.timestamps[i] = START_MS + Math.floor((first + i) / ROWS_PER_MS);
  if (times === undefined) return;
  for (let i = 0; i < rows; i++) times[i] = Math.floor(batch.timestamps[i]!);
}

const IntKeyed = t.record("IntKeyed", { key: t.long(), value: t.double(), flag: t.int() });
const StringKeyed = t.record("StringKeyed", { key: t.string(), value: t.double(), flag: t.int() });

interface Keyed<K> {
  readonly key: K;
  readonly value: number;
  readonly flag: number;
}

function intKeyed(load: Load): Source<Keyed<number>> {
  return generatorSource(
    IntKeyed,
    keyedColumns(load, (key, row) => ((key as { values: Float64Array }).values[row.at] = row.key)),
  );
}

const STRING_KEYS = Array.from({ length: KEYS }, (_, key) => `key-${key.toString(36).padStart(12, "0")}`);

function stringKeyed(load: Load): Source<Keyed<string>> {
  return generatorSource(
    StringKeyed,
    keyedColumns(load, (key, row) => ((key as { values: string[] }).values[row.at] = STRING_KEYS[row.key]!)),
  );
}

function keyedColumns(load: Load, put: (column: Batch["columns"][0], row: { at: number; key: number }) => void) {
  const row = { at: 0, key: 0 };
  return {
    count: load.events,
    ...(load.ratePerSecond === undefined ? {} : { ratePerSecond: load.ratePerSecond }),
    columns(batch: Batch, first: number, rows: number) {
      const values = (batch.columns[1] as { values: Float64Array }).values;
      const flags = (batch.columns[2] as { values: Int32Array }).values;
      for (let i = 0; i < rows; i++) {
        const random = mix(first + i);
        row.at = i;
        row.key = random % KEYS;
        put(batch.columns[0]!, row);
        values[i] = random & 0xffff;
        flags[i] = random & 7;
      }
      eventTimes(batch, undefined, first, rows, load.ratePerSecond !== undefined);
    },
  };
}

const Counted = t.record("Counted", { key: t.long(), count: t.long() });
const CountedString = t.record("CountedString", { key: t.string(), count: t.long() });

/** map → filter (7 of 8 pass) → map → count per key, one result per counted event. */
function keyedCount<K extends number | string>(
  name: string,
  source: (load: Load) => Source<Keyed<K>>,
  schema: typeof Counted | typeof CountedString,
) {
  return (load: Load, sink: Sink<unknown>) =>
    pipeline(name, (p) => {
      p.from("rows", source(load) as Source<Keyed<never>>)
        .map((e) => ({ key: e.key, value: e.value * 0.908, flag: e.flag }))
        .filter((e) => e.flag !== 0)
        .map((e) => ({ key: e.key, value: e.value + 1 }))
        .keyBy("key")
        .process("count", {
          output: schema as typeof Counted,
          state: { count: valueState(t.long()) },
          onElement(e, ctx) {
            const count = (ctx.state.count.get() ?? 0) + 1;
            ctx.state.count.set(count);
            ctx.emit({ key: e.key, count });
          },
        })
        .to("out", sink);
    });
}

export const CASES: readonly EngineCase[] = [
  {
    name: "pass-through",
    goal: 5e6,
    events: 40e6,
    build: (load, sink) => pipeline("pass-through", (p) => p.from("bids", bids(load)).to("out", sink)),
  },
  {
    name: "map-q1",
    goal: 5e6,
    events: 40e6,
    build: (load, sink) =>
      pipeline("map-q1", (p) =>
        p
          .from("bids", bids(load))
          .map((bid) => ({
            auction: bid.auction,
            bidder: bid.bidder,
            price: 0.908 * bid.price,
            channel: bid.channel,
            dateTime: bid.dateTime,
          }))
          .returns(Bid)
          .to("out", sink),
      ),
  },
  {
    name: "filter-q2",
    goal: 5e6,
    events: 40e6,
    build: (load, sink) =>
      pipeline("filter-q2", (p) =>
        p
          .from("bids", bids(load))
          .filter((bid) => bid.auction % 123 === 0)
          .map((bid) => ({ auction: bid.auction, price: bid.price }))
          .to("out", sink),
      ),
  },
  { name: "keyed-count-int64", goal: 3e6, events: 20e6, build: keyedCount("keyed-count-int64", intKeyed, Counted) },
  { name: "keyed-count-string16", goal: 1e6, events: 10e6, build: keyedCount("keyed-count-string16", stringKeyed, CountedString) },
  {
    name: "tumbling-window",
    goal: 2e6,
    events: 20e6,
    build: (load, sink) =>
      pipeline("tumbling-window", (p) =>
        p
          .from("rows", intKeyed(load), { watermarks: monotonousTimestamps() })
          .keyBy("key")
          .window(tumbling("1s"))
          .aggregate("per-second", { n: count() })
          .to("out", sink),
      ),
  },
  {
    name: "process-state-timer",
    goal: 1e6,
    events: 10e6,
    build: (load, sink) =>
      pipeline("process-state-timer", (p) =>
        p
          .from("rows", intKeyed(load), { watermarks: monotonousTimestamps() })
          .keyBy("key")
          .process("last-seen", {
            output: Counted,
            state: { count: valueState(t.long()) },
            onElement(_, ctx) {
              ctx.state.count.set((ctx.state.count.get() ?? 0) + 1);
              ctx.timers.setEventTime(Math.floor(ctx.timestamp) + 100);
            },
            onTimer(_, ctx) {
              ctx.emit({ key: ctx.key, count: ctx.state.count.get() ?? 0 });
            },
          })
          .to("out", sink),
      ),
  },
];
