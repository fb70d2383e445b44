// A custom trigger for the random cases: fires when the values of a window have come to `n`, and `ms` after the first element since it was
// last due; a value of 0 throws the window's elements away. Its twin is Budget in flink/RandomCases.java.
import { customTrigger, t, type Trigger, type TriggerResult } from "../src/stream/index.ts";
import type { Part } from "./case.ts";
import type { InputRecord } from "./inputs.ts";

const State = t.record("Budget", { spent: t.long(), due: t.optional(t.long()) });

export function budgetTrigger({ n, ms, after }: Part): Trigger<InputRecord> {
  const fired: TriggerResult = after === true ? "fire-and-purge" : "fire";
  return customTrigger({
    state: State,
    onElement(event: InputRecord, { timestamp, state, timers }) {
      const { v } = event as unknown as { readonly v: number };
      if (v === 0) return "purge";
      const { spent, due } = state.get() ?? { spent: 0, due: undefined };
      const total = spent + Math.abs(v);
      if (due === undefined) timers.setEventTime(timestamp + ms!);
      state.set({ spent: total >= n! ? 0 : total, due: due ?? timestamp + ms! });
      return total >= n! ? fired : "continue";
    },
    onEventTime(at, { state }) {
      const kept = state.get();
      if (kept === undefined || kept.due !== at) return "continue";
      state.set({ spent: kept.spent, due: undefined });
      return fired;
    },
    merge: (a, b) => ({ spent: a.spent + b.spent, due: earlier(a.due, b.due) }),
    onMerge({ state, timers }) {
      const due = state.get()?.due;
      if (due !== undefined) timers.setEventTime(due);
    },
  });
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
