// The engine's own figures as Prometheus text with Flink's names, of each operator in each subtask, and of each split of a source.
import type { OperatorStatus, SplitReport, SubtaskStatus } from "../host/host-messages.ts";
import type { JobStatus } from "./job-status.ts";

const TASK = "flink_taskmanager_job_task_";
const OPERATOR = `${TASK}operator_`;

/** What operators with subtasks and sinks, which have none, can be read as. */
type Figures = Partial<SubtaskStatus> & Pick<SubtaskStatus, "recordsIn" | "recordsOut" | "busyRatio" | "backpressuredRatio" | "idleRatio">;
type Kind = "counter" | "gauge";
type Reading = readonly [name: string, kind: Kind, of: (figures: Figures, now: number) => number | null | undefined];
type SplitReading = readonly [name: string, kind: Kind, of: (split: SplitReport) => number | null | undefined];

const READINGS: readonly Reading[] = [
  [`${OPERATOR}numRecordsIn`, "counter", ({ recordsIn }) => recordsIn],
  [`${OPERATOR}numRecordsOut`, "counter", ({ recordsOut }) => recordsOut],
  [`${OPERATOR}numRecordsInPerSecond`, "gauge", ({ recordsInPerSecond }) => recordsInPerSecond],
  [`${OPERATOR}numRecordsOutPerSecond`, "gauge", ({ recordsOutPerSecond }) => recordsOutPerSecond],
  [`${OPERATOR}numLateRecordsDropped`, "counter", ({ lateDropped }) => lateDropped],
  [`${OPERATOR}currentInputWatermark`, "gauge", ({ inputWatermark }) => inputWatermark],
  [`${OPERATOR}currentOutputWatermark`, "gauge", ({ outputWatermark }) => outputWatermark],
  [`${OPERATOR}watermarkLag`, "gauge", ({ outputWatermark }, now) => (typeof outputWatermark === "number" ? now - outputWatermark : null)],
  [`${OPERATOR}numTimers`, "gauge", ({ timers }) => timers],
  [`${OPERATOR}numOpenWindows`, "gauge", ({ windows }) => windows],
  [`${OPERATOR}stateBytes`, "gauge", ({ stateBytes }) => stateBytes],
  [`${TASK}busyTimeMsPerSecond`, "gauge", ({ busyRatio }) => Math.round(1000 * busyRatio)],
  [`${TASK}backPressuredTimeMsPerSecond`, "gauge", ({ backpressuredRatio }) => Math.round(1000 * backpressuredRatio)],
  [`${TASK}idleTimeMsPerSecond`, "gauge", ({ idleRatio }) => Math.round(1000 * idleRatio)],
];

const SPLIT_READINGS: readonly SplitReading[] = [
  [`${OPERATOR}pendingRecords`, "gauge", ({ pending }) => pending],
  [`${OPERATOR}split_watermark_currentWatermark`, "gauge", ({ watermark }) => watermark],
  [`${OPERATOR}numTombstones`, "counter", ({ tombstones }) => tombstones],
];

/** Prometheus text 0.0.4; empty without jobs. Values that are not there yet (a watermark) are left out. */
export function jobMetricsText(jobs: readonly JobStatus[]): string {
  const operators = READINGS.map(([name, kind, of]) =>
    family(
      name,
      kind,
      jobs.flatMap((job) => samples(job, of)),
    ),
  );
  const splits = SPLIT_READINGS.map(([name, kind, of]) =>
    family(
      name,
      kind,
      jobs.flatMap((job) => splitSamples(job, of)),
    ),
  );
  return [...operators, ...splits].join("");
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number | null | undefined];

function samples({ name: job_name, operators, reportedAt = 0 }: JobStatus, of: Reading[2]): Sample[] {
  return operators.flatMap((operator) =>
    figuresOf(operator).map(([index, figures]): Sample => {
      const labels = { job_name, operator_name: operator.name, ...(index === undefined ? {} : { subtask_index: String(index) }) };
      return [labels, of(figures, reportedAt)];
    }),
  );
}

function figuresOf(operator: OperatorStatus): (readonly [index: number | undefined, figures: Figures])[] {
  if (operator.subtasks !== undefined) return operator.subtasks.map((subtask) => [subtask.index, subtask]);
  const { watermark } = operator;
  return [[undefined, { ...(operator as Omit<OperatorStatus, "subtasks">), inputWatermark: watermark, outputWatermark: watermark }]];
}

function splitSamples({ name: job_name, splits }: JobStatus, of: SplitReading[2]): Sample[] {
  return splits.map((split) => [{ job_name, operator_name: split.source, split: split.split }, of(split)]);
}

function family(name: string, kind: Kind, all: readonly Sample[]): string {
  const lines = all.flatMap(([labels, value]) => {
    if (value === null || value === undefined) return [];
    const text = Object.entries(labels).map(([label, of]) => `${label}="${escaped(of)}"`);
    return [`${name}{${text.join(",")}} ${value}\n`];
  });
  return lines.length === 0 ? "" : `# TYPE ${name} ${kind}\n${lines.join("")}`;
}

function escaped(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));
}
