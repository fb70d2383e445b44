// A small seeded transaction file in which every rule fires: for tests.
import { uniform } from "../running/random.ts";
import type { KnownTransaction } from "./oracle.ts";

const SECOND = 1000;
const DAY = 86_400 * SECOND;
const START = Date.UTC(2026, 0, 1);

/** `count` transactions of 40 customers at 25 terminals over 60 days, in time order, some in the same second. */
export function smallTransactions(seed: number, count: number): KnownTransaction[] {
  const times = Array.from({ length: count }, (_, i) => START + Math.floor(uniform(seed, 1, i) * 60 * 86_400) * SECOND).toSorted(
    (a, b) => a - b,
  );
  return times.map((time, i) => {
    const at = i > 0 && uniform(seed, 2, i) < 0.05 ? times[i - 1]! : time;
    times[i] = at;
    const terminal = Math.floor(uniform(seed, 3, i) * 25);
    const compromised = terminal < 5 && Math.floor((at - START) / DAY) % 30 > terminal * 3 && uniform(seed, 4, i) < 0.8;
    const large = uniform(seed, 5, i) < 0.01;
    const cents = Math.round((5 + 60 * uniform(seed, 6, i)) * (uniform(seed, 7, i) < 0.05 ? 500 : 100)) + (large ? 25_000 : 0);
    const customer = Math.floor(uniform(seed, 8, i) * 40);
    return {
      transactionId: `${i}`,
      customerId: `c${customer}`,
      terminalId: `t${terminal}`,
      amount: cents / 100,
      at,
      fraud: compromised || large,
    };
  });
}

export function toCsv(transactions: readonly KnownTransaction[]): string {
  const lines = ["TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_FRAUD"];
  for (const tx of transactions)
    lines.push(
      [
        tx.transactionId,
        new Date(tx.at).toISOString().slice(0, 19).replace("T", " "),
        tx.customerId,
        tx.terminalId,
        tx.amount,
        tx.fraud ? 1 : 0,
      ].join(","),
    );
  return `${lines.join("\n")}\n`;
}
