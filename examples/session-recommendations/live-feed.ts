// A seeded shop: 64 customers at a time fill baskets of up to ten products, mostly of the kind that they like. A line is a function of
// (seed, index) alone; lines are up to 30 seconds out of order, 1 % come twice, 2 % are cancelled later, a few are malformed, and some
// customers are unknown.
import type { Feed, FeedRecord, LiveSource } from "../running/feed.ts";
import { hash, uniform } from "../running/random.ts";
import type { Line } from "./topics.ts";

const SECOND = 1000;
const START = Date.UTC(2026, 0, 1);
const CUSTOMERS = 3_000;
const AT_A_TIME = 64;
const BASKET = 10;
const KINDS = 40;
const PRODUCTS_PER_KIND = 50;
const DISORDER_SECONDS = 30;
const MALFORMED_EVERY = 4_999;
const DRAW = {
  customer: 1,
  size: 2,
  kind: 3,
  product: 4,
  stray: 5,
  quantity: 6,
  price: 7,
  jitter: 8,
  twice: 9,
  unknown: 10,
  cancel: 11,
} as const;

type Source = Pick<LiveSource, "seed" | "rate" | "speed">;

export class LiveFeed implements Feed {
  readonly name: string;
  readonly #source: Source;
  #position = 0;

  constructor(source: Source) {
    this.#source = source;
    this.name = `live seed=${source.seed} rate=${source.rate} speed=${source.speed}`;
  }

  get time(): number {
    return this.#baseTime(this.#position);
  }

  seek(position: number): Promise<void> {
    this.#position = position;
    return Promise.resolve();
  }

  next(into: FeedRecord[]): boolean {
    const { seed } = this.#source;
    const index = this.#position++;
    const line = this.line(index);
    if (line !== undefined) {
      const record = { topic: "purchases", key: line.invoice, value: JSON.stringify(line) };
      into.push({ ...record, stamped: true });
      if (uniform(seed, DRAW.twice, index) < 0.01) into.push({ ...record, stamped: true });
      if (uniform(seed, DRAW.cancel, index) < 0.02)
        into.push({ ...record, value: JSON.stringify({ ...line, invoice: `C${line.invoice}`, quantity: -line.quantity }), stamped: true });
    }
    if (index % MALFORMED_EVERY === MALFORMED_EVERY - 1)
      into.push({ topic: "purchases", key: "?", value: `{"invoice":"${index}","quantity":` });
    return true;
  }

  #baseTime(index: number): number {
    return START + Math.floor((index * this.#source.speed) / this.#source.rate) * SECOND;
  }

  /** The index's line; undefined where a basket was smaller than the largest. */
  line(index: number): Line | undefined {
    const { seed } = this.#source;
    const slot = index % AT_A_TIME;
    const turn = Math.floor(index / AT_A_TIME);
    const basket = Math.floor(turn / BASKET) * AT_A_TIME + slot;
    if (turn % BASKET >= 1 + (hash(seed, DRAW.size, basket) % BASKET)) return undefined;
    const customer = hash(seed, DRAW.customer, basket) % CUSTOMERS;
    const liked = hash(seed, DRAW.kind, customer * 2 + (basket % 2)) % KINDS;
    const kind = uniform(seed, DRAW.stray, index) < 0.2 ? hash(seed, DRAW.stray, index) % KINDS : liked;
    // The products of a kind are bought the more often the smaller their number.
    const product = kind * PRODUCTS_PER_KIND + Math.floor(uniform(seed, DRAW.product, index) ** 2 * PRODUCTS_PER_KIND);
    const known = uniform(seed, DRAW.unknown, basket) >= 0.1;
    return {
      invoice: `i-${basket}`,
      product: `p-${product}`,
      description: `PRODUCT ${product} OF KIND ${kind}`,
      quantity: 1 + (hash(seed, DRAW.quantity, index) % 6),
      priceMills: 10 * (50 + (hash(seed, DRAW.price, product) % 2_000)),
      ...(known ? { customerId: `c-${customer}` } : {}),
      country: "United Kingdom",
      at: Math.max(START, this.#baseTime(index) - (hash(seed, DRAW.jitter, index) % DISORDER_SECONDS) * SECOND),
    };
  }
}
