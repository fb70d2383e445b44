// Nexmark's generator, as published: of 50 events 1 person, 3 auctions and 46 bids, with hot sellers, auctions and bidders (3 of 4, 1 of 2,
// 3 of 4), everything a function of the event's number. It fills columns. Texts come from pools of 1,024 instead of being made anew for
// each event: making them would be most of the work.
import type { Source } from "millrace";
import { generatorSource } from "millrace/connectors/memory";
import { AUCTION, BID, Event, PERSON, type EventRow } from "./events.ts";

const PERSONS = 1;
const AUCTIONS = 3;
const ALL = 50;
const ACTIVE_PERSONS = 1000;
const PERSON_LEAD = 10;
const AUCTIONS_IN_FLIGHT = 100;
const AUCTION_LEAD = 10;
const HOT_AUCTION_RATIO = 2;
const HOT_SELLER_RATIO = 4;
const HOT_BIDDER_RATIO = 4;
const HOT_CHANNEL_RATIO = 2;
const HOT_EVERY = 100;
const FIRST_ID = 1000;
const FIRST_CATEGORY = 10;
const CATEGORIES = 5;
const CHANNELS = 10_000;
const POOL = 1024;
const START_MS = Date.UTC(2026, 0, 1);
/** Of event time. */
export const EVENTS_PER_MS = 100;

const STATES = ["AZ", "CA", "ID", "OR", "WA", "WY"];
const CITIES = ["Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland", "Bend", "Redmond", "Seattle", "Kent", "Cheyenne"];
const HOT_CHANNELS = ["Google", "Facebook", "Baidu", "Apple"];
const FIRST_NAMES = ["Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"];
const LAST_NAMES = ["Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"];

