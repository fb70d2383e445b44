// Kafka's feature levels (KIP-584) as this broker serves them. transaction.version 2 (KIP-890) makes clients of the Java family leave
// AddPartitionsToTxn to the broker and expect a new epoch after every transaction. group.version 1 (KIP-848): groups of the consumer protocol are served.

export interface Feature {
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
  /** In force; 0: not. */
  readonly level: number;
}

export const FEATURES: readonly Feature[] = [
  { name: "group.version", minVersion: 0, maxVersion: 1, level: 1 },
  { name: "transaction.version", minVersion: 0, maxVersion: 2, level: 2 },
];
