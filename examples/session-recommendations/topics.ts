// The records of the example, the topics that they travel in, and the model's numbers. Times are epoch milliseconds, money is in thousandths.
import { t, type Infer } from "millrace";
import { topic } from "millrace/connectors/kafka";

const DAY = 86_400_000;

export const MODEL = {
  /** Old purchases count half after so long. */
  halfLifeMs: 60 * DAY,
  /** Products of a basket that count; the newest. */
  basket: 25,
  /** Neighbours that a product keeps, and offers to a basket. */
  neighboursKept: 60,
  neighboursOffered: 40,
  /** A neighbour that everybody buys says less: its weight is divided by its popularity to this power. */
  popularityDamping: 0.5,
  recommended: 20,
  /** Products that are offered to everybody, and how often they are chosen anew (event time). */
  popularKept: 100,
  popularEveryMs: 3_600_000,
} as const;

/** A line of an invoice. Cancellations have a negative quantity; customers may be unknown. */
export const Line = t.record("Line", {
  invoice: t.string(),
  product: t.string(),
  description: t.string(),
  quantity: t.int(),
  priceMills: t.long(),
  customerId: t.optional(t.string()),
  country: t.string(),
  at: t.timestamp(),
  /** Wall clock of the producer; absent in a replayed file. */
  sentAt: t.optional(t.timestamp()),
});
export type Line = Infer<typeof Line>;

export const HourlySales = t.record("HourlySales", { from: t.timestamp(), until: t.timestamp(), lines: t.int(), mills: t.long() });
export type HourlySales = Infer<typeof HourlySales>;

/** What a customer bought until nothing came for 30 minutes; products in the order of their first line, without cancellations. */
export const Session = t.record("Session", {
  sessionId: t.string(),
  customerId: t.string(),
  from: t.timestamp(),
  until: t.timestamp(),
  lines: t.int(),
  mills: t.long(),
  products: t.array(t.string()),
  sentAt: t.optional(t.timestamp()),
});
export type Session = Infer<typeof Session>;

/** Files have no lists in their cells. */
export const SessionRow = t.record("SessionRow", {
  sessionId: t.string(),
  customerId: t.string(),
  from: t.timestamp(),
  until: t.timestamp(),
  lines: t.int(),
  mills: t.long(),
  products: t.int(),
});

export const Recommendation = t.record("Recommendation", {
  customerId: t.string(),
  sessionId: t.string(),
  at: t.timestamp(),
  products: t.array(t.string()),
  sentAt: t.optional(t.timestamp()),
});
export type Recommendation = Infer<typeof Recommendation>;

/** How well the session's last product was foretold from those before it, by what was known before the session; rank 1 is best, 0 is a miss. */
export const Trial = t.record("Trial", { sessionId: t.string(), at: t.timestamp(), rank: t.int(), popularityRank: t.int() });
export type Trial = Infer<typeof Trial>;

export const Similar = t.record("Similar", { product: t.string(), at: t.timestamp(), products: t.array(t.string()) });

export const purchases = topic("purchases", Line, { key: "invoice" });
export const duplicateLines = topic("duplicate-lines", Line, { key: "invoice" });
export const hourlySales = topic("hourly-sales", HourlySales);
export const sessions = topic("sessions", Session, { key: "customerId" });
export const recommendations = topic("recommendations", Recommendation, { key: "customerId" });
export const trials = topic("trials", Trial, { key: "sessionId" });
/** The newest list per product: a table to look recommendations up in. */
export const similarProducts = topic("similar-products", Similar, { key: "product" });

export const TOPICS = {
  purchases: 4,
  "duplicate-lines": 1,
  "hourly-sales": 1,
  sessions: 4,
  recommendations: 4,
  trials: 1,
  "similar-products": 4,
  "malformed-records": 1,
} as const;
