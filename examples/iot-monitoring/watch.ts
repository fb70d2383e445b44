// Watches each sensor in event time: hysteresis for too hot and too cold, silence and stuck values by timers, and a score that adapts to
// what is usual for the sensor. Alerts are rising edges: one when a condition begins, not one per reading.
// A reading is judged when the watermark has passed it; readings of one sensor and time in the order of their arrival.
import { mapState, processFunction, t, valueState, type Infer } from "millrace";
import { type AlertKind, Reading, RULES, SensorAlert } from "./topics.ts";

const Watched = t.record("Watched", {
  lastAt: t.timestamp(),
  readings: t.int(),
  condition: t.literal("well", "too-hot", "too-cold"),
  value: t.double(),
  sameSince: t.timestamp(),
  sameReadings: t.int(),
  stuck: t.boolean(),
  silent: t.boolean(),
  anomalous: t.boolean(),
  /** Exponentially weighted: the recent level, the usual level, and the usual absolute deviation as a standard deviation. */
  recent: t.double(),
  usual: t.double(),
  deviation: t.double(),
});
type Watched = Infer<typeof Watched>;

const FIRST_DEVIATION = 5;
const LEAST_DEVIATION = 1;
/** An outlier moves what is usual no further than this many deviations would. */
const CLAMP = 3;
/** Mean absolute deviation of a normal distribution to its standard deviation. */
const NORMAL = Math.sqrt(Math.PI / 2);

type Raise = (kind: AlertKind, at: number, sentAt?: number) => undefined;

export const watch = processFunction(Reading, {
  output: SensorAlert,
  side: { late: Reading, critical: Reading },
  state: { waiting: mapState(t.timestamp(), t.array(Reading)), sensor: valueState(Watched) },
  onElement(reading, { state, timers, watermark, side }) {
    if (reading.at <= watermark) return side.late(reading);
    state.waiting.set(reading.at, [...(state.waiting.get(reading.at) ?? []), reading]);
    timers.setEventTime(reading.at);
  },
  onTimer(now, { key, state, timers, emit, side }) {
    let sensor = state.sensor.get() as Watched | undefined;
    const due = state.waiting.get(now);
    for (const reading of due ?? []) {
      const first = sensor === undefined;
      const s: Watched = sensor === undefined ? firstOf(reading) : { ...sensor };
      const raise: Raise = (kind, at, sentAt) =>
        emit({ sensorId: String(key), kind, at, celsius: reading.celsius, score: scoreOf(s), ...(sentAt === undefined ? {} : { sentAt }) });
      if (!first) judge(s, reading, raise);
      if (s.condition !== "well" || s.anomalous) side.critical(reading);
      sensor = s;
    }
    if (due !== undefined) {
      state.waiting.delete(now);
      timers.setEventTime(now + RULES.silenceMs);
      timers.setEventTime(now + RULES.stuckMs);
    }
    if (sensor === undefined) return;
    const s = sensor;
    const raise = (kind: AlertKind): undefined => emit({ sensorId: String(key), kind, at: now, celsius: s.value, score: scoreOf(s) });
    if (!s.silent && now - s.lastAt >= RULES.silenceMs) {
      sensor = { ...sensor, silent: true };
      raise("silent");
    }
    if (!sensor.stuck && sensor.sameReadings >= RULES.stuckReadings && sensor.lastAt - sensor.sameSince >= RULES.stuckMs) {
      sensor = { ...sensor, stuck: true };
      raise("stuck");
    }
    state.sensor.set(sensor);
  },
});

const firstOf = ({ at, celsius }: Reading): Watched => ({
  lastAt: at,
  readings: 1,
  condition: "well",
  value: celsius,
  sameSince: at,
  sameReadings: 1,
  stuck: false,
  silent: false,
  anomalous: false,
  recent: celsius,
  usual: celsius,
  deviation: FIRST_DEVIATION,
});

const scoreOf = ({ recent, usual, deviation }: Watched): number => (recent - usual) / deviation;

/** Moves the sensor on by one reading, and raises what begins or ends with it. */
function judge(s: Watched, { at, celsius, sentAt }: Reading, raise: Raise): void {
  const elapsedMs = at - s.lastAt;
  s.readings++;
  s.lastAt = at;
  if (celsius === s.value) s.sameReadings++;
  else {
    s.sameSince = at;
    s.sameReadings = 1;
    s.stuck = false;
  }
  s.value = celsius;
  adapt(s, celsius, elapsedMs);
  if (s.silent) {
    s.silent = false;
    raise("back", at, sentAt);
  }
  const condition = conditionOf(s.condition, celsius);
  if (condition !== s.condition) {
    s.condition = condition;
    raise(condition === "well" ? "well-again" : condition, at, sentAt);
  }
  const score = Math.abs(scoreOf(s));
  const { anomaly } = RULES;
  if (s.anomalous) s.anomalous = score >= anomaly.until;
  else if (s.readings > anomaly.readingsBefore && score > anomaly.score) {
    s.anomalous = true;
    raise("anomaly", at, sentAt);
  }
}

function adapt(s: Watched, celsius: number, elapsedMs: number): void {
  const { recentMs, usualMs } = RULES.anomaly;
  const recentShare = 1 - 0.5 ** (elapsedMs / recentMs);
  const usualShare = 1 - 0.5 ** (elapsedMs / usualMs);
  const limit = CLAMP * s.deviation;
  const distance = Math.max(-limit, Math.min(limit, celsius - s.usual));
  s.recent += recentShare * (celsius - s.recent);
  s.usual += usualShare * distance;
  s.deviation = Math.max(LEAST_DEVIATION, s.deviation + usualShare * (Math.abs(distance) * NORMAL - s.deviation));
}

function conditionOf(now: Watched["condition"], celsius: number): Watched["condition"] {
  const { hot, cold } = RULES;
  if (celsius > hot.above) return "too-hot";
  if (celsius < cold.below) return "too-cold";
  if (now === "too-hot" && celsius >= hot.until) return "too-hot";
  if (now === "too-cold" && celsius <= cold.until) return "too-cold";
  return "well";
}
