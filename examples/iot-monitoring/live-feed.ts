// A seeded machine hall: a hundred sensors, each read four times a second at the default rate, that drift, overheat, cool down,
// fall silent and get stuck. A reading is a function of (seed, index) alone; readings are up to 20 seconds out of order; a few are malformed.
import type { Feed, FeedRecord, LiveSource } from "../running/feed.ts";
import { hash, normal, uniform } from "../running/random.ts";
import type { Reading } from "./topics.ts";

const SECOND = 1000;
const HOUR = 3_600 * SECOND;
const START = Date.UTC(2026, 0, 1);
const SENSORS = 100;
const DISORDER_SECONDS = 20;
const MALFORMED_EVERY = 4_999;
/** Each sensor has at most one incident per so many hours; about half of them have one. */
const INCIDENT_HOURS = 6;

const DRAW = { base: 1, swing: 2, noise: 3, jitter: 4, incident: 5, kind: 6, start: 7 } as const;

export type Incident = "none" | "hot" | "cold" | "silent" | "stuck";
const KINDS: readonly Incident[] = ["none", "none", "none", "none", "hot", "cold", "silent", "stuck"];

export class LiveFeed implements Feed {
  readonly name: string;
  readonly #source: Pick<LiveSource, "seed" | "rate" | "speed">;
  #position = 0;

  constructor(source: Pick<LiveSource, "seed" | "rate" | "speed">) {
    this.#source = source;
    this.name = `live seed=${source.seed} rate=${source.rate} speed=${source.speed}`;
  }

  get time(): number {
    return this.#baseTime(this.#position);
  }

  seek(position: number): Promise<void> {
    this.#position = position;
    return Promise.resolve();
  }

  next(into: FeedRecord[]): boolean {
    const index = this.#position++;
    const reading = this.reading(index);
    if (reading !== undefined) into.push({ topic: "readings", key: reading.sensorId, value: JSON.stringify(reading), stamped: true });
    if (index % MALFORMED_EVERY === MALFORMED_EVERY - 1)
      into.push({ topic: "readings", key: "?", value: `{"sensorId":"s-${index % SENSORS}","celsius":"warm` });
    return true;
  }

  #baseTime(index: number): number {
    return START + Math.floor((index * this.#source.speed) / this.#source.rate) * SECOND;
  }

  /** The index's reading; undefined while its sensor is silent. */
  reading(index: number): Reading | undefined {
    const { seed } = this.#source;
    const sensor = index % SENSORS;
    const at = Math.max(START, this.#baseTime(index) - (hash(seed, DRAW.jitter, index) % DISORDER_SECONDS) * SECOND);
    const { kind, since } = this.incident(sensor, at);
    if (kind === "silent") return undefined;
    const level = 75 + 10 * uniform(seed, DRAW.base, sensor);
    const swing = 3 * Math.sin((2 * Math.PI * (at - START)) / (24 * HOUR) + 6 * uniform(seed, DRAW.swing, sensor));
    const drift = kind === "hot" ? Math.min(35, since / 60_000) : kind === "cold" ? -Math.min(40, since / 60_000) : 0;
    const exact = level + swing + drift + normal(seed, DRAW.noise, index);
    const celsius = kind === "stuck" ? level : Math.round(exact * 100) / 100;
    return { sensorId: `s-${sensor}`, celsius, at };
  }

  /** What is wrong with a sensor at a time, and for how long already, ms. */
  incident(sensor: number, at: number): { kind: Incident; since: number } {
    const { seed } = this.#source;
    const span = INCIDENT_HOURS * HOUR;
    const n = Math.floor((at - START) / span);
    const drawn = hash(seed, DRAW.kind, n * SENSORS + sensor) % KINDS.length;
    const from = START + n * span + Math.floor(uniform(seed, DRAW.start, n * SENSORS + sensor) * (span / 3));
    const kind = KINDS[drawn]!;
    const lasts = kind === "stuck" ? 3 * HOUR : kind === "silent" ? HOUR : 90 * 60_000;
    return kind !== "none" && at >= from && at < from + lasts ? { kind, since: at - from } : { kind: "none", since: 0 };
  }
}
