// What a run of the example committed, in a form that two runs can be compared by: for tests.
import { committedRows } from "../running/replay-process.ts";
import type { FraudAlert, Rule } from "./topics.ts";

export interface Rules {
  readonly rules: Record<Rule, { readonly alerts: number; readonly fraud: number }>;
}

export const committedAlerts = (data: string): Promise<FraudAlert[][]> => committedRows<FraudAlert>(data, "fraud-alerts");

/**
 * What two runs must have in common: the rows of all partitions, sorted; and per partition and key the rows in log order. Alerts of one
 * customer with the same event time have no order among them, so those are sorted by transaction.
 */
export function canonical(partitions: readonly FraudAlert[][]): { rows: string[]; perKey: Record<string, string[]> } {
  const perKey: Record<string, FraudAlert[]> = {};
  for (const [partition, alerts] of partitions.entries())
    for (const alert of alerts) {
      const rows = (perKey[`${partition} ${alert.customerId}`] ??= []);
      let at = rows.length;
      while (at > 0 && rows[at - 1]!.at === alert.at && rows[at - 1]!.transactionId > alert.transactionId) at--;
      rows.splice(at, 0, alert);
    }
  const text = (rows: readonly FraudAlert[]): string[] => rows.map((alert) => JSON.stringify(alert));
  return {
    rows: text(partitions.flat()).toSorted(),
    perKey: Object.fromEntries(Object.entries(perKey).map(([key, rows]) => [key, text(rows)])),
  };
}
