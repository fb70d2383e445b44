// The records of the example and the topics that they travel in. Times are epoch milliseconds of whole seconds.
import { t, type Infer } from "millrace";
import { topic } from "millrace/connectors/kafka";

export const Transaction = t.record("Transaction", {
  transactionId: t.string(),
  customerId: t.string(),
  terminalId: t.string(),
  amount: t.double(),
  at: t.timestamp(),
  /** Wall clock of the producer; absent in a replayed file. */
  sentAt: t.optional(t.timestamp()),
});
export type Transaction = Infer<typeof Transaction>;

/**
 * What the chargeback desk knows, with the time it became known. "fraud": this transaction was fraudulent. "complete": all labels that
 * became known before `knownAt` are out (so that event time goes on while there is no fraud).
 */
export const Label = t.record("Label", {
  kind: t.literal("fraud", "complete"),
  transactionId: t.string(),
  terminalId: t.string(),
  transactionAt: t.timestamp(),
  knownAt: t.timestamp(),
});
export type Label = Infer<typeof Label>;

export const Rule = t.literal("large-amount", "above-own-average", "terminal-risk");
export type Rule = Infer<typeof Rule>;

export const FraudAlert = t.record("FraudAlert", {
  transactionId: t.string(),
  customerId: t.string(),
  terminalId: t.string(),
  amount: t.double(),
  at: t.timestamp(),
  reasons: t.array(Rule),
  sentAt: t.optional(t.timestamp()),
});
export type FraudAlert = Infer<typeof FraudAlert>;

export const transactions = topic("transactions", Transaction, { key: "customerId" });
export const labels = topic("labels", Label, { key: "terminalId" });
export const fraudAlerts = topic("fraud-alerts", FraudAlert, { key: "customerId" });

/** Transactions that arrived after both watermarks had passed them. */
export const lateTransactions = topic("late-transactions", Transaction, { key: "customerId" });

export const TOPICS = {
  transactions: 4,
  labels: 1,
  "fraud-alerts": 4,
  "late-transactions": 1,
  "malformed-records": 1,
} as const;
