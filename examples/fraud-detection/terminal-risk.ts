// Stage two, by terminal: joins the transactions with the fraud labels, in event time, labels first at equal times, and raises one alert
// per transaction with all its reasons. A terminal is risky while more than half of its transactions that are 7 to 14 days old were
// fraudulent, and there are at least three of them.
import { mapState, processFunction, t, valueState } from "millrace";
import { CheckedTransaction, DAY, SECOND } from "./spending.ts";
import { FraudAlert, Label, type Rule } from "./topics.ts";

const YOUNGEST = 7 * DAY;
const OLDEST = 14 * DAY;
const LEAST_TRANSACTIONS = 3;

/** Either of the two streams, so that one operator sees both under one combined watermark. */
export const TerminalEvent = t.record("TerminalEvent", {
  terminalId: t.string(),
  checked: t.optional(CheckedTransaction),
  label: t.optional(Label),
});
const Tally = t.record("Tally", { count: t.int(), frauds: t.int() });

export const terminalRisk = processFunction(TerminalEvent, {
  output: FraudAlert,
  state: {
    waiting: mapState(t.timestamp(), t.array(CheckedTransaction)),
    labels: mapState(t.timestamp(), t.array(t.timestamp())),
    /** What happened at this terminal in one second, kept for 14 days. */
    history: mapState(t.timestamp(), Tally),
    /** The sum of `history` over the transactions that are 7 to 14 days old. */
    window: valueState(Tally),
  },
  onElement({ checked, label }, { state, timers }) {
    if (label !== undefined) {
      if (label.kind === "complete") return;
      state.labels.set(label.knownAt, [...(state.labels.get(label.knownAt) ?? []), label.transactionAt]);
      timers.setEventTime(label.knownAt);
    } else if (checked !== undefined) {
      const { at } = checked.transaction;
      state.waiting.set(at, [...(state.waiting.get(at) ?? []), checked]);
      timers.setEventTime(at);
    }
  },
  onTimer(now, { state, timers, emit }) {
    let { count, frauds } = state.window.get() ?? { count: 0, frauds: 0 };
    const leaving = state.history.get(now - OLDEST - SECOND);
    if (leaving !== undefined) {
      state.history.delete(now - OLDEST - SECOND);
      count -= leaving.count;
      frauds -= leaving.frauds;
    }
    const entering = state.history.get(now - YOUNGEST);
    if (entering !== undefined) {
      count += entering.count;
      frauds += entering.frauds;
    }
    for (const transactionAt of state.labels.get(now) ?? []) {
      const tally = state.history.get(transactionAt);
      if (tally === undefined) continue;
      state.history.set(transactionAt, { count: tally.count, frauds: tally.frauds + 1 });
      if (transactionAt <= now - YOUNGEST) frauds++;
    }
    state.labels.delete(now);
    const due = state.waiting.get(now);
    if (due !== undefined) {
      const risky = count >= LEAST_TRANSACTIONS && frauds * 2 > count;
      for (const { transaction, reasons } of due) {
        const all: Rule[] = risky ? [...reasons, "terminal-risk"] : [...reasons];
        if (all.length > 0) emit({ ...transaction, reasons: all });
      }
      state.waiting.delete(now);
      state.history.set(now, { count: due.length, frauds: 0 });
      timers.setEventTime(now + YOUNGEST);
      timers.setEventTime(now + OLDEST + SECOND);
    }
    if (count === 0) state.window.clear();
    else state.window.set({ count, frauds });
  },
});
