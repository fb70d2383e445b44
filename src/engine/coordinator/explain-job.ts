// Why does nothing come out? Reads a job's status (live evidence, no guesses) along the way from the sources to the operator or sink that
// is asked about, and says what holds rows back, each with its number and what to do. A pure function of the status.
import type { OperatorStatus, SplitReport } from "../host/host-messages.ts";
import { failureText } from "./job-failure.ts";
import type { Finding, JobStatus } from "./job-status.ts";

export class ExplainError extends Error {
  override readonly name = "ExplainError";
  readonly code = "UNKNOWN_STREAM";
}

/** Above this share of its time a task counts as held back by what follows. */
const HELD_RATIO = 0.5;

const NOT_REPORTED: Finding = Object.freeze({
  cause: "not-reported",
  number: 0,
  text: "The job runs and has not reported yet.",
  fix: "Ask again in a second; a function that never returns keeps a job from reporting.",
});

/** Throws ExplainError for a name that the job does not have. */
export function explainJob(status: JobStatus, stream?: string): readonly Finding[] {
  const stopped = notRunning(status);
  if (status.operators.length === 0) return stopped.length > 0 ? stopped : [NOT_REPORTED];
  const way = wayTo(status.operators, stream);
  const findings = way.flatMap((operator) => findingsOf(operator, way, status));
  return [...stopped, ...findings, ...waitingForCheckpoint(way, status)];
}

function notRunning(status: JobStatus): Finding[] {
  if (status.state === "running" || status.state === "stopping" || status.state === "finished") return [];
  const cause = status.lastFailure === undefined ? "" : failureText(status.lastFailure);
  return [
    {
      cause: "not-running",
      number: status.restarts,
      text: `The job is ${status.state}, after ${status.restarts} restarts${cause}`,
      fix: status.state === "failed" ? "Mend the failure above and start the job again." : "Start it again, or wait until it runs.",
    },
  ];
}

/** The operators that the asked one depends on, and itself, in topological order. */
export function wayTo(operators: readonly OperatorStatus[], stream: string | undefined): readonly OperatorStatus[] {
  if (stream === undefined) return operators;
  const asked = operators.find(({ name }) => name === stream);
  if (asked === undefined)
    throw new ExplainError(`The job has no operator "${stream}". It has ${operators.map(({ name }) => name).join(", ")}.`);
  const wanted = new Set<number>();
  const visit = (id: number): void => {
    if (wanted.has(id)) return;
    wanted.add(id);
    for (const input of operators.find((one) => one.id === id)?.inputs ?? []) visit(input);
  };
  visit(asked.id);
  return operators.filter(({ id }) => wanted.has(id));
}

function findingsOf(operator: OperatorStatus, way: readonly OperatorStatus[], status: JobStatus): Finding[] {
  const findings: Finding[] = [];
  if (operator.kind === "source") findings.push(...ofSource(operator, status.splits));
  else if (operator.kind === "filter") findings.push(...ofFilter(operator));
  else if (operator.kind === "map-async") findings.push(...ofAsync(operator));
  findings.push(...ofTime(operator, way, status), ...losses(operator), ...held(operator));
  return findings;
}

function ofSource({ name, recordsOut }: OperatorStatus, splits: readonly SplitReport[]): Finding[] {
  if (recordsOut > 0) return [];
  const own = splits.filter(({ source }) => source === name);
  const pending = own.reduce((sum, split) => sum + (split.pending ?? 0), 0);
  const tombstones = own.reduce((sum, split) => sum + (split.tombstones ?? 0), 0);
  const passed = tombstones === 0 ? "" : `, ${tombstones} records without a value (tombstones) passed over`;
  const where = own.length === 0 ? "it has no splits" : `${own.length} splits, ${pending} records behind their ends${passed}`;
  return [
    {
      cause: "no-records",
      operator: name,
      number: pending,
      text: `Source "${name}" has given no record: ${where}.`,
      fix:
        pending > 0
          ? "Records wait: see the findings that follow, or whether the source can be reached."
          : 'Produce something, or start at the beginning: startAt: "earliest".',
    },
  ];
}

