// Why does nothing come out for a key? What each keyed operator keeps of it, as findings: open windows, timers, state, or nothing at all.
// A pure function of the job's status and of what its operators have answered.
import type { KeyReport, OperatorStatus } from "../host/host-messages.ts";
import { explainJob, timeText, wayTo } from "./explain-job.ts";
import type { Finding, JobStatus } from "./job-status.ts";

/** Kinds whose operators keep something by key. */
const KEYED = new Set(["process", "window", "connect", "broadcast-connect", "interval-join", "window-join"]);
/** Of a state's value in a text. */
const MAX_STATE_LENGTH = 200;

/** The key as people write it: JSON, or else the text itself. Which of the two is meant shows only where it is kept. */
export function keysOfText(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return value === null || isRecord(value) ? [text] : [value, text];
  } catch {
    return [text];
  }
}

/** Findings of the key, then those of the job. Throws ExplainError for a stream that the job does not have. */
export function explainKey(
  status: JobStatus,
  keys: readonly unknown[],
  reports: readonly KeyReport[] | undefined,
  stream?: string,
): readonly Finding[] {
  const rest = explainJob(status, stream);
  if (status.operators.length === 0) return rest;
  if (reports === undefined) return [notAnswered(), ...rest];
  const asked = keys.map((key) => JSON.stringify(key)).join(" or ");
  const keyed = wayTo(status.operators, stream).filter(({ kind }) => KEYED.has(kind));
  const found = keyed.flatMap((operator) => {
    const own = reports.filter((report) => report.operator === operator.name);
    return own.length === 0 ? [notKept(operator, asked)] : own.flatMap((report) => ofReport(operator, report));
  });
  return [...(keyed.length === 0 ? [noKeys()] : found), ...rest];
}

function notAnswered(): Finding {
  return {
    cause: "not-answering",
    number: 0,
    text: "The job did not answer the question about the key within two seconds.",
    fix: "A function that does not return keeps it, or it does not run: ask again, and see the findings that follow.",
  };
}

function noKeys(): Finding {
  return {
    cause: "no-keyed-operator",
    number: 0,
    text: "No operator that is asked about keeps anything by key.",
    fix: "Ask without --key, or about a stream behind a keyBy.",
  };
}

function notKept({ name, kind, recordsIn, keptKeys = 0 }: OperatorStatus, asked: string): Finding {
  const past = kind === "process" ? "its state was cleared" : "its windows have fired";
  return {
    cause: "key-not-kept",
    operator: name,
    number: keptKeys,
    text: `"${name}" keeps nothing of key ${asked} (of ${keptKeys} keys, after ${recordsIn} elements): it has never come here, or ${past}.`,
    fix: '`millrace topic tail` shows the keys that come; 1 and "1" are different keys; a filter before may refuse its elements.',
  };
}

function ofReport(
  { name, watermark }: OperatorStatus,
  { key, subtask, state, eventTimers, processingTimers, windows }: KeyReport,
): Finding[] {
  const findings: Finding[] = [];
  const who = `key ${key} (subtask ${subtask})`;
  const behind = (at: number): string =>
    watermark === null ? "there is no watermark yet" : `the watermark is ${Math.max(0, at - watermark)} ms before it`;
  const [first] = windows;
  if (first !== undefined)
    findings.push({
      cause: "key-in-windows",
      operator: name,
      number: windows.length,
      text: `"${name}" has ${windows.length} open windows of ${who}; the first is ${timeText(first.start)} to ${timeText(first.end)}: ${behind(first.end - 1)}.`,
      fix: "It fires when the watermark reaches its end, or as its trigger says; see what holds the watermark.",
    });
  const [next] = eventTimers;
  if (next !== undefined)
    findings.push({
      cause: "key-has-timers",
      operator: name,
      number: eventTimers.length,
      text: `"${name}" has ${eventTimers.length} event-time timers of ${who}; the next is at ${timeText(next)}: ${behind(next)}.`,
      fix: "It fires when the watermark reaches it; see what holds the watermark.",
    });
  const [due] = processingTimers;
  if (due !== undefined)
    findings.push({
      cause: "key-has-timers",
      operator: name,
      number: processingTimers.length,
      text: `"${name}" has ${processingTimers.length} processing-time timers of ${who}; the next is at ${timeText(due)}.`,
      fix: "It fires when the clock reaches it.",
    });
  const kept = Object.entries(state).filter(([, value]) => value !== undefined && value !== "[]");
  if (kept.length > 0)
    findings.push({
      cause: "key-has-state",
      operator: name,
      number: kept.length,
      text: `"${name}" keeps state of ${who}: ${kept.map(([of, value]) => `${of} = ${value.slice(0, MAX_STATE_LENGTH)}`).join(", ")}.`,
      fix: "The key has come. What its function has not put out, it has not emitted for these elements.",
    });
  return findings;
}

function isRecord(value: unknown): boolean {
  return typeof value === "object" && !Array.isArray(value);
}
