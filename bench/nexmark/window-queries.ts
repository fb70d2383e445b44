// Queries over windows of event time: q5, q7, q8, q11.
import { count, listState, mapState, session, sliding, t, valueState } from "millrace";
import { auctionsOf, bidsOf, personsOf } from "./events.ts";
import { query } from "./query.ts";

const WINDOW_MS = 10_000;
const Hot = t.record("Hot", { auction: t.long(), num: t.long() });

export const q5 = query({
  name: "q5",
  text: "the auctions with the most bids in 10 s, every 2 s",
  build: (events) =>
    bidsOf(events)
      .map(({ id }) => ({ auction: id }))
      .keyBy("auction", t.long())
      .window(sliding("10s", "2s"))
      .aggregate("bids-per-auction", { num: count() })
      .map(({ key, window, num }) => ({ auction: key, end: window.end, num }))
      .keyBy("end", t.timestamp())
      .process("hottest", {
        output: Hot,
        state: { most: valueState(t.long()), auctions: listState(t.long()) },
        onElement({ auction, end, num }, { state, timers }) {
          const most = state.most.get();
          if (most !== undefined && num < most) return;
          if (most === undefined) timers.setEventTime(end - 1);
          if (num !== most) state.auctions.clear();
          state.most.set(num);
          state.auctions.add(auction);
        },
        onTimer(_at, { state, emit }) {
          const num = state.most.get()!;
          for (const auction of state.auctions.get()) emit({ auction, num });
          state.most.clear();
          state.auctions.clear();
        },
      }),
  columns: ({ auction, num }) => [auction, num],
});

const HighBid = t.record("HighBid", { auction: t.long(), price: t.long(), bidder: t.long(), dateTime: t.timestamp(), extra: t.string() });

/**
 * The published join takes bids from a window's start to its end, both included: a bid at the very end of a window belongs to the next one,
 * and still counts if it has this one's highest price. Such bids go to both.
 */
export const q7 = query({
  name: "q7",
  text: "the bids with the highest price in 10 s",
  build: (events) =>
    bidsOf(events)
      .flatMap(({ id, bidder, price, dateTime, extra }) => {
        const end = dateTime - (dateTime % WINDOW_MS) + WINDOW_MS;
        const bid = { end, own: true, auction: id, price, bidder, dateTime, extra };
        return dateTime % WINDOW_MS === 0 ? [bid, { ...bid, end: dateTime, own: false }] : [bid];
      })
      .keyBy("end", t.timestamp())
      .process("highest", {
        output: HighBid,
        state: { highest: valueState(t.long()), bids: listState(HighBid), border: listState(HighBid), any: valueState(t.boolean()) },
        onElement({ end, own, auction, price, bidder, dateTime, extra }, { state, timers }) {
          const highest = state.highest.get() ?? -1;
          if (price < highest) return;
          if (state.any.get() === undefined) {
            state.any.set(true);
            timers.setEventTime(end);
          }
          const bid = { auction, price, bidder, dateTime, extra };
          if (!own) return state.border.add(bid);
          if (price > highest) {
            state.highest.set(price);
            state.bids.clear();
          }
          state.bids.add(bid);
        },
        onTimer(_at, { state, emit }) {
          const highest = state.highest.get();
          for (const bid of state.bids.get()) emit(bid);
          for (const bid of state.border.get()) if (bid.price === highest) emit(bid);
          for (const each of [state.highest, state.bids, state.border, state.any]) each.clear();
        },
      }),
  columns: ({ auction, price, bidder, dateTime, extra }) => [auction, price, bidder, dateTime, extra],
});

const NewSeller = t.record("NewSeller", { id: t.long(), name: t.string(), start: t.timestamp() });

/** A key has a window with both sides rarely: so each side is noted per window, and forgotten when the window ends. */
export const q8 = query({
  name: "q8",
  text: "who came and opened an auction within the same 10 s",
  build: (events) => {
    const start = (dateTime: number): number => dateTime - (dateTime % WINDOW_MS);
    const persons = personsOf(events).map(({ id, name, dateTime }) => ({ id, name, start: start(dateTime) }));
    const auctions = auctionsOf(events).map(({ seller, dateTime }) => ({ seller, start: start(dateTime) }));
    return persons.keyBy("id").connect("new-sellers", auctions.keyBy("seller"), {
      output: NewSeller,
      state: { names: mapState(t.timestamp(), t.array(t.string())), sells: mapState(t.timestamp(), t.boolean()) },
      onLeft(person, { state, emit, timers }) {
        const names = state.names.get(person.start) ?? [];
        if (names.includes(person.name)) return;
        state.names.set(person.start, [...names, person.name]);
        timers.setEventTime(person.start + WINDOW_MS - 1);
        if (state.sells.has(person.start)) emit(person);
      },
      onRight({ seller, start: at }, { state, emit, timers }) {
        if (state.sells.has(at)) return;
        state.sells.set(at, true);
        timers.setEventTime(at + WINDOW_MS - 1);
        for (const name of state.names.get(at) ?? []) emit({ id: seller, name, start: at });
      },
      onTimer(at, { state }) {
        state.names.delete(at + 1 - WINDOW_MS);
        state.sells.delete(at + 1 - WINDOW_MS);
      },
    });
  },
  columns: ({ id, name, start }) => [id, name, start],
});

export const q11 = query({
  name: "q11",
  text: "bids per session of a bidder, which ends after 10 s without one",
  build: (events) =>
    bidsOf(events)
      .map(({ bidder }) => ({ bidder }))
      .keyBy("bidder", t.long())
      .window(session("10s"))
      .aggregate("bids-per-session", { num: count() })
      .map(({ key, num, window }) => ({ bidder: key, num, start: window.start, end: window.end })),
  columns: ({ bidder, num, start, end }) => [bidder, num, start, end],
});