function ofFilter({ name, recordsIn, recordsOut }: OperatorStatus): Finding[] {
  if (recordsIn === 0 || recordsOut > 0) return [];
  return [
    {
      cause: "all-filtered",
      operator: name,
      number: recordsIn,
      text: `Filter "${name}" has let none of ${recordsIn} elements pass.`,
      fix: "Look at its condition: `millrace topic tail` shows what comes in.",
    },
  ];
}

function ofAsync({ name, recordsIn, recordsOut, skipped, deadLettered }: OperatorStatus): Finding[] {
  const waiting = recordsIn - recordsOut - skipped - deadLettered;
  if (waiting <= 0) return [];
  return [
    {
      cause: "waiting-for-answers",
      operator: name,
      number: waiting,
      text: `${waiting} elements of "${name}" wait for answers from outside.`,
      fix: "See whether that service answers; give mapAsync a shorter timeout, or more capacity.",
    },
  ];
}

/** Windows, joins and timers that wait for event time; and what holds it. */
function ofTime(operator: OperatorStatus, way: readonly OperatorStatus[], status: JobStatus): Finding[] {
  const { name, nextEventTime, watermark } = operator;
  if (nextEventTime === null) return ofTrigger(operator);
  const waits = watermark === null ? undefined : nextEventTime - watermark;
  const sources = sourcesOf(operator, way);
  const splits = status.splits.filter(({ source, status: state }) => sources.has(source) && state !== "finished");
  const findings: Finding[] = [];
  const lowest = splits.filter(({ status: state }) => state === "active").toSorted((a, b) => timeOf(a) - timeOf(b))[0];
  if (lowest !== undefined && (waits === undefined || isBehind(lowest, splits))) findings.push(heldBy(name, lowest, splits));
  if (waits === undefined) return findings;
  const { finalAfterMs = 0 } = operator;
  if (finalAfterMs > 0 && nextEventTime - finalAfterMs <= watermark!)
    findings.push({
      cause: "waiting-for-lateness",
      operator: name,
      number: waits,
      text: `A window of "${name}" has ended at ${timeText(nextEventTime - finalAfterMs)} and takes late elements for ${finalAfterMs} ms; its watermark is ${timeText(watermark!)}, ${waits} ms before that is over.`,
      fix: 'With { emit: "updates" } it sends its result at its end, and again for late elements; a smaller .allowedLateness(…) ends sooner.',
    });
  else
    findings.push({
      cause: "waiting-for-event-time",
      operator: name,
      number: waits,
      text: `The next window or timer of "${name}" fires at ${timeText(nextEventTime)}; its watermark is ${timeText(watermark!)}, ${waits} ms before.`,
      fix: "It fires when records with later event times come; a smaller window or out-of-orderness bound fires sooner.",
    });
  return findings;
}

/** Windows that event time does not end: a count, a custom or a processing-time trigger decides. */
function ofTrigger({ name, kind, subtasks = [] }: OperatorStatus): Finding[] {
  const open = kind === "window" ? subtasks.reduce((sum, { windows }) => sum + windows, 0) : 0;
  if (open === 0) return [];
  return [
    {
      cause: "waiting-for-trigger",
      operator: name,
      number: open,
      text: `"${name}" has ${open} open windows that no watermark ends: their trigger has not fired for what they hold.`,
      fix: "A count or custom trigger waits for elements of the same key: lower the count, or add a time with timeoutTrigger(…).",
    },
  ];
}

function heldBy(operator: string, split: SplitReport, all: readonly SplitReport[]): Finding {
  const ahead = Math.max(...all.map(timeOf)) - timeOf(split);
  const at = `${split.split} of "${split.source}" (at ${JSON.stringify(split.position)}, ${split.pending ?? "unknown"} behind its end)`;
  return {
    cause: "watermark-held",
    operator,
    number: Number.isFinite(ahead) ? ahead : all.length,
    text:
      split.watermark === null
        ? `Nothing fires in "${operator}": split ${at} has given no watermark yet.`
        : `The watermark of "${operator}" is held at ${timeText(split.watermark)} by split ${at}; another is ${ahead} ms further.`,
    fix:
      split.pending === 0
        ? "Nothing comes there: it counts as idle after idleAfter; produce to it, or set a smaller idleAfter."
        : "It is still being read: wait, or raise the parallelism.",
  };
}

