// The benchmark's pipelines, through the public API; those of windows, joins and timers are in event-time-cases.ts.
import { count, monotonousTimestamps, pipeline, t, tumbling, valueState, type Sink, type Source } from "millrace";
import { generatorSource } from "../../src/connectors/memory/index.ts";
import { EVENT_TIME_CASES } from "./event-time-cases.ts";
import { eventTimes, intKeyed, mix, stringKeyed, type EngineCase, type Keyed, type Load } from "./keyed-rows.ts";

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
  ...EVENT_TIME_CASES,
];
