// Stage one, by customer: drops duplicates, and holds each transaction against the customer's own habits once the watermark has passed it.
// State per customer: the transactions that wait for the watermark, and the amounts of the 30 days before, as one exact sum in cents.
import { mapState, processFunction, t, valueState } from "millrace";
import { Rule, Transaction } from "./topics.ts";

export const SECOND = 1000;
export const DAY = 86_400 * SECOND;
const HISTORY = 30 * DAY;
const LARGE_CENTS = 220_00;
const UNUSUAL_CENTS = 100_00;

export const CheckedTransaction = t.record("CheckedTransaction", { transaction: Transaction, reasons: t.array(Rule) });
const Amounts = t.record("Amounts", { count: t.int(), cents: t.long() });

export const spending = processFunction(Transaction, {
  output: CheckedTransaction,
  side: { late: Transaction },
  state: {
    waiting: mapState(t.timestamp(), t.array(Transaction)),
    history: mapState(t.timestamp(), Amounts),
    recent: valueState(Amounts),
  },
  onElement(transaction, { state, timers, watermark, side }) {
    const { at } = transaction;
    if (at <= watermark) return side.late(transaction);
    const waiting = state.waiting.get(at) ?? [];
    if (waiting.some((other) => other.transactionId === transaction.transactionId)) return;
    state.waiting.set(at, [...waiting, transaction]);
    timers.setEventTime(at);
  },
  /** Two things fall due at a time: amounts that are now older than 30 days leave, and transactions of this second are judged. */
  onTimer(now, { state, timers, emit }) {
    let { count, cents } = state.recent.get() ?? { count: 0, cents: 0 };
    const leaving = state.history.get(now - HISTORY - SECOND);
    if (leaving !== undefined) {
      state.history.delete(now - HISTORY - SECOND);
      count -= leaving.count;
      cents -= leaving.cents;
    }
    const due = state.waiting.get(now);
    if (due !== undefined) {
      const arrived = { count: 0, cents: 0 };
      for (const transaction of due) {
        const amount = Math.round(transaction.amount * 100);
        const reasons: Rule[] = [];
        if (amount > LARGE_CENTS) reasons.push("large-amount");
        if (count > 0 && amount > UNUSUAL_CENTS && amount * count > 4 * cents) reasons.push("above-own-average");
        emit({ transaction, reasons });
        arrived.count++;
        arrived.cents += amount;
      }
      state.waiting.delete(now);
      state.history.set(now, arrived);
      timers.setEventTime(now + HISTORY + SECOND);
      count += arrived.count;
      cents += arrived.cents;
    }
    if (count === 0) state.recent.clear();
    else state.recent.set({ count, cents });
  },
});
