// Replays one sensor's file: CSV, plain or gzip, with the columns timestamp (UTC) and value (°C). The sensor is named after the file.
import { basename } from "node:path";
import { CsvFeed } from "../running/csv-feed.ts";
import type { FeedRecord } from "../running/feed.ts";

const COLUMNS = ["timestamp", "value"] as const;

export class FileFeed extends CsvFeed<(typeof COLUMNS)[number]> {
  readonly #sensorId: string;

  constructor(path: string) {
    super(path, COLUMNS);
    this.#sensorId = basename(path).replace(/\.csv(\.gz)?$/, "");
  }

  protected override row([timestamp, value]: [string, string], into: FeedRecord[]): void {
    const at = this.rows.time(timestamp);
    const celsius = Number(value);
    if (value === "" || !Number.isFinite(celsius)) throw new Error(`${this.rows.path}:${this.rows.line}: "${value}" is not a number.`);
    this.time = at;
    into.push({ topic: "readings", key: this.#sensorId, value: JSON.stringify({ sensorId: this.#sensorId, celsius, at }) });
  }
}
