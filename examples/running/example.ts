// What an example says of itself; run-example.ts does the rest.

export interface Board {
  /** Follows the topics from the beginning until the signal. */
  follow(signal: AbortSignal): Promise<void>;
  /** What the terminal and the console show. */
  figures(): Record<string, string>;
  /** The same as data, for --json. */
  json(): Record<string, unknown>;
}

export interface Report {
  /** Counted from the committed topics, never from process memory. */
  readonly result: { readonly events: number } & Readonly<Record<string, unknown>>;
  /** The same for people. */
  readonly lines: readonly string[];
}

export interface Example {
  readonly name: string;
  /** Heading of its panel in the console. */
  readonly title: string;
  /** Live traffic unless asked otherwise: positions per second, seconds of event time per second. */
  readonly live: { readonly rate: number; readonly speed: number; readonly what: string };
  /** What --input takes, for the usage text. */
  readonly input: string;
  /** Topic → partitions: they exist before the first record. */
  readonly topics: Readonly<Record<string, number>>;
  /** Those that are worth a look from outside. */
  readonly shown: readonly string[];
  /** The module of the pipeline. */
  readonly pipeline: URL;
  /** The module that exports `feedOf`. */
  readonly feeds: URL;
  board(brokers: string): Board;
  report(brokers: string): Promise<Report>;
}
