// The queries against naive programs over all events at once, written from the published SQL. Apache Flink's own rows are compared in
// nexmark.reference.test.ts, for half of the queries.
import assert from "node:assert/strict";
import { test } from "node:test";
import { blackholeSink } from "millrace/connectors/memory";
import { pipeline } from "millrace";
import { testPipeline } from "millrace/testing";
import { MAX_BATCH_ROWS } from "../../src/schema/batch.ts";
import { rowAt } from "../../src/schema/columns.ts";
import { createNodeEnv } from "../../src/env-node/node-env.ts";
import { AUCTION, BID, events, PERSON, type EventRow } from "./events.ts";
import { nexmarkSource } from "./generator.ts";
import { QUERIES } from "./queries.ts";

const COUNT = 6000;
/** So that the events last for a minute and go over midnight. */
const STRETCH = 1000;
const START = Date.UTC(2026, 0, 1) - 25_000;

async function generated(): Promise<EventRow[]> {
  const connector = nexmarkSource(COUNT).create({ env: createNodeEnv(), job: "test", operator: "events", settings: {} });
  const reader = await connector.open((await connector.discover())[0]!, undefined);
  const rows: EventRow[] = [];
  while (!reader.finished) {
    const out = reader.poll(MAX_BATCH_ROWS)!;
    for (let row = 0; row < out.batch.rows; row++) rows.push(rowAt(out.batch, row) as EventRow);
  }
  const first = rows[0]!.dateTime;
  const at = (time: number): number => START + (time - first) * STRETCH;
  // Few prices, so that the highest of a window is bid several times, also exactly at the border of the next one.
  return rows.map((row) => ({
    ...row,
    dateTime: at(row.dateTime),
    expires: at(row.expires),
    price: row.price > 20_000_000 ? 30_000_000 : row.price,
  }));
}

const rows = await generated();
const bids = rows.filter(({ kind }) => kind === BID);
const auctions = rows.filter(({ kind }) => kind === AUCTION);
const persons = rows.filter(({ kind }) => kind === PERSON);
const decimal = (price: number): string => (Number((BigInt(price) * 908n) / 1000n) + ((price * 908) % 1000) / 1000).toFixed(3);
const day = (time: number): string => new Date(time).toISOString().slice(0, 10);
const windowOf = (time: number): number => Math.floor(time / 10_000) * 10_000;

