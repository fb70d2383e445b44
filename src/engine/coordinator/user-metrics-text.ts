// What user functions count, as Prometheus text with the names that Flink's reporter gives to metrics of an operator.
import type { UserMetric } from "../operators/user-metrics.ts";
import type { JobStatus } from "./job-status.ts";

const PREFIX = "flink_taskmanager_job_task_operator_";

/** Prometheus text 0.0.4; empty when there are none. A histogram is a summary. */
export function userMetricsText(jobs: readonly JobStatus[]): string {
  const families = new Map<string, string[]>();
  for (const job of jobs) {
    for (const operator of job.operators) {
      for (const metric of operator.metrics ?? []) {
        const name = PREFIX + metric.name;
        const lines = families.get(name) ?? [`# TYPE ${name} ${metric.kind === "histogram" ? "summary" : metric.kind}`];
        families.set(name, lines);
        lines.push(...samples(name, metric, `job_name="${escaped(job.name)}",operator_name="${escaped(operator.name)}"`));
      }
    }
  }
  return [...families.values()].map((lines) => `${lines.join("\n")}\n`).join("");
}

function samples(name: string, metric: UserMetric, labels: string): string[] {
  if (metric.kind !== "histogram") return [`${name}{${labels}} ${metric.value}`];
  const { count, sum, p50, p95, p99 } = metric.value;
  const quantile = (share: string, value: number): string => `${name}{${labels},quantile="${share}"} ${value}`;
  return [
    quantile("0.5", p50),
    quantile("0.95", p95),
    quantile("0.99", p99),
    `${name}_sum{${labels}} ${sum}`,
    `${name}_count{${labels}} ${count}`,
  ];
}

function escaped(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === "\n" ? "\\n" : `\\${character}`));
}