/** A number below 2^32 that looks random: of the event and of what it is for. */
function random(event: number, purpose: number): number {
  let x = (event ^ Math.imul(purpose, 0x9e3779b1)) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

function below(limit: number, event: number, purpose: number): number {
  return Math.floor((random(event, purpose) / 4294967296) * limit);
}

function text(length: number, seed: number): string {
  let made = "";
  for (let at = 0; at < length; at++) made += String.fromCharCode((random(seed, at) % 26) + (random(seed, at) % 7 === 0 ? 65 : 97));
  return made;
}

function pool(length: number, seed: number): string[] {
  return Array.from({ length: POOL }, (_, index) =>
    text(Math.round(length * (0.8 + (random(index, seed) / 4294967296) * 0.4)), seed + index * 31),
  );
}

const bidExtras = pool(60, 1);
const auctionExtras = pool(330, 2);
const personExtras = pool(90, 3);
const itemNames = pool(12, 4);
const descriptions = pool(60, 5);
const emails = Array.from({ length: POOL }, (_, index) => `${text(7, index)}@${text(5, index + POOL)}.com`);
const creditCards = Array.from({ length: POOL }, (_, index) => `${1000 + below(9000, index, 6)} ${1000 + below(9000, index, 7)} ${1000 + below(9000, index, 8)} ${1000 + below(9000, index, 9)}`); // prettier-ignore
const names = FIRST_NAMES.flatMap((first) => LAST_NAMES.map((last) => `${first} ${last}`));
const directory = (seed: number): string =>
  `https://www.nexmark.com/${text(4, seed)}/${text(4, seed + 1)}/${text(4, seed + 2)}/item.htm?query=1`;
const hotUrls = HOT_CHANNELS.map((_, index) => directory(index * 3));
const channels = Array.from({ length: CHANNELS }, (_, index) => `channel-${index}`);
const urls = channels.map((_, index) => (below(10, index, 10) > 0 ? `${directory(100 + index * 3)}&channel_id=${random(index, 11) >>> 1}` : directory(100 + index * 3))); // prettier-ignore

/** Number of the newest person before or at an event, from 0. */
function lastPerson(event: number): number {
  return Math.floor(event / ALL) * PERSONS;
}

function lastAuction(event: number): number {
  const offset = event % ALL;
  const round = Math.floor(event / ALL) * AUCTIONS;
  if (offset < PERSONS) return round - 1;
  return round + Math.min(offset - PERSONS, AUCTIONS - 1);
}

function somePerson(event: number, purpose: number): number {
  const count = lastPerson(event) + 1;
  const active = Math.min(count, ACTIVE_PERSONS);
  return count - active + below(active + PERSON_LEAD, event, purpose);
}

function someAuction(event: number, purpose: number): number {
  const last = Math.max(0, lastAuction(event));
  const first = Math.max(0, last - AUCTIONS_IN_FLIGHT);
  return first + below(last - first + 1 + AUCTION_LEAD, event, purpose);
}

function somePrice(event: number, purpose: number): number {
  return Math.round(10 ** ((random(event, purpose) / 4294967296) * 6) * 100);
}

function timeOf(event: number): number {
  return START_MS + Math.floor(event / EVENTS_PER_MS);
}

type Numbers = Float64Array | Int32Array;
const FIELDS = Event.type.kind === "record" ? Event.type.fields.map(({ name }) => name) : [];

/** The columns of a batch by the names of the fields. */
class Columns {
  readonly #columns: readonly { readonly values: unknown }[];

  constructor(columns: readonly unknown[]) {
    this.#columns = columns as readonly { readonly values: unknown }[];
  }

  numbers(field: keyof EventRow): Numbers {
    return this.#columns[FIELDS.indexOf(field)]!.values as Numbers;
  }

  texts(field: keyof EventRow): string[] {
    return this.#columns[FIELDS.indexOf(field)]!.values as string[];
  }
}

export function nexmarkSource(count: number): Source<EventRow> {
  return generatorSource(Event, {
    count,
    columns(batch, first, rows) {
      const columns = new Columns(batch.columns);
      const kinds = columns.numbers("kind");
      const times = columns.numbers("dateTime");
      for (let row = 0; row < rows; row++) {
        const offset = (first + row) % ALL;
        kinds[row] = offset < PERSONS ? PERSON : offset < PERSONS + AUCTIONS ? AUCTION : BID;
        times[row] = timeOf(first + row);
      }
      fillBids(columns, first, rows);
      fillAuctions(columns, first, rows);
      fillPersons(columns, first, rows);
    },
  });
}

function fillBids(columns: Columns, first: number, rows: number): void {
  const kinds = columns.numbers("kind");
  const [ids, bidders, prices] = [columns.numbers("id"), columns.numbers("bidder"), columns.numbers("price")];
  const [channel, url, extra] = [columns.texts("channel"), columns.texts("url"), columns.texts("extra")];
  for (let row = 0; row < rows; row++) {
    if (kinds[row] !== BID) continue;
    const event = first + row;
    const hotAuction = random(event, 20) % HOT_AUCTION_RATIO > 0;
    const auction = hotAuction ? Math.floor(Math.max(0, lastAuction(event)) / HOT_EVERY) * HOT_EVERY : someAuction(event, 21);
    const hotBidder = random(event, 22) % HOT_BIDDER_RATIO > 0;
    const bidder = hotBidder ? Math.floor(lastPerson(event) / HOT_EVERY) * HOT_EVERY + 1 : somePerson(event, 23);
    ids[row] = FIRST_ID + auction;
    bidders[row] = FIRST_ID + bidder;
    prices[row] = somePrice(event, 24);
    const hotChannel = random(event, 25) % HOT_CHANNEL_RATIO > 0;
    const number = hotChannel ? random(event, 26) % HOT_CHANNELS.length : below(CHANNELS, event, 26);
    channel[row] = (hotChannel ? HOT_CHANNELS : channels)[number]!;
    url[row] = (hotChannel ? hotUrls : urls)[number]!;
    extra[row] = bidExtras[random(event, 27) % POOL]!;
  }
}

function fillAuctions(columns: Columns, first: number, rows: number): void {
  const kinds = columns.numbers("kind");
  const [ids, initialBids, reserves, expires] = [columns.numbers("id"), columns.numbers("initialBid"), columns.numbers("reserve"), columns.numbers("expires")]; // prettier-ignore
  const [sellers, categories] = [columns.numbers("seller"), columns.numbers("category")];
  const [itemName, description, extra] = [columns.texts("itemName"), columns.texts("description"), columns.texts("extra")];
  for (let row = 0; row < rows; row++) {
    if (kinds[row] !== AUCTION) continue;
    const event = first + row;
    const hot = random(event, 30) % HOT_SELLER_RATIO > 0;
    const initialBid = somePrice(event, 31);
    ids[row] = FIRST_ID + lastAuction(event);
    initialBids[row] = initialBid;
    reserves[row] = initialBid + somePrice(event, 32);
    sellers[row] = FIRST_ID + (hot ? Math.floor(lastPerson(event) / HOT_EVERY) * HOT_EVERY : somePerson(event, 33));
    categories[row] = FIRST_CATEGORY + below(CATEGORIES, event, 34);
    // So that about as many auctions are open at a time as are to be in flight.
    const horizonMs = timeOf(event + Math.floor((AUCTIONS_IN_FLIGHT * ALL) / AUCTIONS)) - timeOf(event);
    expires[row] = timeOf(event) + 1 + below(Math.max(1, horizonMs * 2), event, 35);
    itemName[row] = itemNames[random(event, 36) % POOL]!;
    description[row] = descriptions[random(event, 37) % POOL]!;
    extra[row] = auctionExtras[random(event, 38) % POOL]!;
  }
}

function fillPersons(columns: Columns, first: number, rows: number): void {
  const kinds = columns.numbers("kind");
  const ids = columns.numbers("id");
  const [name, email, card] = [columns.texts("name"), columns.texts("emailAddress"), columns.texts("creditCard")];
  const [city, state, extra] = [columns.texts("city"), columns.texts("state"), columns.texts("extra")];
  for (let row = 0; row < rows; row++) {
    if (kinds[row] !== PERSON) continue;
    const event = first + row;
    ids[row] = FIRST_ID + lastPerson(event);
    name[row] = names[random(event, 40) % names.length]!;
    email[row] = emails[random(event, 41) % POOL]!;
    card[row] = creditCards[random(event, 42) % POOL]!;
    city[row] = CITIES[random(event, 43) % CITIES.length]!;
    state[row] = STATES[random(event, 44) % STATES.length]!;
    extra[row] = personExtras[random(event, 45) % POOL]!;
  }
}
