// Prometheus' text format, version 0.0.4: each metric of the table once, with what it means, and its samples.
import type { NewestSamples } from "../../log/newest-samples.ts";
import { METRICS, type MetricName } from "./metric-names.ts";

/** As the exporter writes Apache Kafka's percentiles. */
const QUANTILES = [
  ["0.50", 0.5],
  ["0.75", 0.75],
  ["0.95", 0.95],
  ["0.98", 0.98],
  ["0.99", 0.99],
  ["0.999", 0.999],
] as const;
const SHARES = QUANTILES.map(([, share]) => share);

export type Labels = Readonly<Record<string, string>>;

/** `{a="b"}`, or nothing. */
export function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, text]) => `${name}="${text.replaceAll(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`);
  return pairs.length === 0 ? "" : `{${pairs.join()}}`;
}

export class MetricsPage {
  readonly #lines: string[] = [];
  #name = "";

  family(name: MetricName): void {
    const [type, , help] = METRICS[name];
    this.#name = name;
    this.#lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
  }

  /** `labels`: as labelText gives them. */
  sample(value: number, labels = "", suffix = ""): void {
    this.#lines.push(`${this.#name}${suffix}${labels} ${value}`);
  }

  /** The family's one sample. */
  single(name: MetricName, value: number): void {
    this.family(name);
    this.sample(value);
  }

  summary(samples: NewestSamples, labels: Labels = {}): void {
    const values = samples.quantiles(SHARES);
    QUANTILES.forEach(([quantile], i) => this.sample(values[i]!, labelText({ ...labels, quantile })));
    this.sample(samples.total, labelText(labels), "_sum");
    this.sample(samples.count, labelText(labels), "_count");
  }

  text(): string {
    return `${this.#lines.join("\n")}\n`;
  }
}
