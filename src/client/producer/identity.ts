// Who an idempotent producer is to the brokers: a producer id and an epoch. A newer epoch of the same id fences the older (KIP-98, KIP-360).

export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** Epochs are int16, and the last one is the broker's own for fencing. */
const LAST_EPOCH = 32766;
const SEQUENCE_LIMIT = 2 ** 31;

/** The same producer at its next epoch, where sequences begin at 0 again; undefined when the epochs are used up: ask for a new id. */
export function nextEpoch(identity: ProducerIdentity): ProducerIdentity | undefined {
  return identity.producerEpoch >= LAST_EPOCH ? undefined : { producerId: identity.producerId, producerEpoch: identity.producerEpoch + 1 };
}

/** Sequences run from 0 to 2^31 − 1 and begin again at 0. */
export function advanceSequence(sequence: number, records: number): number {
  return (sequence + records) % SEQUENCE_LIMIT;
}
