// What the subtasks of a host keep of a key, as plain data. Asked between two polls; looks at one key per operator.
import { hashOfKey } from "../state/key-hash.ts";
import { canonicalBytes } from "../state/canonical-key.ts";
import { valueText } from "../subtask/dead-letter-row.ts";
import type { KeyReport } from "./host-messages.ts";
import type { SubtaskRunner } from "./subtask-runner.ts";

/** Timers and windows in a report. */
const MOST = 20;

export function reportKeys(runners: readonly SubtaskRunner[], keys: readonly unknown[]): readonly KeyReport[] {
  return keys.filter(canBeKey).flatMap((key) => runners.flatMap((runner) => reportKey(runner, key)));
}

function reportKey({ subtask, index }: SubtaskRunner, key: unknown): readonly KeyReport[] {
  return [...subtask.holdings(key, hashOfKey(key))].map(([operator, { state, eventTimers, processingTimers, windows }]) => ({
    operator,
    subtask: index,
    key: valueText(key),
    state: Object.fromEntries(Object.entries(state).flatMap(([name, value]) => (value === undefined ? [] : [[name, valueText(value)]]))),
    eventTimers: eventTimers.slice(0, MOST),
    processingTimers: processingTimers.slice(0, MOST),
    windows: windows.slice(0, MOST),
  }));
}

function canBeKey(key: unknown): boolean {
  try {
    return canonicalBytes(key).length > 0;
  } catch {
    return false;
  }
}
