// Queries with running totals per day, each bid updating its row: q15, q17. Days are numbers of days since 1970.
import { mapState, t, valueState } from "millrace";
import { bidsOf } from "./events.ts";
import { query } from "./query.ts";

const DAY_MS = 86_400_000;

function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** 1: under 10,000; 2: under a million; 4: more. A set of ranks is a sum of them. */
function rankOf(price: number): 1 | 2 | 4 {
  return price < 10_000 ? 1 : price < 1_000_000 ? 2 : 4;
}

const DayTotals = t.record("DayTotals", {
  day: t.long(),
  bids: t.long(),
  bids1: t.long(),
  bids2: t.long(),
  bids3: t.long(),
  bidders: t.long(),
  bidders1: t.long(),
  bidders2: t.long(),
  bidders3: t.long(),
  auctions: t.long(),
  auctions1: t.long(),
  auctions2: t.long(),
  auctions3: t.long(),
});

const number = () => valueState(t.long());

export const q15 = query({
  name: "q15",
  text: "bids, bidders and auctions of a day, by rank of the price",
  build: (events) =>
    bidsOf(events)
      .map(({ id, bidder, price, dateTime }) => ({
        day: Math.floor(dateTime / DAY_MS),
        auction: id,
        bidder,
        rank: rankOf(price) as number,
      }))
      .keyBy("day", t.long())
      .process("day-totals", {
        output: DayTotals,
        state: {
          bids1: number(),
          bids2: number(),
          bids3: number(),
          bidders: number(),
          bidders1: number(),
          bidders2: number(),
          bidders3: number(),
          auctions: number(),
          auctions1: number(),
          auctions2: number(),
          auctions3: number(),
          bidderRanks: mapState(t.long(), t.int()),
          auctionRanks: mapState(t.long(), t.int()),
        },
        onElement({ day, auction, bidder, rank }, { state, emit }) {
          const bidRank = rank === 1 ? state.bids1 : rank === 2 ? state.bids2 : state.bids3;
          bidRank.set((bidRank.get() ?? 0) + 1);
          const knownBidder = state.bidderRanks.get(bidder) ?? 0;
          if ((knownBidder & rank) === 0) {
            state.bidderRanks.set(bidder, knownBidder | rank);
            if (knownBidder === 0) state.bidders.set((state.bidders.get() ?? 0) + 1);
            const ranked = rank === 1 ? state.bidders1 : rank === 2 ? state.bidders2 : state.bidders3;
            ranked.set((ranked.get() ?? 0) + 1);
          }
          const knownAuction = state.auctionRanks.get(auction) ?? 0;
          if ((knownAuction & rank) === 0) {
            state.auctionRanks.set(auction, knownAuction | rank);
            if (knownAuction === 0) state.auctions.set((state.auctions.get() ?? 0) + 1);
            const ranked = rank === 1 ? state.auctions1 : rank === 2 ? state.auctions2 : state.auctions3;
            ranked.set((ranked.get() ?? 0) + 1);
          }
          const [bids1, bids2, bids3] = [state.bids1.get() ?? 0, state.bids2.get() ?? 0, state.bids3.get() ?? 0];
          emit({
            day,
            bids: bids1 + bids2 + bids3,
            bids1,
            bids2,
            bids3,
            bidders: state.bidders.get() ?? 0,
            bidders1: state.bidders1.get() ?? 0,
            bidders2: state.bidders2.get() ?? 0,
            bidders3: state.bidders3.get() ?? 0,
            auctions: state.auctions.get() ?? 0,
            auctions1: state.auctions1.get() ?? 0,
            auctions2: state.auctions2.get() ?? 0,
            auctions3: state.auctions3.get() ?? 0,
          });
        },
      }),
  columns: (row) => [
    dayText(row.day),
    row.bids,
    row.bids1,
    row.bids2,
    row.bids3,
    row.bidders,
    row.bidders1,
    row.bidders2,
    row.bidders3,
    row.auctions,
    row.auctions1,
    row.auctions2,
    row.auctions3,
  ],
  upsertKey: ({ day }) => String(day),
});

/** Days fit below; auctions and days make one number. */
const DAYS = 100_000;
const AuctionDay = t.record("AuctionDay", {
  auction: t.long(),
  day: t.long(),
  bids: t.long(),
  bids1: t.long(),
  bids2: t.long(),
  bids3: t.long(),
  min: t.long(),
  max: t.long(),
  sum: t.long(),
});

export const q17 = query({
  name: "q17",
  text: "bids and prices of each auction and day",
  build: (events) =>
    bidsOf(events)
      .map(({ id, price, dateTime }) => ({ auctionDay: id * DAYS + Math.floor(dateTime / DAY_MS), price }))
      .keyBy("auctionDay", t.long())
      .process("auction-days", {
        output: AuctionDay,
        state: { bids1: number(), bids2: number(), bids3: number(), min: number(), max: number(), sum: number() },
        onElement({ auctionDay, price }, { state, emit }) {
          const rank = rankOf(price);
          const ranked = rank === 1 ? state.bids1 : rank === 2 ? state.bids2 : state.bids3;
          ranked.set((ranked.get() ?? 0) + 1);
          const sum = (state.sum.get() ?? 0) + price;
          let min = state.min.get() ?? Infinity;
          let max = state.max.get() ?? -Infinity;
          if (price < min) state.min.set((min = price));
          if (price > max) state.max.set((max = price));
          state.sum.set(sum);
          const bids1 = state.bids1.get() ?? 0;
          const bids2 = state.bids2.get() ?? 0;
          const bids3 = state.bids3.get() ?? 0;
          const day = auctionDay % DAYS;
          emit({ auction: (auctionDay - day) / DAYS, day, bids: bids1 + bids2 + bids3, bids1, bids2, bids3, min, max, sum });
        },
      }),
  columns: ({ auction, day, bids, bids1, bids2, bids3, min, max, sum }) => [
    auction,
    dayText(day),
    bids,
    bids1,
    bids2,
    bids3,
    min,
    max,
    Math.trunc(sum / bids),
    sum,
  ],
  upsertKey: ({ auction, day }) => `${auction}/${day}`,
});