function isBehind(split: SplitReport, all: readonly SplitReport[]): boolean {
  return all.some((other) => timeOf(other) > timeOf(split));
}

function timeOf({ watermark }: SplitReport): number {
  return watermark ?? -Infinity;
}

/** Names of the sources above an operator. */
function sourcesOf(operator: OperatorStatus, way: readonly OperatorStatus[]): ReadonlySet<string> {
  return new Set(
    wayTo(way, operator.name)
      .filter(({ kind }) => kind === "source")
      .map(({ name }) => name),
  );
}

function losses({ name, kind, recordsIn, lateDropped, late, skipped, deadLettered, lastError }: OperatorStatus): Finding[] {
  const findings: Finding[] = [];
  const last = lastError === undefined ? "" : `; the last error was ${lastError}`;
  if (lateDropped > 0)
    findings.push({
      cause: "dropped-late",
      operator: name,
      number: lateDropped,
      text: `"${name}" has dropped ${lateDropped} of ${recordsIn} elements because they came too late${lateText(late)}.`,
      fix:
        kind === "window"
          ? "Raise the out-of-orderness bound or .allowedLateness(…); .lateOutput() shows them."
          : "Raise the out-of-orderness bound; lateOutputs: true shows those of an interval join.",
    });
  if (skipped > 0)
    findings.push({
      cause: "skipped",
      operator: name,
      number: skipped,
      text: `"${name}" has failed for ${skipped} of ${recordsIn} elements, which were skipped${last}.`,
      fix: "onError: deadLetter(…) keeps the elements with their errors.",
    });
  if (deadLettered > 0)
    findings.push({
      cause: "dead-lettered",
      operator: name,
      number: deadLettered,
      text: `"${name}" has failed for ${deadLettered} of ${recordsIn} elements, which are dead letters${last}.`,
      fix: "Read the dead letters: each has its error, operator and offset.",
    });
  return findings;
}

function held({ name, backpressuredRatio }: OperatorStatus): Finding[] {
  if (backpressuredRatio < HELD_RATIO) return [];
  const percent = Math.round(100 * backpressuredRatio);
  return [
    {
      cause: "backpressured",
      operator: name,
      number: percent,
      text: `"${name}" has waited for what follows it ${percent} % of the time.`,
      fix: "Find the busy operator or slow sink behind it (`millrace job show`), and raise its parallelism.",
    },
  ];
}

/** Sinks that commit with a checkpoint show nothing before it. */
function waitingForCheckpoint(way: readonly OperatorStatus[], { checkpoints }: JobStatus): Finding[] {
  const sinks = way.filter(({ kind, recordsIn }) => kind === "sink" && recordsIn > 0);
  if (checkpoints.completed > 0 || sinks.length === 0) return [];
  const records = sinks.reduce((sum, { recordsIn }) => sum + recordsIn, 0);
  const failed = checkpoints.failed === 0 ? "" : ` (${checkpoints.failed} failed: ${checkpoints.lastFailure ?? "see the log"})`;
  return [
    {
      cause: "waiting-for-checkpoint",
      number: records,
      text: `${records} records have reached their sinks, and no checkpoint is complete yet${failed}: exactly-once sinks show them with the next.`,
      fix: "Wait for the checkpoint, or make the interval smaller: --checkpoint-interval.",
    },
  ];
}

export function timeText(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}

function lateText(late: OperatorStatus["late"]): string {
  if (late === undefined) return "";
  const samples = late.samples.map(({ element, timestamp }) => `${element} of ${timeText(timestamp)}`).join("; ");
  return `, the worst ${late.worstMs} ms behind the watermark (the last: ${samples})`;
}
