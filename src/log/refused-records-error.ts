// Some records of a batch are not allowed: the whole batch is refused, and which records were at fault is told (KIP-467).
import { KafkaError } from "../protocol/errors.ts";
import type { TopicSettings } from "./topic-config.ts";

export class RefusedRecordsError extends KafkaError {
  /** Of the records at fault: how many records of their batch are before each. */
  readonly positions: readonly number[];
  /** What each of them has, in a sentence. */
  readonly reason: string;

  constructor(code: "INVALID_RECORD" | "INVALID_TIMESTAMP", message: string, positions: readonly number[], reason: string) {
    super(code, message);
    this.positions = positions;
    this.reason = reason;
  }
}

export function keylessRecords(partition: string, positions: readonly number[]): RefusedRecordsError {
  const which = positions.length === 1 ? "A record has" : `${positions.length} records have`;
  const message = `${which} no key, for ${partition}: a compacted topic takes only records with one.`;
  return new RefusedRecordsError("INVALID_RECORD", message, positions, "The record has no key, and its topic is compacted.");
}

export function untimelyRecords(
  partition: string,
  positions: readonly number[],
  settings: TopicSettings,
  now: number,
): RefusedRecordsError {
  const which = positions.length === 1 ? "A record" : `${positions.length} records`;
  const { timestampBeforeMaxMs, timestampAfterMaxMs } = settings;
  const before = timestampBeforeMaxMs < Number.MAX_SAFE_INTEGER ? `message.timestamp.before.max.ms=${timestampBeforeMaxMs}, ` : "";
  const limits = `${before}message.timestamp.after.max.ms=${timestampAfterMaxMs} of ${now}`;
  const message = `${which} for ${partition} ${positions.length === 1 ? "has a timestamp" : "have timestamps"} out of range: ${limits}.`;
  return new RefusedRecordsError("INVALID_TIMESTAMP", message, positions, `The record's timestamp is out of range: ${limits}.`);
}
