// Records without a key were sent to a compacted topic: the whole batch is refused, and which records were at fault is told (KIP-467).
import { KafkaError } from "../../protocol/errors.ts";

export class KeylessRecordsError extends KafkaError {
  /** Of the records without a key: how many records of their batch are before each. */
  readonly positions: readonly number[];

  constructor(partition: string, positions: readonly number[]) {
    const which = positions.length === 1 ? "A record has" : `${positions.length} records have`;
    super("INVALID_RECORD", `${which} no key, for ${partition}: a compacted topic takes only records with one.`);
    this.positions = positions;
  }
}