const NAIVE: Readonly<Record<string, () => unknown[][]>> = {
  q0: () => bids.map((b) => [b.id, b.bidder, b.price, b.dateTime, b.extra]),
  q1: () => bids.map((b) => [b.id, b.bidder, decimal(b.price), b.dateTime, b.extra]),
  q2: () => bids.filter((b) => b.id % 123 === 0).map((b) => [b.id, b.price]),
  q3: () =>
    auctions
      .filter((a) => a.category === 10)
      .flatMap((a) =>
        persons.filter((p) => p.id === a.seller && ["OR", "ID", "CA"].includes(p.state)).map((p) => [p.name, p.city, p.state, a.id]),
      ),
  q4() {
    const final = new Map<number, { category: number; price: number }>();
    for (const a of auctions)
      for (const b of bids)
        if (b.id === a.id && b.dateTime >= a.dateTime && b.dateTime <= a.expires && b.price > (final.get(a.id)?.price ?? -1))
          final.set(a.id, { category: a.category, price: b.price });
    const byCategory = Map.groupBy(final.values(), ({ category }) => category);
    return [...byCategory].map(([category, all]) => [category, Math.trunc(all.reduce((sum, { price }) => sum + price, 0) / all.length)]);
  },
  q5() {
    const counts = new Map<number, Map<number, number>>();
    for (const b of bids)
      for (let end = Math.floor(b.dateTime / 2000) * 2000 + 2000; end <= b.dateTime + 10_000; end += 2000) {
        const window = counts.get(end) ?? new Map<number, number>();
        counts.set(end, window.set(b.id, (window.get(b.id) ?? 0) + 1));
      }
    return [...counts.values()].flatMap((window) => {
      const most = Math.max(...window.values());
      return [...window].filter(([, num]) => num === most).map(([auction, num]) => [auction, num]);
    });
  },
  q7() {
    const found: unknown[][] = [];
    for (const [start, inside] of Map.groupBy(bids, (b) => windowOf(b.dateTime))) {
      const highest = Math.max(...inside.map((b) => b.price));
      for (const b of bids)
        if (b.price === highest && b.dateTime >= start && b.dateTime <= start + 10_000)
          found.push([b.id, b.price, b.bidder, b.dateTime, b.extra]);
    }
    return found;
  },
  q8: () =>
    persons
      .filter((p) => auctions.some((a) => a.seller === p.id && windowOf(a.dateTime) === windowOf(p.dateTime)))
      .map((p) => [p.id, p.name, windowOf(p.dateTime)]),
  q11() {
    return [...Map.groupBy(bids, (b) => b.bidder)].flatMap(([bidder, all]) => {
      const sessions: number[][] = [];
      for (const time of all.map((b) => b.dateTime).toSorted((a, b) => a - b)) {
        const open = sessions.at(-1);
        if (open !== undefined && time <= open.at(-1)! + 10_000) open.push(time);
        else sessions.push([time]);
      }
      return sessions.map((times) => [bidder, times.length, times[0], times.at(-1)! + 10_000]);
    });
  },
  q13: () => bids.map((b) => [b.id, b.bidder, b.price, b.dateTime, String(b.id % 10_000)]),
  q14: () =>
    bids
      .filter((b) => 0.908 * b.price > 1_000_000 && 0.908 * b.price < 50_000_000)
      .map((b) => {
        const hour = new Date(b.dateTime).getUTCHours();
        const type = hour >= 8 && hour <= 18 ? "dayTime" : hour <= 6 || hour >= 20 ? "nightTime" : "otherTime";
        return [b.id, b.bidder, decimal(b.price), type, b.dateTime, b.extra, [...b.extra].filter((c) => c === "c").length];
      }),
  q15: () =>
    [...Map.groupBy(bids, (b) => day(b.dateTime))].map(([key, all]) => {
      const ranks = [all, all.filter((b) => b.price < 10_000), all.filter((b) => b.price >= 10_000 && b.price < 1_000_000), all.filter((b) => b.price >= 1_000_000)]; // prettier-ignore
      const distinct = (of: (b: EventRow) => number): number[] => ranks.map((rank) => new Set(rank.map(of)).size);
      return [key, ...ranks.map((rank) => rank.length), ...distinct((b) => b.bidder), ...distinct((b) => b.id)];
    }),
  q17: () =>
    [...Map.groupBy(bids, (b) => `${b.id} ${day(b.dateTime)}`)].map(([key, all]) => {
      const prices = all.map((b) => b.price);
      const sum = prices.reduce((a, b) => a + b, 0);
      const ranks = [(p: number) => p < 10_000, (p: number) => p >= 10_000 && p < 1_000_000, (p: number) => p >= 1_000_000];
      const [auction, date] = key.split(" ");
      return [Number(auction), date, all.length, ...ranks.map((is) => prices.filter(is).length), Math.min(...prices), Math.max(...prices), Math.trunc(sum / all.length), sum]; // prettier-ignore
    }),
  q20: () =>
    bids.flatMap(
      (b) =>
      auctions
        .filter((a) => a.id === b.id && a.category === 10)
        .map((a) => [b.id, b.bidder, b.price, b.channel, b.url, b.dateTime, b.extra, a.itemName, a.description, a.initialBid, a.reserve, a.dateTime, a.expires, a.seller, a.category, a.extra]), // prettier-ignore
    ),
  q21: () =>
    bids.flatMap((b) => {
      const known = ["apple", "google", "facebook", "baidu"].indexOf(b.channel.toLowerCase());
      const id = known >= 0 ? String(known) : (/(&|^)channel_id=([^&]*)/.exec(b.url)?.[2] ?? null);
      return id === null ? [] : [[b.id, b.bidder, b.price, b.channel, id]];
    }),
  q22: () => bids.map((b) => [b.id, b.bidder, b.price, b.channel, ...[3, 4, 5].map((part) => b.url.split("/")[part] ?? null)]),
};

for (const query of QUERIES) {
  test(`${query.name} is what a naive program gives: ${query.text}`, async () => {
    const built = pipeline(query.name, (p) => query.build(events(p, nexmarkSource(0))).to("out", blackholeSink()));
    const result = await testPipeline(built, { events: rows });
    const found = result.output<never>("out");
    const newest = query.upsertKey === undefined ? found : [...new Map(found.map((row) => [query.upsertKey!(row), row])).values()];
    const text = (all: readonly (readonly unknown[])[]): string[] => all.map((row) => JSON.stringify(row)).toSorted();
    const expected = text(NAIVE[query.name]!());
    assert.ok(expected.length > 0, "the events are no test of this query");
    assert.deepEqual(text(newest.map((row) => query.columns(row))), expected);
  });
}
