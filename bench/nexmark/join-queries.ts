// Queries that join without windows: q3, q4, q20. Ids of persons and auctions are unique, as Nexmark makes them, so a bid waits for its
// auction at most and is not kept behind it.
import { listState, t, valueState } from "millrace";
import { Auction, auctionsOf, Bid, bidsOf, personsOf, toAuction, toBid, type AuctionRow, type BidRow } from "./events.ts";
import { query } from "./query.ts";

const Person = t.record("Person", { id: t.long(), name: t.string(), city: t.string(), state: t.string() });
const Seller = t.record("Seller", { name: t.string(), city: t.string(), state: t.string(), id: t.long() });
const CATEGORY = 10;

export const q3 = query({
  name: "q3",
  text: "who sells in category 10 in Oregon, Idaho and California",
  build: (events) => {
    const persons = personsOf(events)
      .filter(({ state }) => state === "OR" || state === "ID" || state === "CA")
      .map(({ id, name, city, state }) => ({ id, name, city, state }));
    const auctions = auctionsOf(events)
      .filter(({ category }) => category === CATEGORY)
      .map(({ id, seller }) => ({ id, seller }));
    return persons.keyBy("id").connect("sellers", auctions.keyBy("seller"), {
      output: Seller,
      state: { person: valueState(Person), auctions: listState(t.long()) },
      onLeft(person, { state, emit }) {
        state.person.set(person);
        for (const id of state.auctions.get()) emit({ name: person.name, city: person.city, state: person.state, id });
      },
      onRight({ id }, { state, emit }) {
        state.auctions.add(id);
        const person = state.person.get();
        if (person !== undefined) emit({ name: person.name, city: person.city, state: person.state, id });
      },
    });
  },
  columns: ({ name, city, state, id }) => [name, city, state, id],
});

const Offer = t.record("Offer", { price: t.long(), at: t.timestamp() });
/** How an auction's best price has changed; before −1: it had none. */
const Raise = t.record("Raise", { category: t.long(), before: t.long(), after: t.long() });
const Average = t.record("Average", { category: t.long(), average: t.long() });

export const q4 = query({
  name: "q4",
  text: "the average of the final prices in each category",
  build: (events) => {
    const auctions = auctionsOf(events).map(({ id, category, dateTime, expires }) => ({ id, category, from: dateTime, to: expires }));
    const bids = bidsOf(events).map(({ id, price, dateTime }) => ({ auction: id, price, at: dateTime }));
    const raises = auctions.keyBy("id").connect("final-prices", bids.keyBy("auction"), {
      output: Raise,
      state: {
        category: valueState(t.long()),
        from: valueState(t.timestamp()),
        to: valueState(t.timestamp()),
        best: valueState(t.long()),
        early: listState(Offer),
      },
      onLeft({ category, from, to }, { state, emit }) {
        state.category.set(category);
        state.from.set(from);
        state.to.set(to);
        let best = -1;
        for (const { price, at } of state.early.get()) if (at >= from && at <= to && price > best) best = price;
        state.early.clear();
        if (best < 0) return;
        state.best.set(best);
        emit({ category, before: -1, after: best });
      },
      onRight({ price, at }, { state, emit }) {
        const from = state.from.get();
        if (from === undefined) return state.early.add({ price, at });
        if (at < from || at > state.to.get()!) return;
        const before = state.best.get() ?? -1;
        if (price <= before) return;
        state.best.set(price);
        emit({ category: state.category.get()!, before, after: price });
      },
    });
    return raises.keyBy("category").process("averages", {
      output: Average,
      state: { sum: valueState(t.long()), count: valueState(t.long()) },
      onElement({ category, before, after }, { state, emit }) {
        const sum = (state.sum.get() ?? 0) + after - Math.max(before, 0);
        const count = (state.count.get() ?? 0) + (before < 0 ? 1 : 0);
        state.sum.set(sum);
        state.count.set(count);
        emit({ category, average: Math.trunc(sum / count) });
      },
    });
  },
  columns: ({ category, average }) => [category, average],
  upsertKey: ({ category }) => String(category),
});

const BidForAuction = t.record("BidForAuction", { bid: Bid, auction: Auction });

export const q20 = query({
  name: "q20",
  text: "bids for auctions of category 10, with the auction",
  build: (events) => {
    const auctions = auctionsOf(events).map(toAuction).returns(Auction);
    const bids = bidsOf(events).map(toBid).returns(Bid);
    return auctions.keyBy("id").connect("bids-with-auctions", bids.keyBy("auction"), {
      output: BidForAuction,
      state: { wanted: valueState(t.boolean()), auction: valueState(Auction), early: listState(Bid) },
      onLeft(auction: AuctionRow, { state, emit }) {
        const wanted = auction.category === CATEGORY;
        state.wanted.set(wanted);
        if (wanted) {
          state.auction.set(auction);
          for (const bid of state.early.get()) emit({ bid, auction });
        }
        state.early.clear();
      },
      onRight(bid: BidRow, { state, emit }) {
        const wanted = state.wanted.get();
        if (wanted === undefined) state.early.add(bid);
        else if (wanted) emit({ bid, auction: state.auction.get()! });
      },
    });
  },
  columns: ({ bid, auction }) => [
    bid.auction,
    bid.bidder,
    bid.price,
    bid.channel,
    bid.url,
    bid.dateTime,
    bid.extra,
    auction.itemName,
    auction.description,
    auction.initialBid,
    auction.reserve,
    auction.dateTime,
    auction.expires,
    auction.seller,
    auction.category,
    auction.extra,
  ],
});
