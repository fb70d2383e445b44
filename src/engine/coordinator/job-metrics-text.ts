// The engine's own counters of each operator, as Prometheus text with Flink's names: over all subtasks, times as ms per second of a subtask.
import type { OperatorStatus } from "../host/host-messages.ts";
import type { JobStatus } from "./job-status.ts";

const TASK = "flink_taskmanager_job_task_";
const OPERATOR = `${TASK}operator_`;

type Reading = readonly [name: string, kind: "counter" | "gauge", of: (operator: OperatorStatus, now: number) => number | null];

const READINGS: readonly Reading[] = [
  [`${OPERATOR}numRecordsIn`, "counter", ({ recordsIn }) => recordsIn],
  [`${OPERATOR}numRecordsOut`, "counter", ({ recordsOut }) => recordsOut],
  [`${OPERATOR}numRecordsInPerSecond`, "gauge", ({ recordsInPerSecond }) => recordsInPerSecond],
  [`${OPERATOR}numRecordsOutPerSecond`, "gauge", ({ recordsOutPerSecond }) => recordsOutPerSecond],
  [`${OPERATOR}numLateRecordsDropped`, "counter", ({ lateDropped }) => lateDropped],
  [`${OPERATOR}currentOutputWatermark`, "gauge", ({ watermark }) => watermark],
  [`${OPERATOR}watermarkLag`, "gauge", ({ watermark }, now) => (watermark === null ? null : now - watermark)],
  [`${TASK}busyTimeMsPerSecond`, "gauge", ({ busyRatio }) => Math.round(1000 * busyRatio)],
  [`${TASK}backPressuredTimeMsPerSecond`, "gauge", ({ backpressuredRatio }) => Math.round(1000 * backpressuredRatio)],
  [`${TASK}idleTimeMsPerSecond`, "gauge", ({ idleRatio }) => Math.round(1000 * idleRatio)],
];

/** Prometheus text 0.0.4; empty without jobs. Values that are not there yet (a watermark) are left out. */
export function jobMetricsText(jobs: readonly JobStatus[]): string {
  return READINGS.map(([name, kind, of]) => {
    const samples = jobs.flatMap(({ name: job, operators, reportedAt = 0 }) =>
      operators.flatMap((operator) => {
        const value = of(operator, reportedAt);
        return value === null ? [] : [`${name}{job_name="${escaped(job)}",operator_name="${escaped(operator.name)}"} ${value}\n`];
      }),
    );
    return samples.length === 0 ? "" : `# TYPE ${name} ${kind}\n${samples.join("")}`;
  }).join("");
}

function escaped(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));
}
