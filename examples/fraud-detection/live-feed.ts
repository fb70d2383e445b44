// Seeded card traffic: customers and terminals on a map, spending habits, and three kinds of fraud (large amounts; terminals that are
// compromised for four weeks; card details stolen for two weeks). About 0.8 % of the transactions are fraud. After the simulator of
// "Reproducible Machine Learning for Credit Card Fraud Detection" (Le Borgne, Siblini, Lebichot, Bontempi, 2022).
// Every transaction is a function of (seed, index); labels follow seven days of event time later; 1 % are sent twice; some are malformed.
import type { Feed, FeedRecord, LiveSource } from "../running/feed.ts";
import { hash, normal, uniform } from "../running/random.ts";
import type { Label, Transaction } from "./topics.ts";

export type LiveFeedOptions = Pick<LiveSource, "seed" | "rate" | "speed">;

const SECOND = 1000;
const DAY = 86_400 * SECOND;
const START = Date.UTC(2026, 0, 1);
const CUSTOMERS = 5_000;
const TERMINALS = 10_000;
const NEAR = 40;
const DISORDER_SECONDS = 30;
const LABEL_DELAY = 7 * DAY;
const COMPLETE_EVERY = 300 * SECOND;
const DUPLICATE_SHARE = 0.01;
const DUPLICATE_DISTANCE = 3;
const MALFORMED_EVERY = 4_999;
const COMPROMISED_PER_DAY = 2;
const COMPROMISED_DAYS = 28;
const STOLEN_PER_DAY = 3;
const STOLEN_DAYS = 14;
const LARGE_SHARE = 0.0005;

/** What each random number is for; a stream of its own, so that one draw never shifts another. */
const DRAW = {
  customer: 1,
  terminal: 2,
  amount: 3,
  jitter: 4,
  duplicate: 5,
  compromised: 6,
  stolen: 7,
  stolenUse: 8,
  large: 9,
  x: 10,
  y: 11,
  tx: 12,
  ty: 13,
  mean: 14,
} as const;

export class LiveFeed implements Feed {
  readonly name: string;
  readonly #options: LiveFeedOptions;
  readonly #near: Uint16Array;
  #position = 0;

  constructor(options: LiveFeedOptions) {
    this.#options = options;
    this.name = `live seed=${options.seed} rate=${options.rate} speed=${options.speed}`;
    this.#near = nearestTerminals(options.seed);
  }

  get time(): number {
    return this.#baseTime(this.#position);
  }

  seek(position: number): Promise<void> {
    this.#position = position;
    return Promise.resolve();
  }

