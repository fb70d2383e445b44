// Queries that look at one bid at a time: q0, q1, q2, q13, q14, q21, q22.
import { bidsOf } from "./events.ts";
import { decimalText, inThousandths } from "./money.ts";
import { query } from "./query.ts";

export const q0 = query({
  name: "q0",
  text: "all bids as they are",
  build: (events) => bidsOf(events).map(({ id, bidder, price, dateTime, extra }) => ({ auction: id, bidder, price, dateTime, extra })),
  columns: ({ auction, bidder, price, dateTime, extra }) => [auction, bidder, price, dateTime, extra],
});

export const q1 = query({
  name: "q1",
  text: "prices in euros",
  build: (events) =>
    bidsOf(events).map(({ id, bidder, price, dateTime, extra }) => ({
      auction: id,
      bidder,
      thousandths: inThousandths(price),
      dateTime,
      extra,
    })),
  columns: ({ auction, bidder, thousandths, dateTime, extra }) => [auction, bidder, decimalText(thousandths), dateTime, extra],
});

export const q2 = query({
  name: "q2",
  text: "bids for every 123rd auction",
  build: (events) =>
    bidsOf(events)
      .filter(({ id }) => id % 123 === 0)
      .map(({ id, price }) => ({ auction: id, price })),
  columns: ({ auction, price }) => [auction, price],
});

const SIDE_ROWS = 10_000;
const sideInput = new Map(Array.from({ length: SIDE_ROWS }, (_, key) => [key, String(key)]));

export const q13 = query({
  name: "q13",
  text: "bids joined with a bounded side input of 10,000 rows",
  build: (events) =>
    bidsOf(events)
      .filter(({ id }) => sideInput.has(id % SIDE_ROWS))
      .map(({ id, bidder, price, dateTime }) => ({ auction: id, bidder, price, dateTime, value: sideInput.get(id % SIDE_ROWS)! })),
  columns: ({ auction, bidder, price, dateTime, value }) => [auction, bidder, price, dateTime, value],
});

const MIN_THOUSANDTHS = 1_000_000_000;
const MAX_THOUSANDTHS = 50_000_000_000;
const HOUR_MS = 3_600_000;

function bidTimeType(dateTime: number): string {
  const hour = Math.floor(dateTime / HOUR_MS) % 24;
  return hour >= 8 && hour <= 18 ? "dayTime" : hour <= 6 || hour >= 20 ? "nightTime" : "otherTime";
}

function countChar(text: string, character: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count++;
  return count;
}

export const q14 = query({
  name: "q14",
  text: "bids in a range of prices, with the time of the day and a count of characters",
  build: (events) =>
    bidsOf(events)
      .filter(({ price }) => inThousandths(price) > MIN_THOUSANDTHS && inThousandths(price) < MAX_THOUSANDTHS)
      .map(({ id, bidder, price, dateTime, extra }) => ({
        auction: id,
        bidder,
        thousandths: inThousandths(price),
        timeType: bidTimeType(dateTime),
        dateTime,
        extra,
        count: countChar(extra, "c"),
      })),
  columns: ({ auction, bidder, thousandths, timeType, dateTime, extra, count }) => [
    auction,
    bidder,
    decimalText(thousandths),
    timeType,
    dateTime,
    extra,
    count,
  ],
});

const PARAMETER = "channel_id=";

/** What REGEXP_EXTRACT(url, '(&|^)channel_id=([^&]*)', 2) gives; undefined: no match. */
function channelIdIn(url: string): string | undefined {
  for (let at = url.indexOf(PARAMETER); at >= 0; at = url.indexOf(PARAMETER, at + 1)) {
    if (at > 0 && url[at - 1] !== "&") continue;
    const start = at + PARAMETER.length;
    const end = url.indexOf("&", start);
    return end < 0 ? url.slice(start) : url.slice(start, end);
  }
  return undefined;
}

const KNOWN_CHANNELS: Readonly<Record<string, string>> = { apple: "0", google: "1", facebook: "2", baidu: "3" };

function channelId(channel: string, url: string): string | undefined {
  const known = channel.toLowerCase();
  return Object.hasOwn(KNOWN_CHANNELS, known) ? KNOWN_CHANNELS[known] : channelIdIn(url);
}

export const q21 = query({
  name: "q21",
  text: "an id for each channel, known or out of the URL",
  build: (events) =>
    bidsOf(events)
      .map(({ id, bidder, price, channel, url }) => ({ auction: id, bidder, price, channel, channelId: channelId(channel, url) }))
      .filter((bid) => bid.channelId !== undefined),
  columns: ({ auction, bidder, price, channel, channelId: id }) => [auction, bidder, price, channel, id],
});

/** Parts 3, 4 and 5 of the URL between slashes; null where there are fewer. */
function directories(url: string): readonly (string | null)[] {
  const found: (string | null)[] = [];
  let start = 0;
  for (let part = 0; part <= 5; part++) {
    if (start < 0) {
      if (part >= 3) found.push(null);
      continue;
    }
    const end = url.indexOf("/", start);
    if (part >= 3) found.push(end < 0 ? url.slice(start) : url.slice(start, end));
    start = end < 0 ? -1 : end + 1;
  }
  return found;
}

export const q22 = query({
  name: "q22",
  text: "the directories of the URL",
  build: (events) =>
    bidsOf(events).map(({ id, bidder, price, channel, url }) => {
      const [dir1, dir2, dir3] = directories(url);
      return { auction: id, bidder, price, channel, dir1, dir2, dir3 };
    }),
  columns: ({ auction, bidder, price, channel, dir1, dir2, dir3 }) => [auction, bidder, price, channel, dir1, dir2, dir3],
});
