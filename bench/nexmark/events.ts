// Nexmark's three kinds of events, and the one record in which a source brings them: the fields of the kinds side by side, those of the
// other kinds hold anything. Views take out one kind, with its own fields.
import { boundedOutOfOrderness, t, type DataStream, type Infer, type PipelineBuilder, type Source } from "millrace";

export const PERSON = 0;
export const AUCTION = 1;
export const BID = 2;

export const Event = t.record("Event", {
  kind: t.int(),
  /** Of the person, of the auction, of the auction that is bid for. */
  id: t.long(),
  dateTime: t.timestamp(),
  extra: t.string(),
  bidder: t.long(),
  price: t.long(),
  channel: t.string(),
  url: t.string(),
  name: t.string(),
  emailAddress: t.string(),
  creditCard: t.string(),
  city: t.string(),
  state: t.string(),
  itemName: t.string(),
  description: t.string(),
  initialBid: t.long(),
  reserve: t.long(),
  expires: t.timestamp(),
  seller: t.long(),
  category: t.long(),
});
export type EventRow = Infer<typeof Event>;

export const Auction = t.record("Auction", {
  id: t.long(),
  itemName: t.string(),
  description: t.string(),
  initialBid: t.long(),
  reserve: t.long(),
  dateTime: t.timestamp(),
  expires: t.timestamp(),
  seller: t.long(),
  category: t.long(),
  extra: t.string(),
});
export type AuctionRow = Infer<typeof Auction>;

export const Bid = t.record("Bid", {
  auction: t.long(),
  bidder: t.long(),
  price: t.long(),
  channel: t.string(),
  url: t.string(),
  dateTime: t.timestamp(),
  extra: t.string(),
});
export type BidRow = Infer<typeof Bid>;

/** How far behind the newest event the watermark is. */
const BOUND = "4s";

export type Events = DataStream<EventRow>;

export function events(p: PipelineBuilder, source: Source<EventRow>): Events {
  return p.from("events", source, { eventTime: (event) => event.dateTime, watermarks: boundedOutOfOrderness(BOUND) });
}

export const bidsOf = (from: Events): Events => from.filter((event) => event.kind === BID);
export const auctionsOf = (from: Events): Events => from.filter((event) => event.kind === AUCTION);
export const personsOf = (from: Events): Events => from.filter((event) => event.kind === PERSON);

export function toBid({ id, bidder, price, channel, url, dateTime, extra }: EventRow): BidRow {
  return { auction: id, bidder, price, channel, url, dateTime, extra };
}

export function toAuction(event: EventRow): AuctionRow {
  const { id, itemName, description, initialBid, reserve, dateTime, expires, seller, category, extra } = event;
  return { id, itemName, description, initialBid, reserve, dateTime, expires, seller, category, extra };
}
