// The records of the example, the topics that they travel in, and the rules' numbers. Times are epoch milliseconds, temperatures °C.
import { t, type Infer } from "millrace";
import { topic } from "millrace/connectors/kafka";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const RULES = {
  /** A sensor becomes too hot above the first number and is well again below the second; too cold likewise. */
  hot: { above: 105, until: 100 },
  cold: { below: 55, until: 70 },
  /** No reading for so long: silent. */
  silenceMs: 30 * MINUTE,
  /** The same value to the last digit for so long, in at least so many readings: stuck. */
  stuckMs: 2 * HOUR,
  stuckReadings: 8,
  /** The sensor's recent level (half-life) against its usual one, in usual deviations. */
  anomaly: { score: 2.5, until: 1.25, recentMs: 2 * HOUR, usualMs: 120 * HOUR, readingsBefore: 288 },
} as const;

export const Reading = t.record("Reading", {
  sensorId: t.string(),
  celsius: t.double(),
  at: t.timestamp(),
  /** Wall clock of the producer; absent in a replayed file. */
  sentAt: t.optional(t.timestamp()),
});
export type Reading = Infer<typeof Reading>;

export const AlertKind = t.literal("too-hot", "too-cold", "well-again", "silent", "back", "stuck", "anomaly");
export type AlertKind = Infer<typeof AlertKind>;

export const SensorAlert = t.record("SensorAlert", {
  sensorId: t.string(),
  kind: AlertKind,
  at: t.timestamp(),
  celsius: t.double(),
  /** How far the recent level lies from the usual one, in usual deviations. */
  score: t.double(),
  sentAt: t.optional(t.timestamp()),
});
export type SensorAlert = Infer<typeof SensorAlert>;

export const Rollup = t.record("Rollup", {
  sensorId: t.string(),
  from: t.timestamp(),
  until: t.timestamp(),
  readings: t.int(),
  total: t.double(),
  low: t.double(),
  high: t.double(),
});
export type Rollup = Infer<typeof Rollup>;

export const readings = topic("readings", Reading, { key: "sensorId" });
export const sensorAlerts = topic("sensor-alerts", SensorAlert, { key: "sensorId" });
export const minutes = topic("readings-per-minute", Rollup, { key: "sensorId" });
export const hours = topic("readings-per-hour", Rollup, { key: "sensorId" });
/** Readings that came after the watermark of the alerts had passed them: they raise no alert, and are in the rollups all the same. */
export const lateReadings = topic("late-readings", Reading, { key: "sensorId" });

export const TOPICS = {
  readings: 4,
  "sensor-alerts": 4,
  "readings-per-minute": 4,
  "readings-per-hour": 4,
  "late-readings": 1,
  "malformed-records": 1,
} as const;
