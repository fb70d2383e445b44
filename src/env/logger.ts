// One line per event. Record contents never go into a log line.

export type LogLevel = "error" | "warn" | "info" | "debug";

export interface Logger {
  /** `event` is a stable kebab-case name; `fields` are its data (no record contents, no secrets). */
  log(level: LogLevel, event: string, fields?: Readonly<Record<string, unknown>>): void;
}
