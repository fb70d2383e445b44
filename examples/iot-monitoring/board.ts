// What the console line and the final report are made of: only what any consumer could read from the topics with read_committed.
import type { Board, Report } from "../running/example.ts";
import { Latency } from "../running/latency.ts";
import { followTopics, readTopics } from "../running/read-topics.ts";
import type { AlertKind, Rollup, SensorAlert } from "./topics.ts";

const COLD_HOUR = 60;

class AlertCounts {
  readonly counts: Record<AlertKind, number> = { "too-hot": 0, "too-cold": 0, "well-again": 0, silent: 0, back: 0, stuck: 0, anomaly: 0 };
  /** From produce to alert. */
  readonly latency = new Latency();

  add(value: string): SensorAlert {
    const alert = JSON.parse(value) as SensorAlert;
    this.counts[alert.kind]++;
    this.latency.add(alert.sentAt);
    return alert;
  }
}

export class SensorBoard implements Board {
  readonly #brokers: string;
  readonly #alerts = new AlertCounts();

  constructor(brokers: string) {
    this.#brokers = brokers;
  }

  follow(signal: AbortSignal): Promise<void> {
    return followTopics(this.#brokers, ["sensor-alerts"], signal, ({ value }) => void this.#alerts.add(value));
  }

  figures(): Record<string, string> {
    const { counts, latency } = this.#alerts;
    const shown = Object.entries(counts).map(([kind, n]) => [kind, String(n)]);
    return { ...Object.fromEntries(shown), p50: latency.text(0.5), p99: latency.text(0.99) };
  }

  json(): Record<string, unknown> {
    const { counts, latency } = this.#alerts;
    return { alerts: counts, p50Ms: latency.percentile(0.5), p99Ms: latency.percentile(0.99) };
  }
}

export interface SensorResult {
  readonly events: number;
  readonly alerts: Record<AlertKind, number>;
  /** Those that a person should look at, in time order: "2013-12-10T06:25:00Z too-cold". */
  readonly raised: readonly string[];
  readonly late: number;
  /** Hourly windows, those whose mean is below 60 °C, and the readings in all of them. */
  readonly hours: { readonly windows: number; readonly meanBelow60: number; readonly readings: number };
}

const QUIET: ReadonlySet<AlertKind> = new Set(["well-again", "back"]);

export async function sensorReport(brokers: string): Promise<Report & { readonly result: SensorResult }> {
  const board = new AlertCounts();
  const raised: SensorAlert[] = [];
  const hours = { windows: 0, meanBelow60: 0, readings: 0 };
  let events = 0;
  let late = 0;
  await readTopics(brokers, ["readings"], () => events++);
  await readTopics(brokers, ["late-readings"], () => late++);
  await readTopics(brokers, ["sensor-alerts"], ({ value }) => {
    const alert = board.add(value);
    if (!QUIET.has(alert.kind)) raised.push(alert);
  });
  await readTopics(brokers, ["readings-per-hour"], ({ value }) => {
    const { readings, total } = JSON.parse(value) as Rollup;
    hours.windows++;
    hours.readings += readings;
    if (total / readings < COLD_HOUR) hours.meanBelow60++;
  });
  const list = raised.toSorted((a, b) => a.at - b.at).map(({ at, kind }) => `${new Date(at).toISOString().replace(".000", "")} ${kind}`);
  const result = { events, alerts: board.counts, raised: list, late, hours };
  const counts = Object.entries(board.counts).map(([kind, n]) => `${kind}: ${n}`);
  const lines = [
    ...counts,
    `late readings: ${late}`,
    `hourly windows: ${hours.windows}, ${hours.meanBelow60} of them below ${COLD_HOUR} °C on average`,
  ];
  return { result, lines };
}
