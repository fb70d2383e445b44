// What the pipeline must find, computed the slow and obvious way from all transactions at once: for tests.
import type { Rule } from "./topics.ts";

export interface KnownTransaction {
  readonly transactionId: string;
  readonly customerId: string;
  readonly terminalId: string;
  readonly amount: number;
  readonly at: number;
  readonly fraud: boolean;
}

const SECOND = 1000;
const DAY = 86_400 * SECOND;

/** The reasons of each transaction that deserves an alert. */
export function expectedAlerts(transactions: readonly KnownTransaction[]): Map<string, Rule[]> {
  const byCustomer = Map.groupBy(transactions, (tx) => tx.customerId);
  const byTerminal = Map.groupBy(transactions, (tx) => tx.terminalId);
  const alerts = new Map<string, Rule[]>();
  for (const tx of transactions) {
    const cents = Math.round(tx.amount * 100);
    const reasons: Rule[] = [];
    if (cents > 22_000) reasons.push("large-amount");
    const before = byCustomer.get(tx.customerId)!.filter((other) => other.at >= tx.at - 30 * DAY && other.at <= tx.at - SECOND);
    const sum = before.reduce((total, other) => total + Math.round(other.amount * 100), 0);
    if (before.length > 0 && cents > 10_000 && cents * before.length > 4 * sum) reasons.push("above-own-average");
    const week = byTerminal.get(tx.terminalId)!.filter((other) => other.at >= tx.at - 14 * DAY && other.at <= tx.at - 7 * DAY);
    if (week.length >= 3 && week.filter((other) => other.fraud).length * 2 > week.length) reasons.push("terminal-risk");
    if (reasons.length > 0) alerts.set(tx.transactionId, reasons);
  }
  return alerts;
}
