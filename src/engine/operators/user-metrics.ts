// Metrics that user functions make: counters, gauges, and histograms with buckets that grow by 5 %, so that those of all subtasks can be
// added up and a quantile is right within 5 %. Recording allocates nothing.
import type { Counter, Histogram, Metrics } from "../../stream/function-context.ts";

export type UserMetric =
  | { readonly kind: "counter"; readonly name: string; readonly value: number }
  | { readonly kind: "gauge"; readonly name: string; readonly value: number }
  | { readonly kind: "histogram"; readonly name: string; readonly value: HistogramValue };

export interface HistogramValue {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** Metrics of one operator in one subtask; more would be a name made of data. */
const MAX_METRICS = 200;
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;
const GROWTH = Math.log(1.05);
/** Buckets reach from 1e-9 to about 1e18; what is outside counts in the first or last. */
const BUCKETS = 1280;
const FIRST = Math.log(1e-9);

export class UserMetrics implements Metrics {
  readonly #all = new Map<string, CounterMetric | GaugeMetric | HistogramMetric>();

  counter(name: string): Counter {
    return this.#get(name, CounterMetric);
  }

  gauge(name: string, read: () => number): undefined {
    this.#get(name, GaugeMetric).read = read;
  }

  histogram(name: string): Histogram {
    return this.#get(name, HistogramMetric);
  }

  all(): ReadonlyMap<string, CounterMetric | GaugeMetric | HistogramMetric> {
    return this.#all;
  }

  #get<M extends CounterMetric | GaugeMetric | HistogramMetric>(name: string, kind: new () => M): M {
    const known = this.#all.get(name);
    if (known instanceof kind) return known;
    if (known !== undefined) throw new TypeError(`The metric "${name}" is a ${known.kind} already.`);
    if (typeof name !== "string" || !NAME.test(name))
      throw new TypeError(`A metric's name has letters, digits and "_" (at most 100), not ${JSON.stringify(name)}.`);
    if (this.#all.size >= MAX_METRICS)
      throw new RangeError(`The metric "${name}" is one too many: an operator has at most ${MAX_METRICS}. Names must not come from data.`);
    const made = new kind();
    this.#all.set(name, made);
    return made;
  }
}

class CounterMetric implements Counter {
  readonly kind = "counter";
  count = 0;

  inc(by = 1): undefined {
    this.count += by;
  }
}

class GaugeMetric {
  readonly kind = "gauge";
  read: () => number = () => NaN;
}

class HistogramMetric implements Histogram {
  readonly kind = "histogram";
  readonly buckets = new Float64Array(BUCKETS);
  /** Of what is 0 or less. */
  low = 0;
  count = 0;
  sum = 0;
  min = Infinity;
  max = -Infinity;

  update(value: number): undefined {
    if (value !== value) return;
    this.count++;
    this.sum += value;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    if (value <= 0) this.low++;
    else this.buckets[Math.min(BUCKETS - 1, Math.max(0, Math.floor((Math.log(value) - FIRST) / GROWTH)))]!++;
  }
}

/** The metrics of one operator over its subtasks: counters and histograms added up, gauges summed. Gauges that throw or have no value are left out. */
export function mergeMetrics(subtasks: readonly UserMetrics[]): readonly UserMetric[] {
  const names = new Set(subtasks.flatMap((metrics) => [...metrics.all().keys()]));
  return [...names].flatMap((name): UserMetric[] => {
    const all = subtasks.flatMap((metrics) => metrics.all().get(name) ?? []);
    const counters = all.filter((one) => one instanceof CounterMetric);
    if (counters.length > 0) return [{ kind: "counter", name, value: counters.reduce((sum, { count }) => sum + count, 0) }];
    const histograms = all.filter((one) => one instanceof HistogramMetric);
    if (histograms.length > 0) return [{ kind: "histogram", name, value: merged(histograms) }];
    const values = all.filter((one) => one instanceof GaugeMetric).map(readGauge);
    const known = values.filter((value) => Number.isFinite(value));
    return known.length === 0 ? [] : [{ kind: "gauge", name, value: known.reduce((sum, value) => sum + value, 0) }];
  });
}

function readGauge({ read }: GaugeMetric): number {
  try {
    return Number(read());
  } catch {
    return NaN;
  }
}

function merged(all: readonly HistogramMetric[]): HistogramValue {
  const total = new HistogramMetric();
  for (const one of all) {
    total.count += one.count;
    total.sum += one.sum;
    total.low += one.low;
    total.min = Math.min(total.min, one.min);
    total.max = Math.max(total.max, one.max);
    for (let at = 0; at < BUCKETS; at++) total.buckets[at]! += one.buckets[at]!;
  }
  const { count, sum } = total;
  if (count === 0) return { count, sum, min: 0, max: 0, p50: 0, p95: 0, p99: 0 };
  return { count, sum, min: total.min, max: total.max, p50: quantile(total, 0.5), p95: quantile(total, 0.95), p99: quantile(total, 0.99) };
}

function quantile({ buckets, count, low, min, max }: HistogramMetric, share: number): number {
  let below = low;
  const wanted = share * count;
  if (below >= wanted && low > 0) return Math.min(0, max);
  for (let at = 0; at < BUCKETS; at++) {
    below += buckets[at]!;
    if (below >= wanted) return Math.min(max, Math.max(min, Math.exp(FIRST + (at + 0.5) * GROWTH)));
  }
  return max;
}