  next(into: FeedRecord[]): boolean {
    const index = this.#position++;
    this.#send(index, into);
    const again = index - DUPLICATE_DISTANCE;
    if (again >= 0 && uniform(this.#options.seed, DRAW.duplicate, again) < DUPLICATE_SHARE) this.#send(again, into);
    if (index % MALFORMED_EVERY === MALFORMED_EVERY - 1)
      into.push({ topic: "transactions", key: "?", value: `{"transactionId":"tx-${index}","customerId":7,"amo` });
    this.#labelsUntil(this.#baseTime(index), index === 0 ? START : this.#baseTime(index - 1), into);
    return true;
  }

  /** Event time of an index before disorder. */
  #baseTime(index: number): number {
    return START + Math.floor((index * this.#options.speed) / this.#options.rate) * SECOND;
  }

  #send(index: number, into: FeedRecord[]): void {
    const { transaction } = this.transaction(index);
    into.push({ topic: "transactions", key: transaction.customerId, value: JSON.stringify(transaction), stamped: true });
  }

  /** Labels that became known in (since, until]: those of the transactions of seven days before, and the mark that they are complete. */
  #labelsUntil(until: number, since: number, into: FeedRecord[]): void {
    const perIndex = (this.#options.speed * SECOND) / this.#options.rate;
    const slack = Math.ceil((DISORDER_SECONDS * SECOND) / perIndex) + 2;
    const first = Math.max(0, Math.floor((since - LABEL_DELAY - START) / perIndex) - slack);
    const last = Math.floor((until - LABEL_DELAY - START) / perIndex) + slack;
    for (let index = first; index <= last; index++) {
      const knownAt = Math.max(START, this.#baseTime(index) - this.#jitter(index)) + LABEL_DELAY;
      if (knownAt <= since || knownAt > until) continue;
      const { transaction, fraud } = this.transaction(index);
      if (fraud)
        pushLabel(into, {
          kind: "fraud",
          transactionId: transaction.transactionId,
          terminalId: transaction.terminalId,
          transactionAt: transaction.at,
          knownAt,
        });
    }
    const mark = Math.floor(until / COMPLETE_EVERY) * COMPLETE_EVERY;
    if (mark > since) pushLabel(into, { kind: "complete", transactionId: "", terminalId: "", transactionAt: mark, knownAt: mark });
  }

  #jitter(index: number): number {
    return (hash(this.#options.seed, DRAW.jitter, index) % DISORDER_SECONDS) * SECOND;
  }

  /** The index's transaction, and whether it is fraudulent. */
  transaction(index: number): { transaction: Transaction; fraud: boolean } {
    const { seed } = this.#options;
    const at = Math.max(START, this.#baseTime(index) - this.#jitter(index));
    const day = Math.floor((at - START) / DAY);
    const customer = hash(seed, DRAW.customer, index) % CUSTOMERS;
    const terminal = this.#near[customer * NEAR + (hash(seed, DRAW.terminal, index) % NEAR)]!;
    const mean = 5 + 95 * uniform(seed, DRAW.mean, customer);
    let cents = Math.max(1, Math.round(Math.min(Math.abs(mean + (mean / 2) * normal(seed, DRAW.amount, index)), 215) * 100));
    let fraud = false;
    if (uniform(seed, DRAW.large, index) < LARGE_SHARE) {
      cents += 220_00;
      fraud = true;
    }
    if (listed(seed, DRAW.compromised, terminal, TERMINALS, day, COMPROMISED_DAYS, COMPROMISED_PER_DAY)) fraud = true;
    if (uniform(seed, DRAW.stolenUse, index) < 1 / 3 && listed(seed, DRAW.stolen, customer, CUSTOMERS, day, STOLEN_DAYS, STOLEN_PER_DAY)) {
      cents *= 5;
      fraud = true;
    }
    const transaction = { transactionId: `tx-${index}`, customerId: `c-${customer}`, terminalId: `t-${terminal}`, amount: cents / 100, at };
    return { transaction, fraud };
  }
}

function pushLabel(into: FeedRecord[], label: Label): void {
  into.push({ topic: "labels", key: label.terminalId, value: JSON.stringify(label) });
}

/** Whether `id` was drawn on one of the last `days` days, of which each draws `perDay` ids out of `total`. */
function listed(seed: number, stream: number, id: number, total: number, day: number, days: number, perDay: number): boolean {
  for (let d = Math.max(0, day - days + 1); d <= day; d++)
    for (let n = 0; n < perDay; n++) if (hash(seed, stream, d * perDay + n) % total === id) return true;
  return false;
}

/** For each customer the terminals that are nearest to it on the map. */
function nearestTerminals(seed: number): Uint16Array {
  const xs = Float64Array.from({ length: TERMINALS }, (_, i) => uniform(seed, DRAW.tx, i));
  const ys = Float64Array.from({ length: TERMINALS }, (_, i) => uniform(seed, DRAW.ty, i));
  const cells = 25;
  const grid: number[][] = Array.from({ length: cells * cells }, () => []);
  for (let i = 0; i < TERMINALS; i++) grid[Math.floor(xs[i]! * cells) * cells + Math.floor(ys[i]! * cells)]!.push(i);
  const near = new Uint16Array(CUSTOMERS * NEAR);
  for (let customer = 0; customer < CUSTOMERS; customer++) {
    const x = uniform(seed, DRAW.x, customer);
    const y = uniform(seed, DRAW.y, customer);
    const around: { terminal: number; distance: number }[] = [];
    for (let reach = 2; around.length < NEAR; reach++) {
      around.length = 0;
      const cx = Math.floor(x * cells);
      const cy = Math.floor(y * cells);
      for (let gx = Math.max(0, cx - reach); gx <= Math.min(cells - 1, cx + reach); gx++)
        for (let gy = Math.max(0, cy - reach); gy <= Math.min(cells - 1, cy + reach); gy++)
          for (const terminal of grid[gx * cells + gy]!)
            around.push({ terminal, distance: (xs[terminal]! - x) ** 2 + (ys[terminal]! - y) ** 2 });
    }
    around.sort((a, b) => a.distance - b.distance);
    for (let n = 0; n < NEAR; n++) near[customer * NEAR + n] = around[n]!.terminal;
  }
  return near;
}
